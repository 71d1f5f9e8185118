"""Tells a group, once, what the bot can do there; notes the groups that it is removed from."""

from bot.chat.people import speaker_of
from bot.platform.incoming import MembershipChanged
from bot.platform.models import NO_MESSAGE, MessageRef
from bot.platform.ports import ChatPlatform
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import Store


class Membership:
    """Handles `MembershipChanged`."""

    def __init__(self, platform: ChatPlatform, store: Store, registry: WorkerRegistry) -> None:
        self._platform = platform
        self._store = store
        self._registry = registry

    async def changed(self, change: MembershipChanged) -> None:
        """Greet a group that the bot comes to for the first time; note one that it leaves.

        Raises:
            TargetGone: the bot can't write there. It greets when it is added again.
        """
        topic = change.topic
        if not change.is_member:
            await self._store.home_left(topic.home_id)
            return
        if not await self._store.home_joined(topic.home_id):
            return
        sentences = (await speaker_of(change.author, self._store)).sentences
        text = sentences.start_in_group()
        if self._registry.is_demo:
            text += "\n\n" + sentences.demo_note()
        await self._platform.send_text(MessageRef(topic.chat_id, NO_MESSAGE, topic.thread_id), text)
        await self._store.home_greeted(topic.home_id)

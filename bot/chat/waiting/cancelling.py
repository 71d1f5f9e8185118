"""`/cancel`: takes back the pictures of a person that wait, and forgets what we asked them."""

import asyncio
import contextlib

from bot.chat.people import Speaker
from bot.chat.photo_jobs import PhotoJobs
from bot.platform.incoming import IncomingMessage
from bot.platform.models import MessageRef
from bot.platform.ports import ChatPlatform, TargetGone
from bot.runtime.keyed_lock import KeyedLock
from bot.storage import Store


class Cancelling:
    """The command `/cancel`, about one person in one chat.

    Args:
        chat_locks: shared with `ResultDispatcher`: a picture is answered or taken back, never both.
    """

    def __init__(
        self, platform: ChatPlatform, store: Store, jobs: PhotoJobs, chat_locks: KeyedLock
    ) -> None:
        self._platform = platform
        self._store = store
        self._jobs = jobs
        self._chat_locks = chat_locks
        self.commands = {"cancel": self.cancel}

    async def cancel(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        """Take back what waits. If a worker has it already, its answer is dropped."""
        chat_id, user_id, sentences = message.ref.chat_id, who.user_id, who.sentences
        by = message.ref.message_id
        async with self._chat_locks.turn(chat_id):
            count = await self._store.settling_albums(chat_id, user_id)
            # First: what people read here must be so, even if we are killed now.
            await self._store.take_back(chat_id, user_id, by)
            taken_back = await self._store.taken_back(chat_id, user_id, by)
            if count := count + len(taken_back):
                text = sentences.taken_back(count)
            elif await self._store.open_question(chat_id, user_id):
                text = sentences.cancelled()
            else:
                text = sentences.nothing_to_cancel()
            for question in taken_back:
                await self._change_notice(question.ref, sentences.taken_back(1))
            await self._platform.send_text(message.ref, text)
        await asyncio.gather(*(self._jobs.withdraw(question.id) for question in taken_back))
        # Last: if the answer can't be sent, this runs again and must still find the question open.
        await self._store.close_questions(chat_id, user_id)

    async def _change_notice(self, ref: MessageRef, text: str) -> None:
        """Edit the sentence that told a person to wait, if there is one."""
        earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        if earlier and not earlier.is_chart:
            with contextlib.suppress(TargetGone):
                await self._platform.edit_to_text(ref, earlier.answer_id, text)

"""Sets that are shared by a link: whoever opens it sees the set before keeping it."""

from bot.chat.label_sets.names import MAX_NAME, key_of
from bot.chat.label_sets.texts import set_texts
from bot.chat.label_sets.views import preview
from bot.chat.people import Speaker
from bot.platform.incoming import IncomingMessage
from bot.platform.ports import ChatPlatform
from bot.storage import SHARED_DAYS, NamedLabels, Store

MAX_SETS = 20
# The parameter of a link, and what it begins with; at most 64 characters (Bot API, deep linking).
START = "set"
_FIRST_OF_SAME_NAME = 2


class SetSharing:
    """Makes links to sets, and keeps what a link leads to."""

    def __init__(self, platform: ChatPlatform, store: Store) -> None:
        self._platform = platform
        self._store = store

    async def link(self, who: Speaker, one: NamedLabels) -> str:
        """Return the sentence with the link to a set."""
        parameter = f"{START}_{await self._store.share_label_set(who.user_id, one)}"
        texts = set_texts(who.sentences.language)
        if link := self._platform.start_link(parameter):
            return texts.shared(one.name, link, SHARED_DAYS)
        return texts.shared_by_command(one.name, f"/start {parameter}", SHARED_DAYS)

    async def open(self, message: IncomingMessage, who: Speaker, parameter: str) -> None:
        """`/start set_<token>`: show the set, and ask whether to keep it."""
        token = parameter.removeprefix(f"{START}_")
        shared = await self._store.shared_set(token)
        if shared is None:
            sentence = set_texts(who.sentences.language).link_ended()
            await self._platform.send_board(message.ref, sentence)
            return
        shown = preview(who, shared, token)
        await self._platform.send_board(message.ref, shown.text, shown.buttons)

    async def keep(self, who: Speaker, token: str) -> str:
        """Keep what a link leads to, under its name or one like it; return what to say."""
        texts = set_texts(who.sentences.language)
        shared = await self._store.shared_set(token)
        if shared is None:
            return texts.link_ended()
        own = {key_of(one.name): one for one in await self._store.label_sets(who.user_id)}
        if same := next((one for one in own.values() if one.labels == shared.labels), None):
            return texts.kept_already(same.name)
        name, number = shared.name, _FIRST_OF_SAME_NAME
        while (key := key_of(name)) is None or key in own:
            name = f"{shared.name[: MAX_NAME - 4]}-{number}"
            number += 1
        if not await self._store.save_label_set(
            who.user_id, key, name, shared.labels, limit=MAX_SETS
        ):
            return texts.too_many_sets(MAX_SETS)
        return texts.saved(name, shared.labels)

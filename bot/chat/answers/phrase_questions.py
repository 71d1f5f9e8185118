"""Questions for phrases that we ask when a button is pressed."""

from bot.chat.people import Speaker
from bot.platform.models import Media, MessageRef
from bot.platform.ports import ChatPlatform
from bot.storage import Store, retry_until_stored


class PhraseQuestions:
    """Asks once about the same pictures, as long as the question is open."""

    def __init__(self, platform: ChatPlatform, store: Store) -> None:
        self._platform = platform
        self._store = store

    async def ask(
        self,
        ref: MessageRef,
        user_id: int,
        media: tuple[Media, ...],
        question: str,
        who: Speaker,
    ) -> bool:
        """Ask for phrases; return False if this is asked already.

        Args:
            ref: the message that the question replies to, by the person who is asked.
            user_id: that person.
        """
        asked = await self._store.open_question(ref.chat_id, user_id)
        if asked and _ids(asked[1]) == _ids(media):
            return False
        question_id = await self._platform.ask_for_reply(
            ref, question, who.sentences.phrases_placeholder()
        )
        await retry_until_stored(
            lambda: self._store.record_question(ref.chat_id, question_id, user_id, media)
        )
        return True


def _ids(media: tuple[Media, ...]) -> list[str]:
    return [one.unique_id for one in media]

"""Inline mode: labels that are chosen in any chat, for the person's next photo there.

@clipbot dog, cat ─▶ choices ─▶ the person says one in the chat ─▶ if the bot is in that chat,
it reads the labels in that message, and keeps them for one photo
"""

from collections.abc import Sequence

from bot.chat.label_sets.finder import LabelFinder
from bot.chat.label_sets.names import key_of
from bot.chat.label_sets.ready_made import ready_made
from bot.chat.label_sets.texts import labels_said, set_texts
from bot.chat.people import Speaker, speaker_of
from bot.i18n.lengths import shown, units
from bot.platform.incoming import IncomingMessage, InlineQuery
from bot.platform.ports import ChatPlatform, InlineResult
from bot.storage import NEXT_SECONDS, Store
from inference.protocol.errors import LabelsRefused
from inference.protocol.labels import MAX_LABEL_LENGTH, clean, folded

# The parameter of the link in what a person says; `/start` with it greets.
_START = "inline"
_TYPED = "typed"
# Bot API, answerInlineQuery: "No more than 50 results per query are allowed."
_MAX_RESULTS = 50
_MINUTES = round(NEXT_SECONDS / 60)


class InlineLabels:
    """Offers labels, and notes those that were chosen."""

    def __init__(
        self, platform: ChatPlatform, store: Store, finder: LabelFinder, *, max_labels: int
    ) -> None:
        self._platform = platform
        self._store = store
        self._finder = finder
        self._max_labels = max_labels

    async def query(self, query: InlineQuery) -> None:
        """Offer what was typed, the person's sets and the ready-made ones."""
        who = await speaker_of(query.author, self._store)
        texts = set_texts(who.sentences.language)
        choices: list[tuple[str, str, Sequence[str]]] = []
        try:
            labels = (await self._finder.read(query.text, who)).labels
        except LabelsRefused:
            pass
        else:
            choices.append((_TYPED, texts.sort_next(), labels))
        own = await self._store.label_sets(who.user_id)
        names = {key_of(one.name) for one in own}
        others = [
            one for one in ready_made(who.sentences.language) if key_of(one.name) not in names
        ]
        begun = key_of(query.text.strip().removeprefix("#")) or ""
        # Those whose name begins with what was typed come first.
        for one in sorted([*own, *others], key=lambda one: not _begins(one.name, begun)):
            labels = one.labels[: self._max_labels]
            choices.append((one.tag, texts.offered_set(one.name), labels))
        link = self._platform.start_link(_START)
        results = [
            InlineResult(
                id_,
                title,
                shown(texts.start_of(labels)),
                texts.for_next_photo(labels, link),
            )
            for id_, title, labels in choices
        ]
        fits = [one for one in results if units(one.text) <= self._platform.text_limit]
        await self._platform.answer_inline(query, fits[:_MAX_RESULTS], texts.inline_hint())

    async def chosen(self, message: IncomingMessage, who: Speaker) -> bool:
        """Keep the labels of a choice that a person said here; False if the message is none."""
        said = labels_said(message.text) if message.is_ours and not message.is_caption else []
        cleaned = [clean(label)[:MAX_LABEL_LENGTH] for label in said]
        labels = list({folded(label): label for label in cleaned if label}.values())
        if not labels:
            return False
        if message.is_edit:
            return True
        labels = labels[: self._max_labels]
        ref, texts = message.ref, set_texts(who.sentences.language)
        await self._store.choose_next_labels(
            ref.chat_id,
            who.user_id,
            labels,
            chosen_id=ref.message_id,
            at=message.sent_at.timestamp(),
        )
        if message.is_private:
            await self._platform.send_board(ref, texts.next_noted(labels, _MINUTES))
        else:  # where bots read only replies to them, the photo must be one
            question = texts.next_noted_in_group(labels, _MINUTES)
            await self._platform.ask_for_reply(ref, question, texts.photo_placeholder())
        return True


def _begins(name: str, begun: str) -> bool:
    return bool(begun) and (key_of(name) or "").startswith(begun)

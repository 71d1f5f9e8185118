"""The buttons under an answer: other phrases for the same pictures, save these, copy as text."""

import contextlib
import logging
from dataclasses import dataclass
from enum import StrEnum

from bot.chat.answers.outcome import AnswerOutcome, unpacked
from bot.chat.answers.phrase_questions import PhraseQuestions
from bot.chat.answers.text_table import text_table
from bot.chat.people import Speaker, as_owner, speaker_of
from bot.i18n import Sentences
from bot.platform.incoming import ButtonPress
from bot.platform.ports import Button, Buttons, ChatPlatform, TargetGone
from bot.storage import JobRecord, Store, is_remembered, retry_until_stored

log = logging.getLogger(__name__)

_PREFIX = "answer"


class _Act(StrEnum):
    """What a button does, as it is sent after the prefix."""

    OTHER_PHRASES = "phrases"
    SAVE = "save"
    COPY = "text"


@dataclass(frozen=True)
class _Pressed:
    press: ButtonPress
    record: JobRecord
    outcome: AnswerOutcome
    who: Speaker


def answer_buttons(sentences: Sentences) -> Buttons:
    """Return the buttons under an answer that has numbers."""
    other = Button(sentences.other_phrases_button(), f"{_PREFIX}:{_Act.OTHER_PHRASES}")
    save = Button(sentences.save_button(), f"{_PREFIX}:{_Act.SAVE}")
    copy = Button(sentences.copy_button(), f"{_PREFIX}:{_Act.COPY}")
    return ((other,), (save, copy))


class AnswerButtons:
    """Does what the buttons under answers say, for the person who asked.

    A press that comes again changes nothing. What a crash interrupts is done again: a question or a
    text that was under way is then sent twice.
    """

    def __init__(self, platform: ChatPlatform, store: Store) -> None:
        self._platform = platform
        self._store = store
        self._questions = PhraseQuestions(platform, store)
        self.presses = {_PREFIX: self.press}

    async def press(self, press: ButtonPress) -> None:
        """Handle a pressed button. It is answered in any case: the app shows that it waits."""
        toast = await self._toast(press)
        with contextlib.suppress(TargetGone):  # too old to be answered
            await self._platform.answer_press(press, toast)

    async def _toast(self, press: ButtonPress) -> str:
        who = await speaker_of(press.author, self._store)
        record = await self._record(press)
        outcome = unpacked(record.outcome) if record else None
        if record is None or outcome is None:
            return who.sentences.too_long_ago()
        asker = await as_owner(record.user_id, who, press, self._store, self._platform)
        if asker is None:
            return who.sentences.for_the_asker()
        pressed = _Pressed(press, record, outcome, asker)
        try:
            match press.data.partition(":")[2]:
                case _Act.OTHER_PHRASES:
                    return await self._ask(pressed)
                case _Act.SAVE:
                    return await self._save(pressed)
                case _Act.COPY:
                    return await self._copy(pressed)
        except TargetGone as error:
            log.info("The button under %s can't be served: %s", record.id, error)
        return ""

    async def _record(self, press: ButtonPress) -> JobRecord | None:
        """Return the question whose answer has the button, while that is remembered."""
        if press.ref is None:
            return None
        record = await self._store.numbers_shown_by(press.ref.chat_id, press.ref.message_id)
        return record if record and is_remembered(record.created_at) else None

    async def _ask(self, pressed: _Pressed) -> str:
        record, sentences = pressed.record, pressed.who.sentences
        question = sentences.which_other_phrases()
        asked = await self._questions.ask(
            record.ref, record.user_id, record.media, question, pressed.who
        )
        return "" if asked else sentences.asked_already()

    async def _save(self, pressed: _Pressed) -> str:
        labels, sentences = pressed.outcome.labels, pressed.who.sentences
        await self._store.set_labels(pressed.record.user_id, labels)
        told = sentences.saved_in_group if pressed.press.is_in_group else sentences.saved
        return told(len(labels))

    async def _copy(self, pressed: _Pressed) -> str:
        record, outcome, sentences = pressed.record, pressed.outcome, pressed.who.sentences
        answer = pressed.press.ref or record.ref
        table = text_table(
            outcome.labels,
            outcome.images,
            sentences,
            sigmoid_scores=outcome.sigmoid_scores,
            limit=self._platform.text_limit,
            media=record.media,
        )
        if record.copy_id:
            # It is there unless somebody deleted it; an edit that changes nothing tells.
            with contextlib.suppress(TargetGone):
                await self._platform.edit_to_text(answer, record.copy_id, table)
                return sentences.copied_already()
        copy_id = await self._platform.send_text(answer, table)
        await retry_until_stored(lambda: self._store.record_copy(record.id, copy_id))
        return ""

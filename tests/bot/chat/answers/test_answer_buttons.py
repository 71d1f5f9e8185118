"""The buttons under an answer: for whoever asked, once, and while the answer is remembered."""

import time
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bot.chat.answers.answer_buttons import AnswerButtons, answer_buttons
from bot.chat.answers.outcome import AnswerOutcome, packed, unpacked
from bot.chat.answers.photo_results import PhotoResults
from bot.i18n import languages, speak
from bot.platform.incoming import Author, ButtonPress, ChatTopic, ReferencedMessage
from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.platform.ports import PicturesNotAllowed, RetryLater, TargetGone
from bot.queues.result_dispatcher import ResultDispatcher
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.storage import MEMORY_HOURS, Store
from inference.protocol.broker.client import Queue
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.labels import MAX_LABEL_LENGTH
from inference.protocol.messages import Fingerprint, ImageOutcome, Reply, Result, encode
from tests.bot.incoming import ALICE, GROUP, PRIVATE
from tests.bot.scripted import CHART, ScriptedDelivery, ScriptedPlatform, a_request

BOB = Author(8, "Bob", language="es")
OTHER, SAVE, COPY = "answer:phrases", "answer:save", "answer:text"
SHOWN = (OTHER, SAVE, COPY)


class AnsweredChat:
    """A chat in which the bot answers with charts, and people press what is under them."""

    def __init__(self, store: Store, queue: Queue, platform: ScriptedPlatform) -> None:
        self.store, self.platform = store, platform
        self._results = ResultDispatcher(
            queue, [PhotoResults(store, platform, Metrics())], KeyedLock()
        )
        self._buttons = AnswerButtons(platform, store)

    async def answers(self, request: ClassifyRequest, **fields: Any) -> None:
        """Ask and answer a question."""
        await self.store.record_job(request)
        await self.tells(request, **fields)

    async def tells(self, request: ClassifyRequest, **fields: Any) -> None:
        """Answer a question that was asked."""
        scores = [0.9] + [0.1 / max(1, len(request.labels) - 1)] * (len(request.labels) - 1)
        outcome = ImageOutcome(probabilities=scores)
        result: dict[str, Any] = {
            "job_id": f"42.{request.id}",
            "reply": Reply("clipbot.results.42", request.id.encode()),
            "labels": list(request.labels),
            "images": [outcome] * len(request.media),
            "chart": CHART,
        }
        await self._results.deal_with(ScriptedDelivery(encode(Result(**result | fields))))

    async def pressed(
        self,
        data: str,
        answer_id: int = 9_000,
        *,
        by: Author = ALICE,
        topic: ChatTopic = PRIVATE,
    ) -> str:
        """Press a button; return what the person is told at once."""
        ref = MessageRef(topic.chat_id, answer_id)
        message = ReferencedMessage(ref, is_ours=True, buttons=SHOWN)
        before = len(self.platform.toasts)
        await self._buttons.press(ButtonPress("1", by, data, topic, ref, message))
        (toast,) = self.platform.toasts[before:]
        return toast

    async def labels(self, user_id: int = 7) -> tuple[str, ...]:
        return (await self.store.person(user_id)).labels

    def ages(self, monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
        later = time.time() + hours * 3_600
        monkeypatch.setattr("time.time", lambda: later)


@pytest.fixture
def answered(store: Store, queue: Queue, platform: ScriptedPlatform) -> AnsweredChat:
    return AnsweredChat(store, queue, platform)


def in_group(request: ClassifyRequest, user_id: int = 7) -> ClassifyRequest:
    return replace(
        request, ref=replace(request.ref, chat_id=GROUP.chat_id), user_id=user_id, private=False
    )


async def test_a_chart_and_its_edit_have_the_buttons(answered: AnsweredChat) -> None:
    await answered.answers(a_request())
    labels = [[button.label for button in row] for row in answered.platform.buttons]
    assert labels == [["Other phrases"], ["Save these", "Copy as text"]]
    assert [button.data for row in answered.platform.buttons for button in row] == list(SHOWN)
    answered.platform.buttons = ()
    await answered.answers(a_request(revision=1, labels=("a house", "a boat")))
    assert answered.platform.kinds == ["chart", "edit 9000 to chart"]
    assert answered.platform.buttons == answer_buttons(speak("en"))


async def test_an_answer_in_words_has_them_too(answered: AnsweredChat) -> None:
    answered.platform.faults["send_chart"] = [PicturesNotAllowed("not enough rights")]
    await answered.answers(a_request())
    assert answered.platform.kinds == ["text"]
    assert answered.platform.buttons == answer_buttons(speak("en"))
    assert "saved" in (await answered.pressed(SAVE)).lower()
    await answered.answers(a_request(2), chart=b"")  # drawing failed
    assert await answered.pressed(COPY, 9_001) == ""


async def test_a_sentence_has_none(answered: AnsweredChat) -> None:
    await answered.answers(a_request(), problem=Problem(ProblemCode.INTERNAL))
    assert answered.platform.kinds == ["text"]
    assert answered.platform.buttons == ()


async def test_an_answer_that_comes_after_days_has_no_buttons_that_do_nothing(
    answered: AnsweredChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answered.store.record_job(a_request())
    answered.ages(monkeypatch, MEMORY_HOURS + 0.1)
    await answered.tells(a_request())
    assert answered.platform.kinds == ["chart"]
    assert answered.platform.buttons == ()


async def test_the_chart_of_a_spoiler_is_a_spoiler(answered: AnsweredChat) -> None:
    hidden = Media("hidden", "hidden", has_spoiler=True)
    await answered.answers(a_request(media=(Media("f", "u"), hidden)))
    assert answered.platform.has_spoiler
    await answered.answers(a_request(revision=1, labels=("a house",)))
    assert not answered.platform.has_spoiler


async def test_other_phrases_are_asked_for_once_about_the_same_pictures(
    answered: AnsweredChat,
) -> None:
    request = a_request(media=(Media("f1", "u1"), Media("f2", "u2")))
    await answered.answers(request)
    assert await answered.pressed(OTHER) == ""
    kind, ref, text = answered.platform.said[-1]
    assert (kind, ref) == ("question", request.ref)
    assert "Which other phrases" in text
    assert await answered.store.open_question(7, 7) == (9_001, request.media)
    assert await answered.store.question(7, 9_001) == request.media
    assert "asked you already" in await answered.pressed(OTHER)
    assert answered.platform.kinds == ["chart", "question"]
    # The chart stays the answer of its message.
    await answered.answers(a_request(revision=1, labels=("a house",)))
    assert answered.platform.kinds[-1] == "edit 9000 to chart"
    await answered.store.close_questions(7, 7)
    assert await answered.pressed(OTHER) == ""
    assert answered.platform.kinds[-1] == "question"


async def test_the_phrases_become_the_persons_own(answered: AnsweredChat) -> None:
    await answered.store.set_labels(7, ("old",))
    await answered.answers(a_request(labels=("a dog", "a cat", "a tree")))
    toast = await answered.pressed(SAVE)
    assert toast == "Saved. Photos without a caption are now sorted by these 3 phrases."
    assert await answered.labels() == ("a dog", "a cat", "a tree")
    assert await answered.pressed(SAVE) == toast
    await answered.answers(a_request(2, labels=("a bird",)))
    assert "compared with this phrase" in await answered.pressed(SAVE, 9_001)
    assert await answered.labels() == ("a bird",)


async def test_the_table_is_sent_once_and_again_if_it_was_deleted(answered: AnsweredChat) -> None:
    await answered.answers(a_request(labels=("a <b>dog</b>", "a cat")))
    assert await answered.pressed(COPY) == ""
    kind, ref, text = answered.platform.said[-1]
    assert (kind, ref.message_id) == ("text", 9_000)
    assert "a &lt;b&gt;dog&lt;/b&gt;" in text
    assert "90.0 %" in text
    assert "in this chat already" in await answered.pressed(COPY)
    assert answered.platform.kinds == ["chart", "text", "edit 9001 to text"]
    answered.platform.faults["edit_to_text"] = [TargetGone("message to edit not found")]
    assert await answered.pressed(COPY) == ""
    assert answered.platform.kinds[-1] == "text"
    # A new answer has new numbers, so it gets a text of its own.
    await answered.answers(a_request(revision=1, labels=("a house", "a boat")))
    assert await answered.pressed(COPY) == ""
    assert "a house" in answered.platform.said[-1][2]


async def test_an_edit_that_is_not_answered_yet_leaves_the_shown_numbers(
    answered: AnsweredChat,
) -> None:
    await answered.answers(a_request())
    await answered.store.record_job(a_request(revision=1, labels=("a house", "a boat")))
    assert "saved" in (await answered.pressed(SAVE)).lower()
    assert await answered.labels() == ("a dog", "a cat")


async def test_others_are_told_whom_the_buttons_are_for(answered: AnsweredChat) -> None:
    await answered.answers(in_group(a_request()))
    for data in SHOWN:
        assert "para quien preguntó" in await answered.pressed(data, by=BOB, topic=GROUP)
    assert answered.platform.kinds == ["chart"]
    assert await answered.labels(8) == ()
    assert "/classify" in await answered.pressed(SAVE, topic=GROUP)
    assert await answered.labels() == ("a dog", "a cat")


async def test_admins_press_for_whoever_asked_in_the_name_of_the_group(
    answered: AnsweredChat,
) -> None:
    await answered.answers(in_group(a_request(), user_id=GROUP.chat_id))
    assert "para quien preguntó" in await answered.pressed(SAVE, by=BOB, topic=GROUP)
    answered.platform.admins.add(BOB.id)
    assert "Guardado" in await answered.pressed(SAVE, by=BOB, topic=GROUP)
    assert await answered.labels(GROUP.chat_id) == ("a dog", "a cat")
    assert await answered.labels(BOB.id) == ()
    assert await answered.pressed(OTHER, by=BOB, topic=GROUP) == ""
    assert await answered.store.open_question(GROUP.chat_id, GROUP.chat_id)


@pytest.mark.parametrize("data", ["answer:everything", "answer:", "answer"])
async def test_an_unknown_act_does_nothing(answered: AnsweredChat, data: str) -> None:
    await answered.answers(a_request())
    assert await answered.pressed(data) == ""
    assert await answered.labels() == ()
    assert answered.platform.kinds == ["chart"]


async def test_what_is_no_longer_remembered_is_too_long_ago(
    answered: AnsweredChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answered.answers(a_request())
    assert "too long ago" in await answered.pressed(SAVE, 9_500)  # not an answer
    answered.ages(monkeypatch, MEMORY_HOURS - 0.1)
    assert "Saved" in await answered.pressed(SAVE)
    answered.ages(monkeypatch, MEMORY_HOURS + 0.1)
    await answered.store.set_labels(7, ())
    for data in SHOWN:
        assert "too long ago" in await answered.pressed(data)
    assert await answered.labels() == ()
    assert answered.platform.kinds == ["chart"]


async def test_a_message_that_the_platform_no_longer_tells_is_too_long_ago(
    store: Store, platform: ScriptedPlatform
) -> None:
    await AnswerButtons(platform, store).press(ButtonPress("1", ALICE, SAVE))
    assert platform.toasts == ["That is too long ago. Please send the picture again."]


async def test_answers_of_an_older_release_are_too_long_ago(answered: AnsweredChat) -> None:
    await answered.store.record_job(a_request())
    await answered.store.record_answer(a_request().ref, 9_000, is_chart=True, job_id="7.1.0")
    assert "too long ago" in await answered.pressed(SAVE)
    assert unpacked(b"\x81\xa6labels\x07") is None
    assert unpacked(b"rubbish") is None


async def test_nothing_is_stored_of_somebody_who_was_forgotten(answered: AnsweredChat) -> None:
    request = a_request()
    await answered.store.record_job(request)
    await answered.store.forget_person(7)
    await answered.tells(request)
    assert answered.platform.kinds == ["chart"]
    assert answered.platform.buttons == ()
    record = await answered.store.job(request.id)
    assert record
    assert record.outcome is None


async def test_a_press_is_answered_even_if_the_chat_is_closed(answered: AnsweredChat) -> None:
    await answered.answers(a_request())
    answered.platform.faults["send_text"] = [TargetGone("bot was kicked")]
    assert await answered.pressed(COPY) == ""
    answered.platform.faults["answer_press"] = [TargetGone("query is too old")]
    buttons = AnswerButtons(answered.platform, answered.store)
    ref = MessageRef(7, 9_000)
    shown = ReferencedMessage(ref, is_ours=True, buttons=SHOWN)
    await buttons.press(ButtonPress("2", ALICE, SAVE, PRIVATE, ref, shown))
    assert await answered.labels() == ("a dog", "a cat")


async def test_a_press_that_must_wait_is_not_answered_before(answered: AnsweredChat) -> None:
    await answered.answers(a_request())
    answered.platform.faults["send_text"] = [RetryLater("away")]
    with pytest.raises(RetryLater):
        await answered.pressed(COPY)
    assert answered.platform.toasts == []
    assert await answered.pressed(COPY) == ""
    assert answered.platform.kinds == ["chart", "text"]


def test_what_is_stored_is_small_and_has_a_limit() -> None:
    def result(labels: list[str], images: int) -> Result:
        outcome = ImageOutcome(
            probabilities=[1 / len(labels)] * len(labels),
            same_as=list(range(len(labels))),
            fingerprint=Fingerprint(bytes(192)),
        )
        return Result(
            job_id="1", reply=Reply("x", b""), labels=labels, images=[outcome] * images, chart=CHART
        )

    assert len(packed(result(["a dog", "a cat"], 1))) < 300
    longest = [f"{number:02}".ljust(MAX_LABEL_LENGTH, "🐈") for number in range(50)]
    assert len(packed(result(longest, 10))) < 40_000
    stored = unpacked(packed(result(["a dog"], 1)))
    assert stored
    assert stored.images[0].fingerprint is None
    assert stored.labels == ("a dog",)


def test_a_later_release_may_add_to_what_is_stored() -> None:
    stored = msgspec.msgpack.decode(
        msgspec.msgpack.encode(AnswerOutcome(("a",), (ImageOutcome([1.0]),)))
    )
    found = unpacked(msgspec.msgpack.encode(stored | {"new": 1}))
    assert found
    assert found.labels == ("a",)


@pytest.mark.parametrize("language", languages())
def test_labels_fit_side_by_side_on_a_phone(language: str) -> None:
    sentences = speak(language)
    for row in answer_buttons(sentences):
        assert sum(len(button.label) for button in row) <= 32
        assert all(len(button.label) <= 16 for button in row)
    toasts = [
        sentences.asked_already(),
        sentences.saved(50),
        sentences.saved_in_group(50),
        sentences.copied_already(),
        sentences.for_the_asker(),
        sentences.too_long_ago(),
    ]
    assert all(len(toast) <= 200 and "<" not in toast for toast in toasts)

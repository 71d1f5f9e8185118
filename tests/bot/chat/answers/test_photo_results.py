"""Results are told once, to the person who asked, in place of an earlier answer."""

from dataclasses import replace

import pytest

from bot.chat.answers.photo_results import PhotoResults
from bot.platform.models import ClassifyRequest
from bot.platform.ports import PicturesNotAllowed, RetryLater, TargetGone
from bot.queues.result_dispatcher import ResultDispatcher
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import DEAD, Queue
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.messages import ImageOutcome, Reply, Result, encode
from tests.bot.scripted import CHART, ScriptedDelivery, ScriptedPlatform, a_request, failing


@pytest.fixture
def dispatcher(
    queue: Queue, store: Store, platform: ScriptedPlatform, metrics: Metrics
) -> ResultDispatcher:
    handler = PhotoResults(store, platform, metrics)
    return ResultDispatcher(queue, [handler], KeyedLock())


def result_of(
    request: ClassifyRequest,
    attempt: int = 1,
    *,
    chart: bytes = CHART,
    problem: Problem | None = None,
    outcome: ImageOutcome | None = None,
    model: str = "",
) -> ScriptedDelivery:
    scores = [0.9] + [0.1 / max(1, len(request.labels) - 1)] * (len(request.labels) - 1)
    result = Result(
        job_id=f"42.{request.id}",
        reply=Reply("clipbot.results.42", request.id.encode()),
        labels=list(request.labels),
        images=[outcome or ImageOutcome(probabilities=scores)],
        chart=chart,
        problem=problem,
        model=model,
    )
    return ScriptedDelivery(encode(result), attempt)


async def test_a_result_is_delivered_and_counted(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform, metrics: Metrics
) -> None:
    request = a_request()
    await store.record_job(request)
    delivery = result_of(request)
    await dispatcher.deal_with(delivery)
    assert platform.said == [("chart", request.ref, "🏆 <b>a dog</b> · 90.0 %\n🥈 a cat · 10.0 %")]
    assert delivery.acknowledged == 1
    assert metrics.registry.get_sample_value("clipbot_answers_total") == 1
    assert metrics.registry.get_sample_value("clipbot_answer_seconds_count") == 1


async def test_where_photos_are_forbidden_the_answer_is_in_words(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request(labels=("a dog", "a cat", "a tree"))
    await store.record_job(request)
    platform.faults["send_chart"] = [
        PicturesNotAllowed("not enough rights to send photos to the chat")
    ]
    delivery = result_of(request)
    await dispatcher.deal_with(delivery)
    words = "🏆 <b>a dog</b> · 90.0 %\n🥈 a cat · 5.0 %\n▫️ a tree · 5.0 %"
    assert platform.said == [("text", request.ref, words)]
    assert delivery.acknowledged == 1
    # Its edit changes the words, and becomes a chart once photos are allowed.
    for revision, kind in ((1, "edit 9000 to text"), (2, "edit 9000 to chart")):
        if revision == 1:
            platform.faults["edit_to_chart"] = [PicturesNotAllowed("CHAT_SEND_PHOTOS_FORBIDDEN")]
        edited = a_request(revision=revision)
        await store.record_job(edited)
        await dispatcher.deal_with(result_of(edited))
        assert platform.kinds[-1] == kind


async def test_a_delivered_result_is_not_delivered_again(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request()
    await store.record_job(request)
    await dispatcher.deal_with(result_of(request))
    again = result_of(request, attempt=2)
    await dispatcher.deal_with(again)
    assert (platform.kinds, again.acknowledged) == (["chart"], 1)


async def test_a_chart_is_sent_once_while_the_database_is_away(
    dispatcher: ResultDispatcher,
    store: Store,
    platform: ScriptedPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.runtime.retry._LONGEST", 0.01)
    await store.record_job(a_request())
    faults = failing(monkeypatch, store, "record_answer", 6)
    delivery = result_of(a_request())
    await dispatcher.deal_with(delivery)
    assert (platform.kinds, delivery.acknowledged, faults) == (["chart"], 1, [])
    latest = await store.job(a_request().id)
    assert latest
    assert latest.delivered


async def test_a_result_waits_for_a_database_that_is_away(
    dispatcher: ResultDispatcher,
    store: Store,
    platform: ScriptedPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await store.record_job(a_request())
    failing(monkeypatch, store, "answer_to", 9)
    for attempt in range(1, 10):
        delivery = result_of(a_request(), attempt)
        await dispatcher.deal_with(delivery)
        assert delivery.naks
    await dispatcher.deal_with(result_of(a_request()))
    assert platform.kinds == ["chart"]


async def test_a_result_waits_for_a_platform_that_is_away(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request()
    await store.record_job(request)
    platform.faults["send_chart"] = [RetryLater("flood", 12.0), RetryLater("away")]
    first, second, third = (result_of(request, attempt) for attempt in (1, 2, 3))
    for delivery in (first, second, third):
        await dispatcher.deal_with(delivery)
    assert (first.naks, second.naks) == ([12.0], [2.0])
    assert (first.acknowledged, third.acknowledged) == (0, 1)
    assert platform.kinds == ["chart"]


async def test_a_result_for_a_chat_that_is_gone_is_done(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request()
    await store.record_job(request)
    platform.faults["send_chart"] = [TargetGone("bot was blocked by the user")]
    delivery = result_of(request)
    await dispatcher.deal_with(delivery)
    assert delivery.acknowledged == 1
    assert await store.jobs_in_flight(request.user_id) == 0


async def test_our_own_fault_is_tried_a_few_times_then_given_up(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform, queue: Queue
) -> None:
    request = a_request()
    await store.record_job(request)
    platform.faults["send_chart"] = [ValueError("a bug")] * 4
    deliveries = [result_of(request, attempt) for attempt in (1, 2, 3, 4)]
    for delivery in deliveries:
        await dispatcher.deal_with(delivery)
    assert [delivery.naks for delivery in deliveries] == [[1.0], [2.0], [4.0], []]
    assert deliveries[-1].acknowledged == 1
    kept = await (await queue.pull_consumer(DEAD, "person", "clipbot.dead.results")).pull(9, 1.0)
    assert len(kept) == 1
    assert "went wrong on my side" in platform.said[-1][2]


async def test_a_newer_question_of_the_same_message_wins(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    old, new = a_request(), a_request(revision=1, labels=("a house", "a boat"))
    for request in (old, new):
        await store.record_job(request)
    for request in (old, new):
        await dispatcher.deal_with(result_of(request))
    ((_, _, words),) = platform.said
    assert "a house" in words


async def test_a_second_answer_edits_the_first(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    for request in (a_request(), a_request(revision=1, labels=("a house",))):
        await store.record_job(request)
        await dispatcher.deal_with(result_of(request))
    assert platform.kinds == ["chart", "edit 9000 to chart"]


async def test_a_deleted_answer_is_sent_again(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    platform.faults["edit_to_chart"] = [TargetGone("message to edit not found")]
    for request in (a_request(), a_request(revision=1, labels=("a house",))):
        await store.record_job(request)
        await dispatcher.deal_with(result_of(request))
    assert platform.kinds == ["chart", "chart"]


async def test_a_bad_picture_is_answered_by_a_sentence(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request()
    await store.record_job(request)
    bad = ImageOutcome(problem=Problem(ProblemCode.IMAGE_TOO_SMALL, 1, 3))
    await dispatcher.deal_with(result_of(request, chart=b"", outcome=bad))
    assert platform.kinds == ["text"]
    assert "each side needs 3 pixels" in platform.said[0][2]


async def test_an_apology_for_our_fault_is_replaced_by_a_later_answer(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request, better = a_request(), a_request(revision=1, labels=("a house",))
    await store.record_job(request)
    await dispatcher.deal_with(result_of(request, problem=Problem(ProblemCode.INTERNAL)))
    assert "something went wrong on my side" in platform.said[0][2]
    await store.record_job(better)
    await dispatcher.deal_with(result_of(better))
    assert platform.kinds == ["text", "edit 9000 to chart"]


async def test_without_a_chart_the_answer_is_in_words(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request()
    await store.record_job(request)
    await dispatcher.deal_with(result_of(request, chart=b""))
    assert platform.kinds == ["text"]
    assert "🏆 <b>a dog</b>" in platform.said[0][2]


async def test_a_result_without_a_stored_question_is_dropped(
    dispatcher: ResultDispatcher, platform: ScriptedPlatform
) -> None:
    delivery = result_of(a_request())
    await dispatcher.deal_with(delivery)
    assert (platform.said, delivery.acknowledged) == ([], 1)


async def test_results_of_another_platform_are_left_to_it(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    await store.record_job(a_request())
    await dispatcher.deal_with(result_of(replace(a_request(), platform="discord")))
    assert platform.said == []
    assert await store.jobs_in_flight(a_request().user_id) == 1


@pytest.mark.parametrize("asked", [b"", b"1.2", b"one.2.3", b"1.2.3.4", b"\xff"])
async def test_a_result_for_another_bot_is_dropped(
    dispatcher: ResultDispatcher, platform: ScriptedPlatform, asked: bytes
) -> None:
    result = Result(job_id="1", reply=Reply("x", asked), labels=[])
    delivery = ScriptedDelivery(encode(result))
    await dispatcher.deal_with(delivery)
    assert (platform.said, delivery.acknowledged) == ([], 1)


@pytest.mark.parametrize("question", ["1.2", f"{2**64}.1.0", f"1.{2**63}.0", "9" * 5_000 + ".1.0"])
async def test_a_result_with_an_impossible_question_id_is_dropped(
    dispatcher: ResultDispatcher, question: str
) -> None:
    result = Result(job_id="x", reply=Reply("clipbot.results.42", question.encode()), labels=["a"])
    delivery = ScriptedDelivery(encode(result))
    await dispatcher.deal_with(delivery)
    assert (delivery.naks, delivery.acknowledged) == ([], 1)


ENGLISH_ONLY = "openai/clip-vit-base-patch32"
TIP = "Tip: this bot's model reads English best."


@pytest.mark.parametrize("chart", [CHART, b""])
async def test_who_writes_spanish_to_an_english_model_is_told_once(
    dispatcher: ResultDispatcher,
    store: Store,
    platform: ScriptedPlatform,
    metrics: Metrics,
    chart: bytes,
) -> None:
    for number in (1, 2):
        request = a_request(number, labels=("el perro", "los gatos"))
        await store.record_job(request)
        await dispatcher.deal_with(result_of(request, chart=chart, model=ENGLISH_ONLY))
    first, second = [text for _, _, text in platform.said]
    assert first.startswith("🏆 <b>el perro</b>")
    assert TIP in first
    assert TIP not in second
    assert await store.hinted_people("english_only") == 1
    assert metrics.registry.get_sample_value("clipbot_spanish_hints_total") == 1


@pytest.mark.parametrize(
    ("model", "labels"),
    [
        ("demo", ("el perro", "los gatos")),
        ("google/siglip2-base-patch16-224", ("el perro", "los gatos")),
        ("/a/folder", ("el perro", "los gatos")),
        (ENGLISH_ONLY, ("a dog", "a cat")),
    ],
)
async def test_no_other_model_and_no_other_language_gets_that_hint(
    dispatcher: ResultDispatcher,
    store: Store,
    platform: ScriptedPlatform,
    model: str,
    labels: tuple[str, ...],
) -> None:
    request = a_request(labels=labels)
    await store.record_job(request)
    await dispatcher.deal_with(result_of(request, model=model))
    assert TIP not in platform.said[0][2]
    assert await store.hinted_people("english_only") == 0


async def test_a_forgotten_person_is_not_stored_again_for_a_hint(
    dispatcher: ResultDispatcher, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request(labels=("el perro", "los gatos"))
    await store.record_job(request)
    await store.forget_person(request.user_id)
    await dispatcher.deal_with(result_of(request, model=ENGLISH_ONLY))
    assert await store.hinted_people("english_only") == 0

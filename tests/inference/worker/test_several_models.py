"""Workers of several models at one queue: each takes the jobs that name its own."""

import asyncio

import pytest
from nats.js.api import DiscardPolicy, RetentionPolicy, StreamConfig

from inference.model.classifier import ScriptedClassifier
from inference.protocol.broker.client import (
    JOBS,
    JOBS_SUBJECT,
    Queue,
    connect,
    jobs_subject,
    results_subject,
)
from inference.protocol.broker.streams import jobs_consumer
from inference.protocol.errors import Problem, ProblemCode, TooLargeForHost
from inference.protocol.messages import Job, Reply, Result, WorkerState, decode_result, encode
from inference.worker import worker as worker_module
from tests.inference.pictures import picture
from tests.inference.worker.support.job_sender import LABELS, Asker
from tests.inference.worker.support.running_worker import Hire
from tests.waiting import until

CLIP, SIGLIP = "openai/clip-vit-base-patch32", "google/siglip2-base"


def named(model: str) -> ScriptedClassifier:
    classifier = ScriptedClassifier()
    classifier.name = model
    return classifier


async def asks(asker: Asker, model: str, *names: str, bot: int = 1) -> list[str]:
    """Asks as a bot does whose CLIP_MODEL is `model`."""
    for name in names:
        job = Job(
            id=name,
            images=[picture("red")],
            labels=list(LABELS),
            reply=Reply(results_subject(bot), b"chat 7"),
            model=model,
        )
        await asker.queue.publish(jobs_subject(model), encode(job), job.id)
    return list(names)


async def test_a_worker_of_another_model_takes_no_job(asker: Asker, hire: Hire) -> None:
    ours, others = ScriptedClassifier(), ScriptedClassifier()
    await hire(lambda: others, clip_model=SIGLIP)
    await asker.sees_worker(lambda worker: worker.state is WorkerState.READY)
    await hire(lambda: ours, clip_model=CLIP)
    jobs = await asks(asker, CLIP, *(f"job {number}" for number in range(12)))
    await asker.hears(*jobs)
    assert (sum(ours.batches), sum(others.batches)) == (12, 0)
    await asker.sees_empty_queue()


async def test_two_models_at_once_answer_their_own(asker: Asker, hire: Hire) -> None:
    for model in (CLIP, SIGLIP):
        await hire(lambda model=model: named(model), clip_model=model)
    await asks(asker, CLIP, "a", "c")
    await asks(asker, SIGLIP, "b", "d")
    results = await asker.hears("a", "b", "c", "d")
    assert {job: result.model for job, result in results.items()} == {
        "a": CLIP,
        "b": SIGLIP,
        "c": CLIP,
        "d": SIGLIP,
    }


async def test_jobs_of_an_older_bot_are_taken_by_any_worker(asker: Asker, hire: Hire) -> None:
    await hire(clip_model=SIGLIP)
    old = await asker.asks(picture("red"))  # names no model, on the subject of 0.1
    (new,) = await asks(asker, SIGLIP, "new")
    assert set(await asker.hears(old, new)) == {old, new}


async def test_a_bot_of_0_1_hears_only_of_problems_that_it_can_read(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(data: bytes, **options: object) -> None:
        raise TooLargeForHost(50.1)

    monkeypatch.setattr("inference.worker.pipeline.decode", no_memory)
    await hire(clip_model=CLIP)
    old = await asker.asks(picture("red"))
    (new,) = await asks(asker, CLIP, "new")
    results = await asker.hears(old, new)
    assert results[old].images[0].problem == Problem(ProblemCode.INTERNAL)
    assert results[new].images[0].problem == Problem(ProblemCode.TOO_LARGE_FOR_HOST, got=50.1)


def test_a_problem_that_only_newer_workers_know_is_read_as_ours() -> None:
    result = Result(job_id="1", reply=Reply("x"), labels=[], problem=Problem(ProblemCode.INTERNAL))
    newer = encode(result).replace(b"\xa8internal", b"\xa8too_grey")
    assert decode_result(newer).problem == Problem(ProblemCode.INTERNAL)


async def test_an_older_bots_stream_is_widened_and_its_limits_stay(
    nats_url: str, hire: Hire
) -> None:
    queue = await connect(nats_url, name="older bot")
    await queue._js.add_stream(
        StreamConfig(
            name=JOBS,
            subjects=[JOBS_SUBJECT],
            retention=RetentionPolicy.WORK_QUEUE,
            discard=DiscardPolicy.NEW,
            max_msgs=7,
        )
    )
    await hire(clip_model=CLIP)

    async def takes_named_jobs() -> bool:
        info = await queue._js.stream_info(JOBS)
        return (info.config.subjects, info.config.max_msgs) == ([JOBS_SUBJECT, "clipbot.jobs.*"], 7)

    await until(takes_named_jobs, True)
    await queue.close()


async def test_a_worker_whose_model_nobody_asks_for_is_told_so(
    asker: Asker, hire: Hire, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "COMPARE_EVERY", 0.05)
    monkeypatch.setattr("inference.protocol.broker.models_asked.ANSWER_TIMEOUT", 0.1)
    await asker.queue.answer_model(CLIP)
    await hire(clip_model=SIGLIP)
    told = f"takes no jobs: its model is {SIGLIP}, but the bot asks for {CLIP}"
    await until(lambda: told in caplog.text, True)
    await hire(clip_model=CLIP)
    await asyncio.sleep(0.3)
    assert caplog.text.count("takes no jobs") == 1


async def test_bots_of_0_1_ask_for_no_model(asker: Asker) -> None:
    assert await asker.queue.models_asked() == set()


async def test_a_status_says_which_jobs_are_taken(asker: Asker, hire: Hire) -> None:
    await hire(clip_model=CLIP)
    status = await asker.sees_worker(lambda worker: worker.model == CLIP)
    assert status.takes == "clipbot.jobs.openai=2Fclip-vit-base-patch32"


class TestABotWhoseModelWasChanged:
    async def test_its_waiting_jobs_go_to_workers_of_the_new_one(
        self, asker: Asker, hire: Hire
    ) -> None:
        await asks(asker, CLIP, "1", "2", "3")
        await asks(asker, CLIP, "another bot's", bot=2)
        await asker.queue.readdress_jobs(SIGLIP, 1)
        await asker.queue.readdress_jobs(SIGLIP, 1)  # once is enough
        assert await asker.queue.jobs_waiting() == 4
        await hire(clip_model=SIGLIP)
        assert set(await asker.hears("1", "2", "3")) == {"1", "2", "3"}
        await until(asker.queue.jobs_waiting, 1)

    async def test_a_job_that_cannot_be_moved_holds_up_no_other(
        self, asker: Asker, hire: Hire
    ) -> None:
        poison = Job(
            id="x" * 70_000,  # more than NATS takes in a message's header
            images=[picture("red")],
            labels=list(LABELS),
            reply=Reply(results_subject(1)),
            model=CLIP,
        )
        await asker.queue.publish(jobs_subject(CLIP), encode(poison), "poison")
        await asks(asker, CLIP, "1")
        await asker.queue.readdress_jobs(SIGLIP, 1)
        await hire(clip_model=SIGLIP)
        assert set(await asker.hears("1")) == {"1"}

    async def test_a_full_queue_is_no_hindrance(self, nats_url: str) -> None:
        queue = await connect(nats_url, name="bot")
        await queue.prepare(2, owner=True)
        asker = await Asker.on(queue)
        await asks(asker, CLIP, "1", "2")
        await queue.readdress_jobs(SIGLIP, 1)
        pull_consumer = await queue.pull_consumer(JOBS, jobs_consumer(SIGLIP), jobs_subject(SIGLIP))
        assert len(await pull_consumer.pull(10, 5.0)) == 2
        assert (await queue._js.stream_info(JOBS)).config.max_msgs == 2
        await queue.close()


@pytest.mark.parametrize(
    ("model", "subject"),
    [
        ("", "clipbot.jobs"),
        ("demo", "clipbot.jobs.demo"),
        ("a/b.c", "clipbot.jobs.a=2Fb=2Ec"),
        ("/models/my clip*>", "clipbot.jobs.=2Fmodels=2Fmy=20clip=2A=3E"),
        ("ünï", "clipbot.jobs.=C3=BCn=C3=AF"),
    ],
)
def test_subjects_are_readable(model: str, subject: str) -> None:
    assert jobs_subject(model) == subject


def test_no_two_models_share_a_subject() -> None:
    names = ["a/b", "a_b", "a=2Fb", "A/b", "/" * 300, "/" * 301, "x" * 400, "\ud800", "?"]
    assert len({jobs_subject(name) for name in names[:-2]}) == len(names) - 2
    assert all(len(jobs_consumer(name)) < 255 for name in names)


async def test_a_name_of_any_length_and_kind_can_be_asked_for(asker: Asker) -> None:
    for model in ("/" * 300, "C:\\models\\clip", "ünï *>"):
        await asks(asker, model, f"job for {model[:20]}")
        pull_consumer = await asker.queue.pull_consumer(
            JOBS, jobs_consumer(model), jobs_subject(model)
        )
        assert len(await pull_consumer.pull(5, 5.0)) == 1


async def test_a_queue_knows_its_bots(nats_url: str, asker: Asker) -> None:
    second: Queue = await connect(nats_url, name="another bot")
    await asker.queue.answer_model(CLIP)
    await second.answer_model(SIGLIP)
    worker = await connect(nats_url, name="worker")
    assert await worker.models_asked() == {CLIP, SIGLIP}
    await second.close()
    await worker.close()

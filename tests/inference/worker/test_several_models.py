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
from tests.inference.worker.support.job_sender import LABELS, JobSender
from tests.inference.worker.support.running_worker import StartWorker
from tests.waiting import until

CLIP, SIGLIP = "openai/clip-vit-base-patch32", "google/siglip2-base"


def named(model: str) -> ScriptedClassifier:
    classifier = ScriptedClassifier()
    classifier.name = model
    return classifier


async def sends(sender: JobSender, model: str, *names: str, bot: int = 1) -> list[str]:
    """Send jobs like a bot whose CLIP_MODEL is `model`."""
    for name in names:
        job = Job(
            id=name,
            images=[picture("red")],
            labels=list(LABELS),
            reply=Reply(results_subject(bot), b"chat 7"),
            model=model,
        )
        await sender.queue.publish(jobs_subject(model), encode(job), job.id)
    return list(names)


async def test_a_worker_of_another_model_takes_no_job(
    sender: JobSender, start_worker: StartWorker
) -> None:
    ours, others = ScriptedClassifier(), ScriptedClassifier()
    await start_worker(lambda: others, clip_model=SIGLIP)
    await sender.sees_worker(lambda worker: worker.state is WorkerState.READY)
    await start_worker(lambda: ours, clip_model=CLIP)
    jobs = await sends(sender, CLIP, *(f"job {number}" for number in range(12)))
    await sender.receives(*jobs)
    assert (sum(ours.batches), sum(others.batches)) == (12, 0)
    await sender.sees_empty_queue()


async def test_two_models_at_the_same_time_answer_their_own_jobs(
    sender: JobSender, start_worker: StartWorker
) -> None:
    for model in (CLIP, SIGLIP):
        await start_worker(lambda model=model: named(model), clip_model=model)
    await sends(sender, CLIP, "a", "c")
    await sends(sender, SIGLIP, "b", "d")
    results = await sender.receives("a", "b", "c", "d")
    assert {job: result.model for job, result in results.items()} == {
        "a": CLIP,
        "b": SIGLIP,
        "c": CLIP,
        "d": SIGLIP,
    }


async def test_jobs_of_an_older_bot_are_taken_by_any_worker(
    sender: JobSender, start_worker: StartWorker
) -> None:
    await start_worker(clip_model=SIGLIP)
    old = await sender.sends(picture("red"))  # names no model, on the subject of version 0.1
    (new,) = await sends(sender, SIGLIP, "new")
    assert set(await sender.receives(old, new)) == {old, new}


async def test_a_bot_of_version_0_1_gets_only_problems_that_it_can_read(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(data: bytes, **options: object) -> None:
        raise TooLargeForHost(50.1)

    monkeypatch.setattr("inference.worker.pipeline.decode", no_memory)
    await start_worker(clip_model=CLIP)
    old = await sender.sends(picture("red"))
    (new,) = await sends(sender, CLIP, "new")
    results = await sender.receives(old, new)
    assert results[old].images[0].problem == Problem(ProblemCode.INTERNAL)
    assert results[new].images[0].problem == Problem(ProblemCode.TOO_LARGE_FOR_HOST, got=50.1)


def test_an_unknown_problem_of_a_newer_worker_is_read_as_our_fault() -> None:
    result = Result(job_id="1", reply=Reply("x"), labels=[], problem=Problem(ProblemCode.INTERNAL))
    newer = encode(result).replace(b"\xa8internal", b"\xa8too_grey")
    assert decode_result(newer).problem == Problem(ProblemCode.INTERNAL)


async def test_an_older_bots_stream_gets_new_subjects_and_keeps_its_limits(
    nats_url: str, start_worker: StartWorker
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
    await start_worker(clip_model=CLIP)

    async def takes_named_jobs() -> bool:
        info = await queue._js.stream_info(JOBS)
        return (info.config.subjects, info.config.max_msgs) == ([JOBS_SUBJECT, "clipbot.jobs.*"], 7)

    await until(takes_named_jobs, True)
    await queue.close()


async def test_a_worker_whose_model_no_bot_uses_logs_a_warning(
    sender: JobSender,
    start_worker: StartWorker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_module, "COMPARE_EVERY", 0.05)
    monkeypatch.setattr("inference.protocol.broker.models_asked.ANSWER_TIMEOUT", 0.1)
    await sender.queue.answer_model(CLIP)
    await start_worker(clip_model=SIGLIP)
    warning = f"takes no jobs: its model is {SIGLIP}, but the bot asks for {CLIP}"
    await until(lambda: warning in caplog.text, True)
    await start_worker(clip_model=CLIP)
    await asyncio.sleep(0.3)
    assert caplog.text.count("takes no jobs") == 1


async def test_bots_of_version_0_1_name_no_model(sender: JobSender) -> None:
    assert await sender.queue.models_asked() == set()


async def test_a_status_says_which_jobs_are_taken(
    sender: JobSender, start_worker: StartWorker
) -> None:
    await start_worker(clip_model=CLIP)
    status = await sender.sees_worker(lambda worker: worker.model == CLIP)
    assert status.takes == "clipbot.jobs.openai=2Fclip-vit-base-patch32"


class TestABotWhoseModelWasChanged:
    async def test_its_waiting_jobs_go_to_workers_of_the_new_model(
        self, sender: JobSender, start_worker: StartWorker
    ) -> None:
        await sends(sender, CLIP, "1", "2", "3")
        await sends(sender, CLIP, "another bot's", bot=2)
        await sender.queue.readdress_jobs(SIGLIP, 1)
        await sender.queue.readdress_jobs(SIGLIP, 1)  # a second time moves nothing
        assert await sender.queue.jobs_waiting() == 4
        await start_worker(clip_model=SIGLIP)
        assert set(await sender.receives("1", "2", "3")) == {"1", "2", "3"}
        await until(sender.queue.jobs_waiting, 1)

    async def test_a_job_that_cannot_be_moved_does_not_stop_the_others(
        self, sender: JobSender, start_worker: StartWorker
    ) -> None:
        poison = Job(
            id="x" * 70_000,  # more than NATS takes in a message's header
            images=[picture("red")],
            labels=list(LABELS),
            reply=Reply(results_subject(1)),
            model=CLIP,
        )
        await sender.queue.publish(jobs_subject(CLIP), encode(poison), "poison")
        await sends(sender, CLIP, "1")
        await sender.queue.readdress_jobs(SIGLIP, 1)
        await start_worker(clip_model=SIGLIP)
        assert set(await sender.receives("1")) == {"1"}

    async def test_jobs_are_moved_although_the_queue_is_full(self, nats_url: str) -> None:
        queue = await connect(nats_url, name="bot")
        await queue.prepare(2, owner=True)
        sender = await JobSender.on(queue)
        await sends(sender, CLIP, "1", "2")
        await queue.readdress_jobs(SIGLIP, 1)
        consumer = await queue.pull_consumer(JOBS, jobs_consumer(SIGLIP), jobs_subject(SIGLIP))
        assert len(await consumer.pull(10, 5.0)) == 2
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


async def test_a_model_name_can_have_any_length_and_characters(sender: JobSender) -> None:
    for model in ("/" * 300, "C:\\models\\clip", "ünï *>"):
        await sends(sender, model, f"job for {model[:20]}")
        consumer = await sender.queue.pull_consumer(JOBS, jobs_consumer(model), jobs_subject(model))
        assert len(await consumer.pull(5, 5.0)) == 1


async def test_a_worker_learns_the_models_of_all_bots(nats_url: str, sender: JobSender) -> None:
    second: Queue = await connect(nats_url, name="another bot")
    await sender.queue.answer_model(CLIP)
    await second.answer_model(SIGLIP)
    worker = await connect(nats_url, name="worker")
    assert await worker.models_asked() == {CLIP, SIGLIP}
    await second.close()
    await worker.close()

"""Questions of rounds to the workers, and what their answers say."""

from collections.abc import Callable

import msgspec
import pytest

from bot.games.rounds.jobs import GameJobRef, GameJobs, judged
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.games.rules.events import JudgeRequest
from bot.platform.models import Media
from bot.platform.ports import FileTooBig
from bot.queues.job_publisher import JobPublisher
from bot.runtime.metrics import Metrics
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.messages import ImageOutcome, Reply, Result, decode_job
from tests.bot.games.played_round import PHOTO
from tests.bot.games.rounds.running_games import CHAT, a_duel, a_result
from tests.bot.scripted import ScriptedPlatform


def test_sigmoid_scores_become_shares() -> None:
    ref = GameJobRef(CHAT, None, 1, "look")

    def shares(*scores: float) -> list[float]:
        result = a_result(ref, ImageOutcome(list(scores)))
        event = judged(msgspec.structs.replace(result, sigmoid_scores=True), ref)
        return [round(share, 6) for share in event.probabilities]

    assert shares(0.006, 0.003, 0.001) == [0.6, 0.3, 0.1]
    assert shares(0.0, 0.0) == [0.0, 0.0]
    assert shares(0.2) == [0.2]  # a single score has nothing to share with


async def test_a_question_is_queued_once_and_its_answer_is_known_as_a_games(
    queue: Queue, platform: ScriptedPlatform
) -> None:
    jobs = GameJobs(JobPublisher(queue, platform, Metrics(), bot_id=42))
    ask = JudgeRequest(
        "decide", PHOTO, ("a", "b"), ("Ann: a", "Bob: b"), 0.97, draw=True, fingerprint=True
    )
    for _ in range(2):  # asked again after a crash: the queue keeps one
        await jobs.publish(a_duel(), ask)
    pull_consumer = await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)
    (delivery,) = await pull_consumer.pull(5, 1.0)
    job = decode_job(delivery.data)
    assert (job.labels, job.captions, job.merge_above) == (["a", "b"], ["Ann: a", "Bob: b"], 0.97)
    assert (job.draw, job.fingerprint, job.words.title) == (True, True, "Caption duel")
    result = Result(
        job_id=job.id,
        reply=job.reply,
        labels=job.labels,
        images=[ImageOutcome([0.4, 0.6], same_as=[0, 1])],
        chart=b"jpeg",
    )
    runner = GameRunner(None, platform, jobs, EditPace())  # type: ignore[arg-type]
    assert runner.wants(result)
    assert not runner.wants(a_result(GameJobRef(1, None, 1, ""), ImageOutcome()))


async def test_a_picture_too_large_for_the_queue_is_never_asked_about(
    queue: Queue, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(media: Media) -> bytes:
        return bytes(queue.max_payload)

    monkeypatch.setattr(platform, "fetch", fetch)
    jobs = GameJobs(JobPublisher(queue, platform, Metrics(), bot_id=42))
    with pytest.raises(FileTooBig, match="do not fit"):
        await jobs.publish(a_duel(), JudgeRequest("decide", PHOTO, ("a", "b"), ()))
    assert await queue.jobs_waiting() == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ref: Result(
            job_id="x", reply=Reply("x"), labels=[], problem=Problem(ProblemCode.INTERNAL)
        ),
        lambda ref: a_result(ref, ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE))),
    ],
)
def test_a_problem_is_a_verdict_without_numbers(spoil: Callable[[GameJobRef], Result]) -> None:
    ref = GameJobRef(CHAT, None, 1, "look")
    assert judged(spoil(ref), ref).probabilities == ()

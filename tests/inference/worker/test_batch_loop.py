"""The worker's loop with a fake queue and a fake pipeline: each job is settled once."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import cycle
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from inference.protocol.errors import DeviceLost, Problem, ProblemCode, QueueUnavailable
from inference.protocol.messages import ImageOutcome, Job, Reply, decode_result, encode
from inference.worker import batch_loop
from inference.worker.batch_loop import BatchLoop
from inference.worker.batcher import JobOutcome, ReadJob
from inference.worker.job_reader import MAX_ATTEMPTS, JobReader
from inference.worker.monitoring import WorkerMetrics
from tests.waiting import until

PICTURE = Image.new("RGB", (1, 1))
SIZE = 4


class FakeDelivery:
    """A message that notes how it was settled."""

    def __init__(self, data: bytes, attempt: int = 1) -> None:
        self.data = data
        self.attempt = attempt
        self.settled: list[str] = []
        self.holders = 0

    @contextlib.asynccontextmanager
    async def in_progress(self) -> AsyncIterator[None]:
        self.holders += 1
        try:
            yield
        finally:
            self.holders -= 1

    async def ack(self) -> None:
        self.settled.append("ack")

    async def nak(self, delay: float = 0.0) -> None:
        self.settled.append("nak" if not delay else "rest")


class FakeQueue:
    """Stores results, except while `refuses` is True."""

    connected = True
    max_message = 2**20

    def __init__(self) -> None:
        self.results: list[str] = []
        self.dead: list[FakeDelivery] = []
        self.refuses = False

    async def publish(self, subject: str, data: bytes, message_id: str) -> None:
        await asyncio.sleep(0)
        if self.refuses:
            raise QueueUnavailable("no space left on device")
        self.results.append(decode_result(data).job_id)

    async def dead_letter(self, kind: str, delivery: Any) -> None:
        self.dead.append(delivery)


class FakeConsumers:
    """Consumers that bring what is in `waiting`; a pull raises while `is_broken`."""

    def __init__(self, deliveries: Sequence[FakeDelivery]) -> None:
        self.waiting = deque(deliveries)
        self.is_broken = False

    async def pull(self, limit: int, linger: float) -> list[FakeDelivery]:
        if self.is_broken:
            raise RuntimeError("the client is broken")
        await asyncio.sleep(0.001 if linger and not self.waiting else 0)
        return [self.waiting.popleft() for _ in range(min(limit, len(self.waiting)))]

    async def close(self) -> None:
        """Nothing to close."""


class FakePipeline:
    """Stages that take as many turns of the event loop as `turns` says."""

    def __init__(self, turns: Iterator[int], classify: Callable[[ReadJob], JobOutcome]) -> None:
        self.batcher = SimpleNamespace(size=SIZE)
        self.classifier = SimpleNamespace(name="fake", sigmoid_scores=False)
        self.batches: list[list[str]] = []
        self.in_model = 0
        self.entered = asyncio.Event()
        self._turns = turns
        self._classify = classify

    async def _pass_time(self) -> None:
        for _ in range(next(self._turns)):
            await asyncio.sleep(0)

    async def decode(self, jobs: Sequence[Job]) -> list[ReadJob]:
        await self._pass_time()
        return [ReadJob(job, (PICTURE,)) for job in jobs]

    async def classify(self, jobs: Sequence[ReadJob]) -> tuple[list[JobOutcome], float]:
        assert self.in_model == 0
        self.in_model += 1
        self.batches.append([read.job.id for read in jobs])
        self.entered.set()
        try:
            await self._pass_time()
            return [self._classify(read) for read in jobs], 0.001
        finally:
            self.in_model -= 1

    async def draw(self, read: ReadJob, outcomes: object) -> tuple[bytes, float]:
        await self._pass_time()
        return b"", 0.0


def a_job(name: str, attempt: int = 1, subject: str = "clipbot.results.1") -> FakeDelivery:
    job = Job(id=name, images=[b"x"], labels=["a", "b"], reply=Reply(subject))
    return FakeDelivery(encode(job), attempt)


def answered(read: ReadJob) -> JobOutcome:
    return [ImageOutcome([0.5, 0.5])]


class RunningLoop:
    """A batch loop on fakes."""

    def __init__(
        self,
        deliveries: Sequence[FakeDelivery],
        classify: Callable[[ReadJob], JobOutcome] = answered,
        turns: Sequence[int] = (1,),
    ) -> None:
        self.deliveries = deliveries
        self.queue = FakeQueue()
        self.pipeline = FakePipeline(cycle(turns), classify)
        self.stop = asyncio.Event()
        self.consumers = FakeConsumers(deliveries)
        queue, consumers, pipeline = (
            cast("Any", fake) for fake in (self.queue, self.consumers, self.pipeline)
        )
        reader = JobReader(queue, WorkerMetrics())
        loop = BatchLoop(queue, consumers, reader, pipeline, self.stop)
        self.task = asyncio.create_task(loop.run())

    def unsettled(self) -> int:
        return sum(not delivery.settled for delivery in self.deliveries)

    async def settles_all(self) -> None:
        await until(self.unsettled, 0)
        self.stop.set()
        await self.task


async def test_jobs_are_answered_in_batches() -> None:
    loop = RunningLoop([a_job(str(n)) for n in range(10)])
    await loop.settles_all()
    assert sorted(loop.queue.results) == sorted(map(str, range(10)))
    assert loop.pipeline.batches[0] == ["0", "1", "2", "3"]
    assert all(delivery.settled == ["ack"] for delivery in loop.deliveries)


async def test_a_suspect_is_tried_alone() -> None:
    loop = RunningLoop([a_job("1"), a_job("suspect", 3), a_job("2"), a_job("3"), a_job("4")])
    await loop.settles_all()
    assert ["suspect"] in loop.pipeline.batches
    assert loop.pipeline.batches[0] == ["1", "2", "3"]


async def test_messages_that_are_no_jobs_disturb_no_batch() -> None:
    noise = [FakeDelivery(b"noise") for _ in range(SIZE)]
    poison = a_job("poison", MAX_ATTEMPTS + 1)
    unheard = a_job("unheard", subject="a b")
    loop = RunningLoop([a_job("1"), *noise, poison, unheard, a_job("2")])
    await loop.settles_all()
    assert sorted(loop.queue.results) == ["1", "2", "poison"]
    assert [name for batch in loop.pipeline.batches for name in batch] == ["1", "2"]
    assert len(loop.queue.dead) == SIZE + 2


async def test_a_message_that_breaks_the_reader_rests_and_stops_no_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = JobReader.read

    async def read_or_break(reader: JobReader, delivery: Any) -> Any:
        if delivery.data == b"breaks":
            raise RuntimeError("our bug")
        return await read(reader, delivery)

    monkeypatch.setattr(JobReader, "read", read_or_break)
    loop = RunningLoop([a_job("1"), FakeDelivery(b"breaks"), a_job("2")])
    await loop.settles_all()
    assert [delivery.settled for delivery in loop.deliveries] == [["ack"], ["rest"], ["ack"]]


async def test_a_lost_device_ends_the_loop_before_another_batch_gets_the_model() -> None:
    def lose(read: ReadJob) -> JobOutcome:
        raise DeviceLost("CUDA error")

    loop = RunningLoop([a_job(str(n)) for n in range(20)], lose)
    with pytest.raises(DeviceLost):
        await loop.task
    assert len(loop.pipeline.batches) == 1
    held = [delivery for delivery in loop.deliveries if delivery.settled]
    assert all(delivery.settled == ["nak"] for delivery in held)
    assert len(held) >= SIZE


async def test_a_batch_that_fails_by_our_fault_rests_and_the_next_one_runs() -> None:
    def fail(read: ReadJob) -> JobOutcome:
        if read.job.id == "0":
            raise ValueError("our bug")
        return answered(read)

    loop = RunningLoop([a_job(str(n)) for n in range(2 * SIZE)], fail)
    await loop.settles_all()
    settled = [delivery.settled for delivery in loop.deliveries]
    assert settled == [["rest"]] * SIZE + [["ack"]] * SIZE


async def test_an_error_of_the_pull_ends_the_loop_and_begins_no_other_batch() -> None:
    calm = [a_job(str(n)) for n in range(SIZE - 1)]
    suspect = a_job("suspect", 3)
    loop = RunningLoop([*calm, suspect, a_job("next")], turns=[20])
    await loop.pipeline.entered.wait()
    loop.consumers.is_broken = True
    with pytest.raises(RuntimeError, match="the client is broken"):
        await loop.task
    assert [delivery.settled for delivery in calm] == [["ack"]] * len(calm)


async def test_a_drain_ends_in_time_although_no_result_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_loop, "DRAIN_SECONDS", 0.05)
    loop = RunningLoop([a_job(str(n)) for n in range(3)])
    loop.queue.refuses = True
    await until(lambda: len(loop.pipeline.batches), 1)
    loop.stop.set()
    await asyncio.wait_for(loop.task, 5)
    assert [delivery.settled for delivery in loop.deliveries] == [["nak"]] * 3


def outcome_of(kinds: Sequence[str]) -> Callable[[ReadJob], JobOutcome]:
    def classify(read: ReadJob) -> JobOutcome:
        kind = kinds[int(read.job.id)]
        if kind == "breaks":
            raise ValueError("our bug")
        if kind == "no memory":
            return None
        return Problem(ProblemCode.INTERNAL) if kind == "fails" else answered(read)

    return classify


kinds = st.sampled_from(["answered", "answered", "answered", "fails", "no memory", "breaks"])


@settings(deadline=None)
@given(
    jobs=st.lists(st.tuples(kinds, st.integers(1, MAX_ATTEMPTS + 1)), max_size=24),
    turns=st.lists(st.integers(0, 6), min_size=1, max_size=9),
    stop_after=st.one_of(st.none(), st.integers(0, 60)),
)
# The stop comes when the second batch has a task that has not run yet.
@example(jobs=[("answered", 3), ("breaks", 1)], turns=[6, 2], stop_after=11)
def test_each_job_is_acknowledged_or_given_back_exactly_once(
    jobs: list[tuple[str, int]], turns: list[int], stop_after: int | None
) -> None:
    async def scenario() -> None:
        deliveries = [a_job(str(n), attempt) for n, (_, attempt) in enumerate(jobs)]
        loop = RunningLoop(deliveries, outcome_of([kind for kind, _ in jobs]), turns)
        if stop_after is None:
            await loop.settles_all()
        else:
            for _ in range(stop_after):
                await asyncio.sleep(0)
            loop.stop.set()
            await asyncio.wait_for(loop.task, 5)
        for number, delivery in enumerate(deliveries):
            assert delivery.holders == 0
            if delivery in loop.consumers.waiting:
                assert delivery.settled == []
                continue
            assert delivery.settled in (["ack"], ["nak"], ["rest"])
            stored = loop.queue.results.count(str(number))
            assert stored == (1 if delivery.settled == ["ack"] else 0)

    asyncio.run(scenario())

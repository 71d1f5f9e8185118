"""The scheduler alone, with a clock that the test moves."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.worker.scheduler import (
    LINGER,
    MAX_BATCHES,
    SUSPECT_ATTEMPT,
    Begin,
    EnterModel,
    PrefetchTimer,
    Pull,
    ScheduledBatch,
    Scheduler,
    Wait,
)
from tests.inference.worker.support.simulation import SIZE, FakeJob, Simulation


def calm(count: int) -> list[FakeJob]:
    return [FakeJob(number) for number in range(count)]


def suspects(count: int) -> list[FakeJob]:
    return [FakeJob(100 + number, SUSPECT_ATTEMPT) for number in range(count)]


def begins(scheduler: Scheduler[FakeJob], now: float = 0.0) -> ScheduledBatch[FakeJob]:
    step = scheduler.next_step(now)
    assert isinstance(step, Begin), step
    scheduler.has_begun(step.batch, now)
    return step.batch


def enters(scheduler: Scheduler[FakeJob], batch: ScheduledBatch[FakeJob], now: float = 0.0) -> None:
    """Read the batch and give it the model."""
    scheduler.has_read(batch, now, pictures=len(batch.jobs))
    assert scheduler.next_step(now) == EnterModel(batch)
    scheduler.has_entered(batch, now, pictures=len(batch.jobs))


def measured(read: float = 0.1, model: float = 1.0) -> Scheduler[FakeJob]:
    """A scheduler that has seen one full batch: seconds to read it, and in the model."""
    scheduler: Scheduler[FakeJob] = Scheduler(SIZE)
    scheduler.has_pulled(calm(SIZE))
    batch = begins(scheduler, 0.0)
    scheduler.has_read(batch, read, pictures=SIZE)
    scheduler.has_entered(batch, read, pictures=SIZE)
    scheduler.has_left(batch, read + model)
    scheduler.has_ended(batch)
    return scheduler


def test_an_idle_worker_waits_for_the_first_job() -> None:
    assert Scheduler[FakeJob](SIZE).next_step(0.0) == Pull(SIZE, LINGER)


def test_a_smaller_size_makes_smaller_pulls() -> None:
    scheduler = Scheduler[FakeJob](SIZE)
    scheduler.size = 2
    assert scheduler.next_step(0.0) == Pull(2, LINGER)


def test_what_one_pull_brings_is_one_batch() -> None:
    scheduler = Scheduler[FakeJob](SIZE)
    scheduler.has_pulled(calm(3))
    assert list(begins(scheduler).jobs) == calm(3)
    assert scheduler.next_step(0.0) == Wait()


def test_nothing_is_pulled_ahead_before_both_stages_are_measured() -> None:
    scheduler = Scheduler[FakeJob](SIZE)
    scheduler.has_pulled(calm(1))
    batch = begins(scheduler)
    enters(scheduler, batch)
    assert scheduler.next_step(1_000.0) == Wait()
    scheduler.has_left(batch, 1_000.0)
    assert scheduler.next_step(1_000.0) == Pull(SIZE, LINGER)


def test_the_next_batch_is_pulled_when_reading_it_takes_as_long_as_the_model_still_does() -> None:
    scheduler = measured(read=0.2, model=1.0)
    scheduler.has_pulled(calm(SIZE))
    enters(scheduler, begins(scheduler, 5.0), 5.2)
    step = scheduler.next_step(5.2)
    assert isinstance(step, Wait)
    assert step.seconds == pytest.approx(0.8)
    assert isinstance(scheduler.next_step(5.9), Wait)
    assert scheduler.next_step(6.01) == Pull(SIZE, 0.0)


def test_a_pull_that_finds_nothing_is_not_repeated_before_the_model_is_free() -> None:
    scheduler = measured()
    scheduler.has_pulled(calm(SIZE))
    batch = begins(scheduler, 5.0)
    enters(scheduler, batch, 5.1)
    assert isinstance(scheduler.next_step(6.05), Pull)
    scheduler.has_pulled([])
    assert scheduler.next_step(6.06) == Wait()
    scheduler.has_left(batch, 6.1)
    assert scheduler.next_step(6.1) == Pull(SIZE, LINGER)


def test_only_one_batch_is_read_ahead_and_it_waits_for_the_model() -> None:
    scheduler = measured()
    scheduler.has_pulled(calm(SIZE))
    first = begins(scheduler, 5.0)
    enters(scheduler, first, 5.1)
    scheduler.has_pulled(calm(1))
    second = begins(scheduler, 6.0)
    scheduler.has_read(second, 6.05, pictures=1)
    assert scheduler.next_step(9.0) == Wait()
    scheduler.has_left(first, 9.0)
    assert scheduler.next_step(9.0) == EnterModel(second)


def test_no_more_than_a_few_batches_are_under_way() -> None:
    scheduler = Scheduler[FakeJob](SIZE)
    finishing = []
    for _ in range(MAX_BATCHES):
        scheduler.has_pulled(calm(1))
        batch = begins(scheduler)
        enters(scheduler, batch)
        scheduler.has_left(batch, 0.0)
        finishing.append(batch)
    assert scheduler.next_step(0.0) == Wait()
    scheduler.has_ended(finishing[0])
    assert scheduler.next_step(0.0) == Pull(SIZE, LINGER)


def test_a_suspect_waits_until_nothing_else_is_under_way_and_has_the_worker_to_itself() -> None:
    scheduler = measured()
    scheduler.has_pulled([*calm(2), *suspects(2)])
    first = begins(scheduler, 5.0)
    assert list(first.jobs) == calm(2)
    enters(scheduler, first, 5.1)
    assert scheduler.next_step(50.0) == Wait()  # nothing is pulled ahead of a suspect
    scheduler.has_left(first, 50.0)
    assert scheduler.next_step(50.0) == Wait()  # its charts are still drawn
    scheduler.has_ended(first)
    found: list[FakeJob] = []
    for _ in range(2):
        suspect = begins(scheduler, 51.0)
        assert suspect.alone
        found += suspect.jobs
        enters(scheduler, suspect, 51.1)
        assert scheduler.next_step(99.0) == Wait()
        scheduler.has_left(suspect, 52.0)
        scheduler.has_ended(suspect)
    assert sorted(found) == suspects(2)
    assert scheduler.next_step(53.0) == Pull(SIZE, LINGER)


def test_after_a_failure_the_model_goes_to_the_next_batch() -> None:
    scheduler = measured()
    scheduler.has_pulled(calm(SIZE))
    first = begins(scheduler, 5.0)
    enters(scheduler, first, 5.1)
    scheduler.has_pulled(calm(1))
    second = begins(scheduler, 6.0)
    scheduler.has_read(second, 6.0, pictures=1)
    scheduler.has_ended(first)
    assert scheduler.next_step(6.0) == EnterModel(second)


def test_a_stop_knows_what_the_model_has_not_begun() -> None:
    scheduler = measured()
    scheduler.has_pulled(calm(SIZE))
    in_model = begins(scheduler, 5.0)
    enters(scheduler, in_model, 5.1)
    scheduler.has_pulled([*calm(1), *suspects(1)])
    ahead = begins(scheduler, 6.0)
    waiting = scheduler.waiting_for_model()
    assert [batch.alone for batch in waiting] == [True, False]
    assert waiting[1] is ahead
    assert in_model not in waiting


def test_nothing_is_predicted_before_both_stages_are_measured() -> None:
    timer = PrefetchTimer()
    assert timer.pause(4, 16) is None
    timer.has_read(2, 0.02)
    assert timer.pause(4, 16) is None
    timer.has_read(0, 1.0)  # jobs without a readable picture tell nothing
    timer.has_classified(0, 1.0)
    assert timer.pause(4, 16) is None


def test_a_full_batch_is_ready_when_the_model_is_free() -> None:
    timer = PrefetchTimer()
    timer.has_read(2, 0.02)
    timer.has_classified(4, 0.4)
    assert timer.pause(16, 16) == pytest.approx(16 * 0.1 - 16 * 0.01)
    assert timer.pause(1, 16) == 0.0  # reading takes longer than the model: at once


seconds = st.floats(0.001, 2.0)
attempts = st.sampled_from([1, 1, 1, 1, 2, SUSPECT_ATTEMPT])


@given(
    gaps=st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.01, 0.5, 3.0]), attempts), max_size=40),
    read=seconds,
    model=seconds,
    finish=seconds,
    fails=st.frozensets(st.integers(0, 39), max_size=3),
)
def test_whatever_comes_each_job_runs_once_and_the_rules_hold(
    gaps: list[tuple[float, int]], read: float, model: float, finish: float, fails: frozenset[int]
) -> None:
    times = itertools.accumulate(gap for gap, _ in gaps)
    jobs = [FakeJob(number, attempt) for number, (_, attempt) in enumerate(gaps)]
    simulation = Simulation(list(zip(times, jobs, strict=True)), read, model, finish, fails)
    simulation.run()
    assert sorted(simulation.settled) == jobs
    entered = [job for batch in simulation.batches for job in batch]
    in_company = [job for job in entered if job.attempt < SUSPECT_ATTEMPT]
    assert in_company == sorted(in_company)  # in the order in which they came


@given(read=st.floats(0.001, 0.2), model=st.floats(0.2, 1.0), finish=st.floats(0.001, 0.2))
def test_under_load_the_model_never_waits_and_every_batch_is_full(
    read: float, model: float, finish: float
) -> None:
    """Finishing and reading take less than the model: after the first batch it has no pause."""
    count = 12
    simulation = Simulation([(0.0, job) for job in calm(count * SIZE)], read, model, finish)
    simulation.run()
    assert [len(batch) for batch in simulation.batches] == [SIZE] * count
    # The second batch is not pulled ahead: nothing is measured before the first one has left.
    expected = SIZE * (2 * (read + model) + (count - 2) * model)
    assert simulation.left_at == pytest.approx(expected)


@given(read=st.floats(0.001, 0.1), model=st.floats(0.2, 1.0))
def test_jobs_that_come_while_a_batch_is_in_the_model_join_the_next_one(
    read: float, model: float
) -> None:
    simulation = Simulation([(0.0, job) for job in calm(2 * SIZE)], read, model, 0.001)
    late = [FakeJob(50 + number) for number in range(SIZE)]
    # They come one by one while the second batch is in the model. The last one comes just before
    # the latest moment to pull the third batch, which must be read while the model still works.
    enters = SIZE * (read + model) + SIZE * read
    pulled = enters + SIZE * model - SIZE * read
    gap = (pulled - enters) / (SIZE + 1)
    simulation.arrivals += [(enters + gap * (number + 1), job) for number, job in enumerate(late)]
    simulation.run()
    assert simulation.batches == [calm(SIZE), calm(2 * SIZE)[SIZE:], late]

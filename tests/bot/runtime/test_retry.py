"""When work that failed is tried again, and when it is given up."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runtime.retry import Retries, backoff, retry

ATTEMPTS = 3


class Away(Exception):
    def __init__(self, after: float = 0.0) -> None:
        super().__init__("the platform is away")
        self.after = after


errors = st.sampled_from([Away(), Away(7.0), ValueError("a bug")])


@given(st.integers(1, 10_000), st.floats(0.01, 100), st.floats(0.01, 1_000))
def test_pauses_grow_up_to_the_longest(attempt: int, first: float, longest: float) -> None:
    pause = backoff(attempt, first, longest)
    assert min(first, longest) <= pause <= longest
    assert pause <= backoff(attempt + 1, first, longest) <= max(2 * pause, longest)


def test_the_usual_pauses() -> None:
    assert [backoff(attempt) for attempt in (1, 2, 3, 6, 7, 1_000)] == [1, 2, 4, 32, 60, 60]


@given(st.lists(st.tuples(st.integers(1, 3), errors), max_size=40))
def test_only_own_faults_of_the_same_work_use_up_attempts(
    failures: list[tuple[int, Exception]],
) -> None:
    retries = Retries((Away,), ATTEMPTS)
    own = dict.fromkeys(range(1, 4), 0)
    for key, error in failures:
        pause = retries.after(error, "Work", key)
        if isinstance(error, Away):
            assert pause is not None
            assert pause == error.after or 1 <= pause <= 60
            continue
        own[key] += 1
        assert (pause is None) == (
            own[key] % ATTEMPTS == 0
        )  # after it is given up, the count begins again
        assert pause is None or pause == backoff(own[key] % ATTEMPTS)


@given(st.integers(1, 20), st.integers(1, 20))
def test_what_is_done_is_forgotten(before: int, after: int) -> None:
    retries = Retries((Away,), attempts=100)
    for error in (Away(), ValueError()):
        for _ in range(before):
            retries.after(error, "Work", "key")
        retries.forget("key")
        pauses = [retries.after(error, "Work", "key") for _ in range(after)]
        assert pauses == [backoff(attempt) for attempt in range(1, after + 1)]


def test_somebody_else_may_count_the_attempts() -> None:
    retries = Retries((Away,), ATTEMPTS)
    assert [retries.after(Away(), "Work", 1, attempt=n) for n in (5, 5)] == [16, 16]


def test_the_log_says_what_failed_and_how_often(caplog: pytest.LogCaptureFixture) -> None:
    retries = Retries((Away,), ATTEMPTS, first=10.0, longest=10.0)
    for error in (Away(), ValueError("a bug")):
        retries.after(error, "Update 5", 5)
    assert [record.message for record in caplog.records] == [
        "Update 5 has to wait 10 s: the platform is away",
        "Update 5 failed (attempt 1 of 3).",
    ]
    assert "ValueError: a bug" in caplog.text


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause was to be; none takes any time."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return slept


async def test_work_waits_for_what_is_away(pauses: list[float]) -> None:
    faults: list[Exception] = [Away(), Away(30.0), Away()]
    numbers = []

    async def work(attempt: int) -> None:
        numbers.append(attempt)
        if faults:
            raise faults.pop()

    await retry(work, "Work", (Away,), longest=3.0)
    assert (numbers, pauses) == ([1, 2, 3, 4], [1.0, 30.0, 3.0])


@pytest.mark.parametrize(("error", "tried"), [(Away(), 4), (ValueError("a bug"), 1)])
async def test_work_that_fails_for_good_raises(
    pauses: list[float], error: Exception, tried: int
) -> None:
    async def work(_attempt: int) -> None:
        raise error

    with pytest.raises(type(error)):
        await retry(work, "Work", (Away,), attempts=4)
    assert len(pauses) == tried - 1

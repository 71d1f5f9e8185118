"""Large pictures share a memory budget and wait for their turn; small ones never wait."""

import threading
import time
from collections.abc import Callable

import pytest

from inference.images.memory_budget import MemoryBudget


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(0.005)


class Reservation:
    """A thread that reserves memory and keeps it until `release` is set."""

    def __init__(self, budget: MemoryBudget, wanted: int, granted: list[int]) -> None:
        self.release = threading.Event()
        self.is_held = False

        def reserve() -> None:
            with budget.reserved(wanted):
                self.is_held = True
                granted.append(wanted)
                self.release.wait(10)

        self.thread = threading.Thread(target=reserve, daemon=True)
        self.thread.start()


def reservations(budget: MemoryBudget, granted: list[int]) -> Callable[[int], Reservation]:
    return lambda wanted: Reservation(budget, wanted, granted)


def test_a_thread_waits_until_enough_memory_is_released() -> None:
    budget, granted = MemoryBudget(1_000), list[int]()
    reserve = reservations(budget, granted)
    one, two = reserve(600), reserve(400)
    until(lambda: one.is_held and two.is_held)
    three = reserve(500)
    two.release.set()
    two.thread.join(10)
    assert not three.is_held
    one.release.set()
    until(lambda: three.is_held)
    three.release.set()


def test_a_large_request_comes_before_later_ones() -> None:
    budget, granted = MemoryBudget(1_000), list[int]()
    reserve = reservations(budget, granted)
    first = reserve(600)
    until(lambda: first.is_held)
    large = reserve(5_000)  # more than the budget: reserves all of it
    later = reserve(300)  # would fit beside the first
    first.release.set()
    until(lambda: large.is_held)
    assert not later.is_held
    large.release.set()
    until(lambda: later.is_held)
    assert granted == [600, 5_000, 300]
    later.release.set()


def test_small_requests_never_wait() -> None:
    budget = MemoryBudget(1_000)
    with budget.all_reserved(), budget.reserved(10):
        pass


def test_an_error_releases_the_memory() -> None:
    budget = MemoryBudget(1_000)
    for _ in range(3):
        with pytest.raises(MemoryError), budget.all_reserved():
            raise MemoryError
    with budget.all_reserved():
        pass

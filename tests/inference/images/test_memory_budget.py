"""Large pictures share memory: together they take what a few would, and small ones never wait."""

import threading
from collections.abc import Callable

import pytest

from inference.images.memory_budget import MemoryBudget
from tests.inference.images.test_large_pictures import until


class Holder:
    """A thread that reserves memory, and keeps it until it is told to let go."""

    def __init__(self, budget: MemoryBudget, wanted: int, came: list[int]) -> None:
        self.let_go = threading.Event()
        self.has_it = False

        def hold() -> None:
            with budget.reserved(wanted):
                self.has_it = True
                came.append(wanted)
                self.let_go.wait(10)

        self.thread = threading.Thread(target=hold, daemon=True)
        self.thread.start()


def holders(budget: MemoryBudget, came: list[int]) -> Callable[[int], Holder]:
    return lambda wanted: Holder(budget, wanted, came)


def test_who_finds_too_little_left_waits_until_somebody_lets_go() -> None:
    budget, came = MemoryBudget(1_000), list[int]()
    hold = holders(budget, came)
    one, two = hold(600), hold(400)
    until(lambda: one.has_it and two.has_it)
    three = hold(500)
    two.let_go.set()
    two.thread.join(10)
    assert not three.has_it
    one.let_go.set()
    until(lambda: three.has_it)
    three.let_go.set()


def test_a_large_one_has_its_turn_before_those_that_came_later() -> None:
    budget, came = MemoryBudget(1_000), list[int]()
    hold = holders(budget, came)
    first = hold(600)
    until(lambda: first.has_it)
    large = hold(5_000)  # more than there is: all of it
    later = hold(300)  # fits beside the first
    first.let_go.set()
    until(lambda: large.has_it)
    assert not later.has_it
    large.let_go.set()
    until(lambda: later.has_it)
    assert came == [600, 5_000, 300]
    later.let_go.set()


def test_small_ones_never_wait() -> None:
    budget = MemoryBudget(1_000)
    with budget.all_reserved(), budget.reserved(10):
        pass


def test_memory_is_given_back_by_who_fails() -> None:
    budget = MemoryBudget(1_000)
    for _ in range(3):
        with pytest.raises(MemoryError), budget.all_reserved():
            raise MemoryError
    with budget.all_reserved():
        pass

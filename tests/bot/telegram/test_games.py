"""Numbers of rounds that a button of /play starts."""

import pytest

from bot.telegram.games import number_of


@pytest.mark.parametrize("press", ["4382bfdwdsb323b2d9", "-4611686018427387904", "17", ""])
def test_any_press_gives_a_number_that_a_button_can_carry(press: str) -> None:
    assert 2**32 < number_of(press) < 2**56
    assert number_of(press) == number_of(press)
    assert number_of(press) != number_of(press + "1")

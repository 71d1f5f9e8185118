"""When a round may call the platform: at most six times a minute, the urgent calls first."""

from hypothesis import given
from hypothesis import strategies as st

from bot.games.rounds.pace import EDIT_EVERY, EditPace, allowed_at, with_call
from bot.games.spec.game_spec import Urgency

wishes = st.lists(st.tuples(st.sampled_from(Urgency), st.floats(0, 30)), max_size=60)


@given(wishes)
def test_no_minute_has_more_than_six_calls(story: list[tuple[Urgency, float]]) -> None:
    now = 1_000.0
    made: list[float] = []
    remembered: tuple[float, ...] = ()
    for urgency, wait in story:
        now += wait
        if (at := allowed_at(remembered, urgency, now)) <= now:
            remembered = with_call(remembered, now)
            made.append(now)
        else:
            assert allowed_at(remembered, urgency, at) <= at  # the promised time holds
    for start in made:
        assert sum(start <= other < start + 60 for other in made) <= 6


def test_progress_leaves_room_for_a_hint_and_the_result() -> None:
    now = 1_000.0
    calls: tuple[float, ...] = (now,)  # the board
    for _ in range(600):
        now += 0.05
        if allowed_at(calls, Urgency.PROGRESS, now) <= now:
            calls = with_call(calls, now)
    assert len(calls) == 3
    for urgency in (Urgency.NEWS, Urgency.RESULT, Urgency.RESULT):
        assert allowed_at(calls, urgency, now) <= now
        calls = with_call(calls, now)
    assert allowed_at(calls, Urgency.RESULT, now) == 1_060.0


def test_edits_of_a_chat_are_apart() -> None:
    edits = EditPace()
    assert edits.allowed_at(-1) == 0.0
    assert [edits.book(-1, 100.0) for _ in range(3)] == [100.0, 103.0, 106.0]
    assert edits.allowed_at(-1) == 106.0 + EDIT_EVERY
    edits.edited(-1, 108.0)  # the edit at 106 took two seconds
    assert edits.allowed_at(-1) == 111.0
    edits.edited(-1, 100.5)  # an earlier edit changes nothing
    assert edits.allowed_at(-1) == 111.0
    assert edits.book(-2, 200.0) == 200.0
    assert edits.allowed_at(-1) == 0.0  # no longer remembered, since its time is over

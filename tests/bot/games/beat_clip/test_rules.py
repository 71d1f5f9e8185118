"""Beat CLIP: the rules one by one, then any events in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.games.beat_clip import rules as beat_clip
from bot.games.beat_clip.rules import REVEAL, BeatClip, Guess, points
from bot.games.registry import decode, encode
from bot.games.rules.events import (
    BoardShown,
    Event,
    Forgotten,
    Judged,
    JudgeRequest,
    Pressed,
    Resumed,
    RoundSkipped,
    RoundStopped,
    TextReply,
    Tick,
)
from bot.games.rules.round import ANSWER_TIMEOUT, GRACE, End, Phase
from tests.bot.games.played_round import (
    OTHERS,
    PHOTO,
    PLAYERS,
    ROUND,
    PlayedRound,
    a_config,
    players,
    rounds,
    toasts,
    waits,
)

LABELS = ("a dog", "a cat", "a tree", "a car")
ANN, BOB, CEM, DAN, EVE = PLAYERS
VERDICT = Judged(ROUND, "look", (0.7, 0.2, 0.08, 0.02))


def a_round(labels: tuple[str, ...] = LABELS) -> PlayedRound[BeatClip]:
    """Return a round whose board is shown."""
    game = PlayedRound(beat_clip.step, BeatClip(config=a_config(), media=PHOTO, labels=labels))
    game.happens(BoardShown())
    return game


def test_clip_is_asked_at_once_with_a_chart() -> None:
    _, effects = beat_clip.begin(a_round().state)
    assert effects == (JudgeRequest("look", PHOTO, LABELS, draw=True),)


def test_a_round_from_start_to_end() -> None:
    game = a_round()
    game.happens(VERDICT, 1)
    assert toasts(game.happens(Pressed(ROUND, ANN, "0"), 2)) == ["noted"]
    assert toasts(game.happens(Pressed(ROUND, BOB, "1"), 3)) == ["noted"]
    game.happens(Tick(), 24)
    assert game.state.phase is Phase.OVER
    assert game.state.end is End.DONE
    assert (game.awards[ANN.id].points, game.awards[ANN.id].rank) == (95, 1)  # 27 s of 30 left
    assert (game.awards[BOB.id].points, game.awards[BOB.id].rank) == (0, 0)
    assert game.awards[ANN.id].right
    assert game.awards[BOB.id].right is False


def test_everybody_presses_once() -> None:
    game = a_round()
    game.happens(Pressed(ROUND, ANN, "1"))
    assert toasts(game.happens(Pressed(ROUND, ANN, "0"))) == ["already"]
    assert toasts(game.happens(Pressed(ROUND, ANN, "1"))) == ["noted"]  # the same press again
    assert [guess.label for guess in game.state.guesses] == [1]


@pytest.mark.parametrize(
    ("guess", "expected"),
    [
        (Guess(ANN, 0, 1.0), 100),
        (Guess(ANN, 0, 0.5), 75),
        (Guess(ANN, 0, 0.0), 50),
        (Guess(ANN, 0, 0.5, hinted=True), 38),
        (Guess(ANN, 0, 1.0, streak=1), 100),
        (Guess(ANN, 0, 1.0, streak=2), 120),  # this is the third in a row
        (Guess(ANN, 0, 0.0, hinted=True, streak=9), 30),
    ],
)
def test_points(guess: Guess, expected: int) -> None:
    assert points(guess) == expected


def test_a_near_tie_counts_for_both() -> None:
    game = a_round()
    game.happens(Judged(ROUND, "look", (0.40, 0.385, 0.205, 0.01)))
    for player, label in ((ANN, "0"), (BOB, "1"), (CEM, "2")):
        game.happens(Pressed(ROUND, player, label))
    game.happens(RoundSkipped(ROUND))
    assert [game.awards[p.id].points for p in (ANN, BOB, CEM)] == [100, 100, 0]
    assert [game.awards[p.id].rank for p in (ANN, BOB, CEM)] == [1, 1, 0]


def test_a_margin_of_two_points_is_a_win() -> None:
    state = replace(a_round().state, probabilities=(0.51, 0.49, 0.0, 0.0))
    assert beat_clip.right_labels(state) == {0}
    assert beat_clip.right_labels(replace(state, probabilities=(0.51, 0.4901, 0, 0))) == {0, 1}


def test_half_way_the_least_likely_label_is_struck_out_and_guesses_are_worth_half() -> None:
    game = a_round()
    game.happens(VERDICT)
    assert beat_clip.wakes_at(game.state) == game.now + 15
    game.happens(Tick(), 14)
    assert beat_clip.hint_at(game.state) == game.now + 1
    game.happens(Tick(), 1)
    assert game.state.struck == 3
    assert toasts(game.happens(Pressed(ROUND, ANN, "3"))) == ["struck"]
    game.happens(Pressed(ROUND, ANN, "0"))
    game.happens(Tick(), 15)
    assert game.awards[ANN.id].points == 38


def test_a_hint_that_waits_for_clip_comes_with_its_answer() -> None:
    game = a_round()
    game.happens(Tick(), 20)
    assert beat_clip.wakes_at(game.state) == game.state.ends_at
    game.happens(VERDICT)
    assert game.state.struck == 3


def test_two_labels_have_no_hint() -> None:
    game = a_round(LABELS[:2])
    game.happens(Judged(ROUND, "look", (0.9, 0.1)))
    game.happens(Tick(), 20)
    assert game.state.struck is None


def test_only_the_starter_or_an_admin_reveals() -> None:
    game = a_round()
    game.happens(VERDICT)
    game.happens(Pressed(ROUND, BOB, "0"), 5)
    assert toasts(game.happens(Pressed(ROUND, BOB, REVEAL))) == ["only starter"]
    assert game.given == []
    assert toasts(game.happens(Pressed(ROUND, ANN, REVEAL, may_end=True))) == ["revealed"]
    assert game.state.end is End.DONE
    assert game.awards[BOB.id].points == 92


def test_a_round_waits_for_a_late_verdict() -> None:
    game = a_round()
    game.happens(Pressed(ROUND, ANN, "0"))
    game.happens(Tick(), 30)
    assert game.state.phase is Phase.JUDGING
    assert toasts(game.happens(Pressed(ROUND, BOB, "0"))) == ["over"]
    game.happens(VERDICT, 100)
    assert game.awards[ANN.id].points == 100
    assert BOB.id not in game.awards


def test_a_verdict_that_never_comes_ends_the_round_without_points() -> None:
    game = a_round()
    game.happens(Pressed(ROUND, ANN, "0"))
    game.happens(Tick(), 30)
    game.happens(Tick(), ANSWER_TIMEOUT)
    assert game.state.end is End.NO_ANSWER
    assert game.given == []


def test_a_picture_that_cant_be_used_ends_the_round_without_points() -> None:
    game = a_round()
    game.happens(Pressed(ROUND, ANN, "0"))
    game.happens(Judged(ROUND, "look"))
    assert game.state.end is End.NO_PICTURE
    assert game.given == []


def test_a_stop_gives_no_points() -> None:
    game = a_round()
    game.happens(VERDICT)
    game.happens(Pressed(ROUND, ANN, "0"))
    game.happens(RoundStopped(ROUND))
    assert game.state.end is End.STOPPED
    assert game.given == []


def test_after_a_crash_the_time_goes_on_and_is_never_too_short() -> None:
    game = a_round()
    before = game.state.ends_at
    assert game.happens(Resumed(), 10) == (JudgeRequest("look", PHOTO, LABELS, draw=True),)
    assert game.state.ends_at == before
    game.happens(VERDICT)
    assert game.happens(Resumed(), 100) == ()
    assert game.state.ends_at == game.now + GRACE
    game.happens(Tick())  # brings the hint, which was due during the crash
    game.happens(Pressed(ROUND, ANN, "0"), GRACE - 1)
    game.happens(Tick(), 1)
    assert game.awards[ANN.id].points == 25  # half of it, and none of the round's own time is left


def test_a_person_who_wants_to_be_forgotten_is() -> None:
    game = a_round()
    game.happens(VERDICT)
    game.happens(Pressed(ROUND, ANN, "0"))
    game.happens(Pressed(ROUND, BOB, "0"))
    game.happens(Forgotten(ANN.id))
    game.happens(RoundSkipped(ROUND))
    assert set(game.awards) == {BOB.id}


def test_a_player_forgotten_after_the_end_is_in_no_result() -> None:
    game = a_round()
    game.happens(VERDICT)
    game.happens(Pressed(ROUND, ANN, "0"))
    game.happens(RoundSkipped(ROUND))
    game.happens(Forgotten(ANN.id))
    assert game.state.phase is Phase.OVER
    assert beat_clip.awards(game.state) == ()


def test_a_stored_round_is_read_as_it_was() -> None:
    game = a_round()
    game.happens(VERDICT)
    game.happens(Pressed(ROUND, ANN, "0"))
    assert decode(encode(game.state)) == game.state


shares = st.lists(st.floats(0, 1), min_size=0, max_size=5).map(tuple)
events: st.SearchStrategy[Event] = st.one_of(
    st.just(BoardShown()),
    st.just(Tick()),
    st.just(Resumed()),
    st.builds(
        Pressed,
        rounds,
        players,
        st.one_of(st.sampled_from(["0", "1", "2", "3", REVEAL]), st.text(max_size=5)),
        st.booleans(),
        st.integers(-1, 5),
    ),
    st.builds(Judged, rounds, st.sampled_from(["look", "old"]), shares),
    st.just(VERDICT),
    st.builds(TextReply, rounds, players, st.integers(1, 50), st.text(max_size=5)),
    st.builds(RoundStopped, rounds),
    st.builds(RoundSkipped, rounds),
    st.builds(Forgotten, st.integers(1, 6)),
)


@given(st.lists(st.tuples(events, waits), max_size=40))
def test_no_order_of_events_breaks_a_round(story: list[tuple[Event, float]]) -> None:
    game = PlayedRound(beat_clip.step, BeatClip(config=a_config(), media=PHOTO, labels=LABELS))
    firsts: dict[int, int] = {}
    for event, wait in story:
        before = game.state
        effects = game.happens(event, wait)
        if isinstance(event, Pressed):
            assert len(toasts(effects)) == 1  # the app waits for it
            if event.round in OTHERS:
                assert game.state == before
                assert toasts(effects) == ["over"]
        if isinstance(event, Forgotten) and before.phase is not Phase.OVER:
            firsts.pop(event.player_id, None)
        for guess in game.state.guesses:
            assert firsts.setdefault(guess.player.id, guess.label) == guess.label
        if before.phase is Phase.OVER and not isinstance(event, Forgotten):
            assert game.state == before
        assert decode(encode(game.state)) == game.state
    assert len(game.given) <= 1
    if game.given:
        assert game.state.end is End.DONE
        assert set(game.awards) == set(firsts)
        right = beat_clip.right_labels(game.state)
        for award in game.awards.values():
            assert (25 <= award.points <= 120) == (firsts[award.player.id] in right)
            assert award.points >= 0


@given(st.lists(st.tuples(events, waits), max_size=20))
def test_every_event_twice_is_as_good_as_once(story: list[tuple[Event, float]]) -> None:
    once = PlayedRound(beat_clip.step, BeatClip(config=a_config(), media=PHOTO, labels=LABELS))
    twice = PlayedRound(beat_clip.step, once.state)
    for event, wait in story:
        once.happens(event, wait)
        twice.happens(event, wait)
        twice.happens(event)
    assert once.given == twice.given
    assert once.state == twice.state

"""Photo hunt: a round from start to end, then any events in any order."""

from hypothesis import given
from hypothesis import strategies as st

from bot.games.hunt import rules as hunt
from bot.games.hunt.rules import MINE, TRIES
from bot.games.registry import decode, encode
from bot.games.rules.events import (
    BoardShown,
    Event,
    Forgotten,
    Judged,
    JudgeRequest,
    PhotoReply,
    Pressed,
    Resumed,
    RoundSkipped,
    RoundStopped,
    Tick,
    Toast,
)
from bot.games.rules.round import ANSWER_TIMEOUT, GRACE, End, Note, Phase
from tests.bot.games.hunt.played_hunt import (
    ALSO_RED,
    ANN,
    BLUE,
    BOB,
    CEM,
    DECOYS,
    RED,
    a_round,
    new_hunt,
    photo,
    verdict,
)
from tests.bot.games.played_round import OTHERS, PLAYERS, ROUND, players, rounds, toasts, waits


def test_a_round_from_start_to_end() -> None:
    game = a_round()
    assert game.happens(PhotoReply(ROUND, ANN, 11, photo(11))) == (
        JudgeRequest("shot11", photo(11), ("a red thing", *DECOYS), fingerprint=True),
    )
    game.happens(PhotoReply(ROUND, BOB, 12, photo(12)))
    game.happens(verdict(12, 0.931))
    game.happens(Tick(), 180)
    assert game.given == []  # CLIP still looks at one photo
    game.happens(verdict(11, 0.4))
    assert [(game.awards[p.id].points, game.awards[p.id].rank) for p in (ANN, BOB)] == [
        (40, 2),
        (93, 1),
    ]
    assert game.asked[-1] == JudgeRequest("chart", photo(12), ("a red thing", *DECOYS), draw=True)
    assert game.state.phase is Phase.JUDGING
    game.happens(Judged(ROUND, "chart", (0.9, 0.1, 0.0)))
    assert game.state.end is End.DONE


def test_clip_reads_the_source_language_and_the_chart_says_the_boards() -> None:
    game = new_hunt(asked=("a red thing", "x", "y"))
    game.happens(BoardShown())
    (ask,) = game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    assert isinstance(ask, JudgeRequest)
    assert ask.labels == ("a red thing", "x", "y")
    game.happens(verdict(11, 0.5))
    game.happens(RoundSkipped(ROUND))
    assert game.asked[-1].captions == ("a red thing", *DECOYS)


def test_nobody_sent_anything() -> None:
    game = a_round()
    game.happens(Tick(), 180)
    assert game.state.end is End.TOO_FEW
    assert game.asked == []


def test_a_photo_after_the_end_does_not_count() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(PhotoReply(ROUND, BOB, 12, photo(12)), 181)
    assert [shot.player for shot in game.state.shots] == [ANN]
    game.happens(PhotoReply(ROUND, CEM, 13, photo(13)))
    assert len(game.asked) == 1


def test_photos_that_clip_never_sees_do_not_delay_the_others() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(PhotoReply(ROUND, BOB, 12, photo(12)))
    game.happens(verdict(11, 0.5))
    game.happens(Tick(), 180)
    game.happens(Tick(), ANSWER_TIMEOUT)
    assert set(game.awards) == {ANN.id}
    game.happens(Tick(), 30)  # the chart never comes
    assert game.state.end is End.DONE


def test_a_round_that_gets_no_answer_gives_no_points() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(Tick(), 180)
    game.happens(Tick(), ANSWER_TIMEOUT)
    assert game.state.end is End.NO_ANSWER


def test_the_button_says_what_counts_and_how_much_time_is_left() -> None:
    game = a_round()
    assert toasts(game.happens(Pressed(ROUND, ANN, MINE))) == ["nothing yet"]
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(verdict(11, 0.5))
    (toast,) = game.happens(Pressed(ROUND, ANN, MINE), 30)
    assert toast == Toast(Note.YOURS, "📷 1/3 · 50", 150.0)


def test_after_a_crash_all_that_is_open_is_asked_again() -> None:
    game = a_round()
    for number in (11, 12):
        game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
    game.happens(verdict(11, 0.5))
    assert [e.key for e in game.happens(Resumed(), 500) if isinstance(e, JudgeRequest)] == [
        "shot12"
    ]
    game.happens(PhotoReply(ROUND, BOB, 13, photo(13)), GRACE - 1)
    assert len(game.state.shots) == 3
    game.happens(verdict(12, 0.6))
    game.happens(verdict(13, 0.7))
    game.happens(Tick(), 1)
    assert [e.key for e in game.happens(Resumed()) if isinstance(e, JudgeRequest)] == ["chart"]
    assert len(game.given) == 1


def test_a_person_who_wants_to_be_forgotten_is() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(PhotoReply(ROUND, BOB, 12, photo(12)))
    game.happens(verdict(12, 0.7))
    game.happens(RoundSkipped(ROUND))
    game.happens(Forgotten(ANN.id))  # the round waits for their photo
    assert set(game.awards) == {BOB.id}


def test_a_player_forgotten_while_the_chart_is_drawn_is_not_in_it() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(verdict(11, 0.7))
    game.happens(RoundSkipped(ROUND))
    game.happens(Forgotten(ANN.id))
    assert game.happens(Resumed()) == ()
    game.happens(Judged(ROUND, "chart", (1.0, 0.0, 0.0)))
    assert hunt.ranking(game.state) == ()


def test_a_player_forgotten_after_the_end_is_in_no_ranking() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(verdict(11, 0.7))
    game.happens(RoundSkipped(ROUND))
    game.happens(Tick(), 31)
    assert game.state.phase is Phase.OVER
    game.happens(Forgotten(ANN.id))
    assert hunt.ranking(game.state) == ()


shots = st.integers(10, 18)


events: st.SearchStrategy[Event] = st.one_of(
    st.just(BoardShown()),
    st.just(Tick()),
    st.just(Resumed()),
    st.builds(PhotoReply, rounds, players, shots, shots.map(photo)),
    st.builds(PhotoReply, st.just(ROUND), players, shots, shots.map(photo)),
    st.builds(
        Judged,
        rounds,
        st.one_of(shots.map(lambda n: f"shot{n}"), st.sampled_from(["chart", "shot", "look"])),
        st.lists(st.floats(0, 1), max_size=4).map(tuple),
        st.just(()),
        st.one_of(st.none(), st.sampled_from([RED, BLUE, ALSO_RED])),
    ),
    st.builds(Pressed, rounds, players, st.sampled_from([MINE, "0"])),
    st.builds(RoundStopped, rounds),
    st.builds(RoundSkipped, rounds),
    st.builds(Forgotten, st.integers(1, 6)),
)


@given(st.lists(st.tuples(events, waits), max_size=50))
def test_no_order_of_events_breaks_a_round(story: list[tuple[Event, float]]) -> None:
    game = new_hunt()
    for event, wait in story:
        before = game.state
        effects = game.happens(event, wait)
        if isinstance(event, Pressed):
            assert len(toasts(effects)) == 1
        if (
            isinstance(event, (PhotoReply, Judged, RoundStopped, RoundSkipped))
            and event.round in OTHERS
        ):
            assert game.state == before
        if before.phase is Phase.OVER and not isinstance(event, Forgotten):
            assert game.state == before
        assert decode(encode(game.state)) == game.state
        for old in before.shots:  # an answer of CLIP stays
            new = next((s for s in game.state.shots if s.message_id == old.message_id), old)
            assert old.share in {None, new.share}
    counted = hunt.counting(game.state)
    for player in PLAYERS:
        assert sum(shot.player == player for shot in counted) <= TRIES
    unique = {shot.media.unique_id for shot in counted}
    assert len(unique) == len(counted)
    assert len(game.given) <= 1
    for award in game.given[0].awards if game.given else ():
        assert 0 <= award.points <= 100
    if game.given:
        ids = [award.player.id for award in game.given[0].awards]
        assert len(ids) == len(set(ids))

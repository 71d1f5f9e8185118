"""Photo hunt: the rules one by one, then any events in any order."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.games.hunt import rules as hunt
from bot.games.hunt.rules import MINE, TRIES, Hunt, HuntNote
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
from bot.games.rules.round import ANSWER_TIMEOUT, GRACE, End, Note, Phase, Player, Remark
from bot.platform.models import Media
from inference.protocol.messages import Fingerprint
from tests.bot.games.played_round import (
    OTHERS,
    PLAYERS,
    ROUND,
    PlayedRound,
    a_config,
    players,
    rounds,
    toasts,
    waits,
)

ANN, BOB, CEM, DAN, EVE = PLAYERS
DECOYS = ("a dog", "a tree")
RED, BLUE = Fingerprint(bytes([200, 0, 0] * 64)), Fingerprint(bytes([0, 0, 200] * 64))
ALSO_RED = Fingerprint(bytes([196, 3, 0] * 64))


def photo(number: int) -> Media:
    return Media(f"file {number}", f"unique {number}", 100)


def print_of(number: int) -> Fingerprint:
    """Fingerprints of different photos."""
    return Fingerprint(bytes([number * 50 % 250, number // 5 * 50 % 250, 0] * 64))


def new_hunt(asked: tuple[str, ...] = ()) -> PlayedRound[Hunt]:
    state = Hunt(config=a_config(180.0), target="a red thing", decoys=DECOYS, asked=asked)
    return PlayedRound(hunt.step, state)


def a_round() -> PlayedRound[Hunt]:
    """A round whose board is up."""
    game = new_hunt()
    game.happens(BoardShown())
    return game


def verdict(number: int, share: float, seen: Fingerprint | None = None) -> Judged:
    rest = (1 - share) / 2
    return Judged(ROUND, f"shot{number}", (share, rest, rest), fingerprint=seen or print_of(number))


def notes(game: PlayedRound[Hunt]) -> list[str]:
    return [remark.note for remark in game.state.remarks]


def test_a_round_from_start_to_end() -> None:
    game = a_round()
    assert game.happens(PhotoReply(ROUND, ANN, 11, photo(11))) == (
        JudgeRequest("shot11", photo(11), ("a red thing", *DECOYS), fingerprint=True),
    )
    game.happens(PhotoReply(ROUND, BOB, 12, photo(12)))
    game.happens(verdict(12, 0.931))
    game.happens(Tick(), 180)
    assert game.given == []  # one photo is still in the model
    game.happens(verdict(11, 0.4))
    assert [(game.awards[p.id].points, game.awards[p.id].rank) for p in (ANN, BOB)] == [
        (40, 2),
        (93, 1),
    ]
    assert game.asked[-1] == JudgeRequest("chart", photo(12), ("a red thing", *DECOYS), draw=True)
    assert game.state.phase is Phase.JUDGING
    game.happens(Judged(ROUND, "chart", (0.9, 0.1, 0.0)))
    assert game.state.end is End.DONE


def test_clip_reads_english_and_the_chart_does_not() -> None:
    game = new_hunt(asked=("a red thing", "x", "y"))
    game.happens(BoardShown())
    (ask,) = game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    assert isinstance(ask, JudgeRequest)
    assert ask.labels == ("a red thing", "x", "y")
    game.happens(verdict(11, 0.5))
    game.happens(RoundSkipped(ROUND))
    assert game.asked[-1].captions == ("a red thing", *DECOYS)


def test_the_best_of_three_counts() -> None:
    game = a_round()
    for number, share in ((11, 0.2), (12, 0.8), (13, 0.5)):
        game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
        game.happens(verdict(number, share))
    assert game.happens(PhotoReply(ROUND, ANN, 14, photo(14))) == ()
    assert notes(game) == ["enough"]
    game.happens(RoundSkipped(ROUND))
    assert game.awards[ANN.id].points == 80


def test_the_same_file_does_not_count_whoever_sends_it() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    assert game.happens(PhotoReply(ROUND, BOB, 12, photo(11))) == ()
    assert notes(game) == ["same"]
    game.happens(verdict(11, 0.9))
    game.happens(RoundSkipped(ROUND))
    assert set(game.awards) == {ANN.id}


def test_a_copy_does_not_count_in_whatever_order_clip_answers() -> None:
    for order in itertools.permutations(
        [verdict(11, 0.6, RED), verdict(12, 0.9, ALSO_RED), verdict(13, 0.3, BLUE)]
    ):
        game = a_round()
        for number, player in ((11, ANN), (12, BOB), (13, BOB)):
            game.happens(PhotoReply(ROUND, player, number, photo(number)))
        for event in order:
            game.happens(event)
        assert game.state.remarks == (Remark(BOB, HuntNote.SAME),)
        game.happens(RoundSkipped(ROUND))
        assert {id_: a.points for id_, a in game.awards.items()} == {ANN.id: 60, BOB.id: 30}


def test_each_of_several_copies_is_told_in_whatever_order_clip_answers() -> None:
    senders = {11: ANN, 12: BOB, 13: CEM}
    for order in itertools.permutations(senders):
        game = a_round()
        for number, player in senders.items():
            game.happens(PhotoReply(ROUND, player, number, photo(number)))
        for number in order:
            game.happens(verdict(number, 0.6, RED))
        assert {remark.player for remark in game.state.remarks} == {BOB, CEM}


def test_the_same_file_belongs_to_whoever_sent_it_first_in_whatever_order_it_comes() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, BOB, 12, photo(1)))
    game.happens(PhotoReply(ROUND, ANN, 11, photo(1)))
    for number in (12, 11):
        game.happens(verdict(number, 0.6, RED))
    assert game.state.remarks == (Remark(BOB, HuntNote.SAME),)
    game.happens(RoundSkipped(ROUND))
    assert set(game.awards) == {ANN.id}


def test_a_fourth_photo_is_told_of_in_whatever_order_clip_answers() -> None:
    for order in itertools.permutations(range(10, 14)):
        game = a_round()
        for number in sorted(order):
            game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
        for number in order:
            game.happens(verdict(number, 0.5))
        assert game.state.remarks == (Remark(ANN, HuntNote.ENOUGH),)
        assert [shot.message_id for shot in hunt.counting(game.state)] == [10, 11, 12]


def test_what_is_no_copy_of_a_photo_that_counts_is_not_called_one() -> None:
    game = a_round()
    for number in (10, 11, 12, 13):
        game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
    game.happens(PhotoReply(ROUND, BOB, 14, photo(14)))
    for number in (10, 11, 12):
        game.happens(verdict(number, 0.5))
    for number in (13, 14):
        game.happens(verdict(number, 0.9, BLUE))
    assert game.state.remarks == (Remark(ANN, HuntNote.ENOUGH),)
    game.happens(RoundSkipped(ROUND))
    assert game.awards[BOB.id].rank == 1


def test_a_copy_and_an_unreadable_file_use_up_no_try() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, BOB, 10, photo(10)))
    game.happens(verdict(10, 0.1, RED))
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(verdict(11, 0.1, ALSO_RED))
    game.happens(PhotoReply(ROUND, ANN, 12, photo(12)))
    game.happens(Judged(ROUND, "shot12"))
    assert notes(game) == ["unreadable"]
    for number in (13, 14, 15):
        game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
        game.happens(verdict(number, 0.5))
    assert len([s for s in hunt.counting(game.state) if s.player == ANN]) == TRIES


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


def test_photos_that_clip_never_sees_do_not_hold_up_the_others() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(PhotoReply(ROUND, BOB, 12, photo(12)))
    game.happens(verdict(11, 0.5))
    game.happens(Tick(), 180)
    game.happens(Tick(), ANSWER_TIMEOUT)
    assert set(game.awards) == {ANN.id}
    game.happens(Tick(), 30)  # nor does a chart that never comes
    assert game.state.end is End.DONE


def test_clip_is_away_for_good() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(Tick(), 180)
    game.happens(Tick(), ANSWER_TIMEOUT)
    assert game.state.end is End.NO_ANSWER


def test_the_button_says_what_is_noted_and_how_long_there_is() -> None:
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


def test_who_wants_to_be_forgotten_is() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(PhotoReply(ROUND, BOB, 12, photo(12)))
    game.happens(verdict(12, 0.7))
    game.happens(RoundSkipped(ROUND))
    game.happens(Forgotten(ANN.id))  # whose photo was waited for
    assert set(game.awards) == {BOB.id}


def test_who_is_forgotten_while_the_chart_is_drawn_stays_out_of_it() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(verdict(11, 0.7))
    game.happens(RoundSkipped(ROUND))
    game.happens(Forgotten(ANN.id))
    assert game.happens(Resumed()) == ()
    game.happens(Judged(ROUND, "chart", (1.0, 0.0, 0.0)))
    assert hunt.ranking(game.state) == ()


def test_who_is_forgotten_after_the_end_stands_in_no_ranking() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    game.happens(verdict(11, 0.7))
    game.happens(RoundSkipped(ROUND))
    game.happens(Tick(), 31)
    assert game.state.phase is Phase.OVER
    game.happens(Forgotten(ANN.id))
    assert hunt.ranking(game.state) == ()


def test_copies_that_clip_has_not_seen_yet_use_up_no_try() -> None:
    game = a_round()
    for number in (11, 12, 13, 14):  # the first three turn out to be one photo
        assert game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
    for number in (11, 12, 13):
        game.happens(verdict(number, 0.2, RED))
    game.happens(verdict(14, 0.9))
    assert [shot.message_id for shot in hunt.counting(game.state)] == [11, 14]


def test_nobody_fills_a_round_alone() -> None:
    game = a_round()
    for number in range(10, 60):
        game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
    assert len(game.state.shots) == 3 * TRIES
    assert notes(game) == ["enough"]
    assert game.happens(PhotoReply(ROUND, BOB, 99, photo(99)))


def test_fifty_photos_all_scored_none_twice() -> None:
    game = a_round()
    numbers = range(100, 150)
    for number in numbers:
        player = Player(number // 3, f"P{number // 3}")
        game.happens(PhotoReply(ROUND, player, number, photo(number)), 3)
        game.happens(PhotoReply(ROUND, player, number, photo(number)))
    assert [ask.key for ask in game.asked] == [f"shot{number}" for number in numbers]
    for number in reversed(numbers):
        # a colour for each: no two differ by less than a copy's tolerance
        seen = Fingerprint(bytes([number % 7 * 40, number // 7 % 8 * 30, 0] * 64))
        game.happens(verdict(number, number / 200, seen))
    game.happens(Tick(), 180)
    assert len(hunt.counting(game.state)) == 50
    assert len(game.awards) == len({number // 3 for number in numbers})


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
        for old in before.shots:  # what CLIP said once stays
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

"""Photo hunt: which photos count."""

import itertools

from bot.games.hunt import rules as hunt
from bot.games.hunt.rules import TRIES, HuntNote
from bot.games.rules.events import Judged, PhotoReply, RoundSkipped, Tick
from bot.games.rules.round import Player, Remark
from inference.protocol.messages import Fingerprint
from tests.bot.games.hunt.played_hunt import (
    ALSO_RED,
    ANN,
    BLUE,
    BOB,
    CEM,
    RED,
    a_round,
    notes,
    photo,
    verdict,
)
from tests.bot.games.played_round import ROUND


def test_the_best_of_three_counts() -> None:
    game = a_round()
    for number, share in ((11, 0.2), (12, 0.8), (13, 0.5)):
        game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
        game.happens(verdict(number, share))
    assert game.happens(PhotoReply(ROUND, ANN, 14, photo(14))) == ()
    assert notes(game) == ["enough"]
    game.happens(RoundSkipped(ROUND))
    assert game.awards[ANN.id].points == 80


def test_the_same_file_does_not_count_twice() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, ANN, 11, photo(11)))
    assert game.happens(PhotoReply(ROUND, BOB, 12, photo(11))) == ()
    assert notes(game) == ["same"]
    game.happens(verdict(11, 0.9))
    game.happens(RoundSkipped(ROUND))
    assert set(game.awards) == {ANN.id}


def test_a_copy_does_not_count_in_any_order_of_answers() -> None:
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


def test_each_of_several_copies_gets_a_remark_in_any_order_of_answers() -> None:
    senders = {11: ANN, 12: BOB, 13: CEM}
    for order in itertools.permutations(senders):
        game = a_round()
        for number, player in senders.items():
            game.happens(PhotoReply(ROUND, player, number, photo(number)))
        for number in order:
            game.happens(verdict(number, 0.6, RED))
        assert {remark.player for remark in game.state.remarks} == {BOB, CEM}


def test_the_same_file_counts_for_its_first_sender_in_any_order() -> None:
    game = a_round()
    game.happens(PhotoReply(ROUND, BOB, 12, photo(1)))
    game.happens(PhotoReply(ROUND, ANN, 11, photo(1)))
    for number in (12, 11):
        game.happens(verdict(number, 0.6, RED))
    assert game.state.remarks == (Remark(BOB, HuntNote.SAME),)
    game.happens(RoundSkipped(ROUND))
    assert set(game.awards) == {ANN.id}


def test_a_fourth_photo_gets_a_remark_in_any_order_of_answers() -> None:
    for order in itertools.permutations(range(10, 14)):
        game = a_round()
        for number in sorted(order):
            game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
        for number in order:
            game.happens(verdict(number, 0.5))
        assert game.state.remarks == (Remark(ANN, HuntNote.ENOUGH),)
        assert [shot.message_id for shot in hunt.counting(game.state)] == [10, 11, 12]


def test_only_a_copy_of_a_photo_that_counts_is_called_a_copy() -> None:
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


def test_copies_that_clip_has_not_seen_yet_use_up_no_try() -> None:
    game = a_round()
    for number in (11, 12, 13, 14):  # the first three turn out to be one photo
        assert game.happens(PhotoReply(ROUND, ANN, number, photo(number)))
    for number in (11, 12, 13):
        game.happens(verdict(number, 0.2, RED))
    game.happens(verdict(14, 0.9))
    assert [shot.message_id for shot in hunt.counting(game.state)] == [11, 14]


def test_one_player_can_not_fill_a_round() -> None:
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

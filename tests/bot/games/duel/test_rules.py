"""Caption duel: the rules one by one, then any events in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.games.duel import rules as duel
from bot.games.duel.rules import MINE, SAME_MEANING, Duel, DuelNote
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
    Toast,
)
from bot.games.rules.round import ANSWER_TIMEOUT, GRACE, End, Note, Phase, Remark
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

ANN, BOB, CEM, DAN, EVE = PLAYERS


def a_round() -> PlayedRound[Duel]:
    """Return a round whose board is shown."""
    game = PlayedRound(duel.step, Duel(config=a_config(60.0), media=PHOTO))
    game.happens(BoardShown())
    return game


def phrases(game: PlayedRound[Duel]) -> dict[str, str]:
    return {entry.player.name: entry.phrase for entry in game.state.entries}


def remarks(game: PlayedRound[Duel]) -> list[Remark]:
    return list(game.state.remarks)


def test_a_round_from_start_to_end() -> None:
    game = a_round()
    for number, (player, phrase) in enumerate(
        [(ANN, "a sleepy cat"), (BOB, "a king"), (CEM, "soup"), (DAN, "rain, at last")], 10
    ):
        game.happens(TextReply(ROUND, player, number, phrase))
    assert game.happens(Tick(), 60) == (
        JudgeRequest(
            "decide",
            PHOTO,
            ("a sleepy cat", "a king", "soup", "rain, at last"),
            captions=(
                "Player 1: a sleepy cat",
                "Player 2: a king",
                "Player 3: soup",
                "Player 4: rain, at last",
            ),
            merge_above=SAME_MEANING,
            draw=True,
        ),
    )
    game.happens(Judged(ROUND, "decide", (0.2, 0.5, 0.05, 0.25), (0, 1, 2, 3)))
    assert game.state.end is End.DONE
    assert [(game.awards[p.id].points, game.awards[p.id].rank) for p in PLAYERS[:4]] == [
        (30, 3),
        (100, 1),
        (10, 0),
        (60, 2),
    ]
    assert EVE.id not in game.awards


def test_the_last_phrase_counts_and_edits_do_too() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "first"))
    game.happens(TextReply(ROUND, ANN, 12, "second"))
    game.happens(TextReply(ROUND, ANN, 10, "first"))  # delivered twice
    assert phrases(game) == {"Player 1": "second"}
    game.happens(TextReply(ROUND, ANN, 12, "third", edited=True))
    game.happens(TextReply(ROUND, ANN, 10, "edited too late", edited=True))
    assert phrases(game) == {"Player 1": "third"}


def test_an_edit_may_come_before_what_it_edits() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "edited", edited=True))
    game.happens(TextReply(ROUND, ANN, 10, "first"))
    assert phrases(game) == {"Player 1": "edited"}


@pytest.mark.parametrize(
    "text", ["one two three four five six seven eight nine", "x" * 101, "x" * 10_000]
)
def test_a_phrase_that_is_too_long_gets_a_remark_and_changes_nothing(text: str) -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    game.happens(TextReply(ROUND, ANN, 11, text))
    assert phrases(game) == {"Player 1": "a cat"}
    assert remarks(game) == [Remark(ANN, DuelNote.TOO_LONG)]
    game.happens(TextReply(ROUND, ANN, 12, "a dog"))
    assert remarks(game) == []


def test_eight_words_are_accepted_and_an_empty_reply_changes_nothing() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "one two  three four\nfive six seven eight"))
    game.happens(TextReply(ROUND, BOB, 11, " \u202e\u200b \n"))
    assert phrases(game) == {"Player 1": "one two three four five six seven eight"}


def test_a_phrase_is_one_caption_whatever_it_says() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "is it a dog or a cat?"))
    game.happens(TextReply(ROUND, BOB, 11, "dog / cat, or a bird"))
    assert phrases(game) == {
        "Player 1": "is it a dog or a cat?",
        "Player 2": "dog / cat, or a bird",
    }


def test_the_same_words_count_only_for_the_first_player() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "A cat"))
    game.happens(TextReply(ROUND, BOB, 11, "a CAT!"))
    game.happens(TextReply(ROUND, CEM, 12, "a dog"))
    assert remarks(game) == [Remark(BOB, DuelNote.TAKEN)]
    game.happens(Tick(), 60)
    assert game.asked[-1].labels == ("A cat", "a dog")
    game.happens(Judged(ROUND, "decide", (0.7, 0.3)))
    assert [game.awards[p.id].points for p in (ANN, BOB, CEM)] == [100, 10, 60]
    assert game.state.verdicts[-1].first == ANN


def test_nearly_the_same_meaning_counts_only_for_the_first_player() -> None:
    game = a_round()
    for number, (player, phrase) in enumerate([(ANN, "a cat"), (BOB, "a dog"), (CEM, "one cat")]):
        game.happens(TextReply(ROUND, player, 10 + number, phrase))
    game.happens(Tick(), 60)
    game.happens(Judged(ROUND, "decide", (0.4, 0.6, 0.0), (0, 1, 0)))
    assert [game.awards[p.id].points for p in (ANN, BOB, CEM)] == [60, 100, 10]
    assert game.state.verdicts[-1].first == ANN


def test_a_player_who_says_something_else_leaves_a_phrase_to_others() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    game.happens(TextReply(ROUND, BOB, 11, "a cat"))
    assert remarks(game) == [Remark(BOB, DuelNote.TAKEN)]
    game.happens(TextReply(ROUND, ANN, 12, "a dog"))
    assert remarks(game) == []
    game.happens(Tick(), 60)
    game.happens(Judged(ROUND, "decide", (0.7, 0.3)))
    assert [game.awards[p.id].points for p in (ANN, BOB)] == [60, 100]


def test_an_edit_does_not_steal_what_others_said_meanwhile() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "junk"))
    game.happens(TextReply(ROUND, BOB, 11, "a cat"))
    game.happens(TextReply(ROUND, ANN, 10, "a cat", edited=True))
    game.happens(Tick(), 60)
    assert [entry.player for entry in game.state.entries] == [BOB, ANN]


def test_replies_that_come_in_the_wrong_order_are_in_order() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, BOB, 11, "a cat"))
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    assert [entry.player for entry in game.state.entries] == [ANN, BOB]
    assert remarks(game) == [Remark(BOB, DuelNote.TAKEN)]


@pytest.mark.parametrize("count", [0, 1])
def test_a_duel_needs_two(count: int) -> None:
    game = a_round()
    for player in PLAYERS[:count]:
        game.happens(TextReply(ROUND, player, 10, "a cat"))
    game.happens(Tick(), 60)
    assert game.state.end is End.TOO_FEW
    assert game.asked == []


def test_two_players_with_one_phrase_are_judged() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    game.happens(TextReply(ROUND, BOB, 11, "a cat"))
    game.happens(RoundSkipped(ROUND))
    game.happens(Judged(ROUND, "decide", (0.3,)))
    assert [game.awards[p.id].points for p in (ANN, BOB)] == [100, 10]


def test_a_reply_after_the_end_does_not_count() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    game.happens(TextReply(ROUND, BOB, 11, "a dog"))
    game.happens(TextReply(ROUND, CEM, 12, "too late"), 61)
    assert game.state.phase is Phase.JUDGING
    assert len(game.asked) == 1
    game.happens(TextReply(ROUND, ANN, 13, "too late as well"))
    assert phrases(game) == {"Player 1": "a cat", "Player 2": "a dog"}


def test_the_button_says_what_counts_and_how_much_time_is_left() -> None:
    game = PlayedRound(duel.step, Duel(config=a_config(60.0), media=PHOTO))
    # A player may press before the bot knows that the board is shown.
    assert game.happens(Pressed(ROUND, ANN, MINE)) == (Toast(Note.NOTHING_YET, seconds=60.0),)
    game.happens(BoardShown())
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    (toast,) = game.happens(Pressed(ROUND, ANN, MINE), 20)
    assert toast == Toast(Note.YOURS, "a cat", 40.0)
    assert toasts(game.happens(Pressed(ROUND, ANN, "7"))) == ["over"]


def test_without_an_answer_or_a_picture_the_round_gives_no_points() -> None:
    for event, after, end in (
        (Tick(), ANSWER_TIMEOUT, End.NO_ANSWER),
        (Judged(ROUND, "decide"), 0.0, End.NO_PICTURE),
        (RoundStopped(ROUND), 0.0, End.STOPPED),
    ):
        game = a_round()
        game.happens(TextReply(ROUND, ANN, 10, "a cat"))
        game.happens(TextReply(ROUND, BOB, 11, "a dog"))
        game.happens(Tick(), 60)
        game.happens(event, after)
        assert game.state.end is end
        assert game.given == []


def test_after_a_crash_the_same_question_is_asked_again() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    assert game.happens(Resumed(), 1_000) == ()
    game.happens(TextReply(ROUND, BOB, 11, "a dog"), GRACE - 1)
    game.happens(Tick(), 1)
    asked = game.asked[-1]
    assert game.happens(Resumed()) == (asked,)  # the same question, which the queue knows


def test_a_person_who_wants_to_be_forgotten_is() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    game.happens(TextReply(ROUND, BOB, 11, "a dog"))
    game.happens(TextReply(ROUND, CEM, 12, "a cow"))
    game.happens(Forgotten(ANN.id))
    game.happens(Tick(), 60)
    assert game.asked[-1].labels == ("a dog", "a cow")
    game.happens(Forgotten(BOB.id))
    game.happens(Judged(ROUND, "decide", (0.7, 0.3)))
    assert {id_: award.points for id_, award in game.awards.items()} == {CEM.id: 60}


def test_a_player_forgotten_after_the_end_has_no_name_in_the_result() -> None:
    game = a_round()
    game.happens(TextReply(ROUND, ANN, 10, "a cat"))
    game.happens(TextReply(ROUND, BOB, 11, "a dog"))
    game.happens(Tick(), 60)
    game.happens(Judged(ROUND, "decide", (1.0, 0.0), (0, 0)))
    assert not duel.names_forgotten_player(game.state)
    game.happens(Forgotten(ANN.id))
    assert duel.names_forgotten_player(game.state)  # the chart has their name
    assert ANN not in [v.entry.player for v in game.state.verdicts]
    assert game.state.verdicts[1].first != ANN
    assert len(duel.awards(game.state)) == 2


texts = st.one_of(
    st.sampled_from(["a cat", "A CAT", "a dog", "one two three four five six seven eight nine"]),
    st.text(max_size=12),
)
events: st.SearchStrategy[Event] = st.one_of(
    st.just(BoardShown()),
    st.just(Tick()),
    st.just(Resumed()),
    st.builds(TextReply, rounds, players, st.integers(10, 30), texts, st.booleans()),
    st.builds(TextReply, st.just(ROUND), players, st.integers(10, 30), texts),
    st.builds(Pressed, rounds, players, st.sampled_from([MINE, "0"])),
    st.builds(
        Judged,
        rounds,
        st.sampled_from(["decide", "look"]),
        st.lists(st.floats(0, 1), max_size=5).map(tuple),
        st.lists(st.integers(-1, 5), max_size=5).map(tuple),
    ),
    st.builds(RoundStopped, rounds),
    st.builds(RoundSkipped, rounds),
    st.builds(Forgotten, st.integers(1, 6)),
)


@given(st.lists(st.tuples(events, waits), max_size=40), st.booleans())
def test_no_order_of_events_breaks_a_round(
    story: list[tuple[Event, float]], answered: bool
) -> None:
    game = PlayedRound(duel.step, Duel(config=a_config(60.0), media=PHOTO))
    for event, wait in story:
        before = game.state
        effects = game.happens(event, wait)
        if isinstance(event, Pressed):
            assert len(toasts(effects)) == 1
        if (
            isinstance(event, (TextReply, Judged, RoundStopped, RoundSkipped))
            and event.round in OTHERS
        ):
            assert game.state == before
        if before.phase is Phase.OVER and not isinstance(event, Forgotten):
            assert game.state == before
        ids = [entry.player.id for entry in game.state.entries if entry.player.id]
        assert len(ids) == len(set(ids))
        assert decode(encode(game.state)) == game.state
    if answered and game.state.phase is Phase.JUDGING:
        labels = game.asked[-1].labels
        game.happens(Judged(ROUND, "decide", tuple(1 / n for n in range(1, len(labels) + 1))))
        assert game.state.end is End.DONE
    assert len(game.given) <= 1
    for award in game.given[0].awards if game.given else ():
        assert award.points in {100, 60, 30, 10}
    if game.given:
        ranks = [award.rank for award in game.given[0].awards if award.rank]
        assert len(ranks) == len(set(ranks))
        assert {a.player.id for a in game.given[0].awards} == {
            entry.player.id for entry in game.state.entries if entry.player.id
        }

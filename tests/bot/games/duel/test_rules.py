"""Caption duel: the rules one by one, then any events in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.games.duel import rules as duel
from bot.games.duel.rules import MINE, SAME_MEANING, Duel
from bot.games.rules import decode, encode
from bot.games.rules.events import (
    Event,
    Forgotten,
    Judged,
    JudgeRequest,
    Pressed,
    Resumed,
    Said,
    Shown,
    Skipped,
    Stopped,
    Tick,
    Toast,
)
from bot.games.rules.round import GRACE, PATIENCE, End, Note, Phase, Remark
from tests.bot.games.players import (
    OTHERS,
    PHOTO,
    PLAYERS,
    ROUND,
    Referee,
    a_table,
    players,
    rounds,
    waits,
    whispers,
)

ANN, BOB, CEM, DAN, EVE = PLAYERS


def a_round() -> Referee[Duel]:
    """A round whose board is up."""
    referee = Referee(duel.step, Duel(table=a_table(60.0), media=PHOTO))
    referee.sees(Shown())
    return referee


def phrases(game: Referee[Duel]) -> dict[str, str]:
    return {entry.player.name: entry.phrase for entry in game.state.entries}


def remarks(game: Referee[Duel]) -> list[Remark]:
    return list(game.state.remarks)


def test_a_round_from_start_to_end() -> None:
    game = a_round()
    for number, (player, phrase) in enumerate(
        [(ANN, "a sleepy cat"), (BOB, "a king"), (CEM, "soup"), (DAN, "rain, at last")], 10
    ):
        game.sees(Said(ROUND, player, number, phrase))
    assert game.sees(Tick(), 60) == (
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
    game.sees(Judged(ROUND, "decide", (0.2, 0.5, 0.05, 0.25), (0, 1, 2, 3)))
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
    game.sees(Said(ROUND, ANN, 10, "first"))
    game.sees(Said(ROUND, ANN, 12, "second"))
    game.sees(Said(ROUND, ANN, 10, "first"))  # delivered once more
    assert phrases(game) == {"Player 1": "second"}
    game.sees(Said(ROUND, ANN, 12, "third", edited=True))
    game.sees(Said(ROUND, ANN, 10, "edited too late", edited=True))
    assert phrases(game) == {"Player 1": "third"}


def test_an_edit_may_come_before_what_it_edits() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "edited", edited=True))
    game.sees(Said(ROUND, ANN, 10, "first"))
    assert phrases(game) == {"Player 1": "edited"}


@pytest.mark.parametrize(
    "text", ["one two three four five six seven eight nine", "x" * 101, "x" * 10_000]
)
def test_what_is_too_long_is_remarked_and_changes_nothing(text: str) -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    game.sees(Said(ROUND, ANN, 11, text))
    assert phrases(game) == {"Player 1": "a cat"}
    assert remarks(game) == [Remark(ANN, Note.TOO_LONG)]
    game.sees(Said(ROUND, ANN, 12, "a dog"))
    assert remarks(game) == []


def test_eight_words_are_fine_and_nothing_is_nothing() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "one two  three four\nfive six seven eight"))
    game.sees(Said(ROUND, BOB, 11, " \u202e\u200b \n"))
    assert phrases(game) == {"Player 1": "one two three four five six seven eight"}


def test_the_same_words_belong_to_whoever_was_first() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "A cat"))
    game.sees(Said(ROUND, BOB, 11, "a CAT!"))
    game.sees(Said(ROUND, CEM, 12, "a dog"))
    assert remarks(game) == [Remark(BOB, Note.TAKEN)]
    game.sees(Tick(), 60)
    assert game.asked[-1].labels == ("A cat", "a dog")
    game.sees(Judged(ROUND, "decide", (0.7, 0.3)))
    assert [game.awards[p.id].points for p in (ANN, BOB, CEM)] == [100, 10, 60]
    assert game.state.verdicts[-1].first == ANN


def test_nearly_the_same_meaning_belongs_to_whoever_was_first() -> None:
    game = a_round()
    for number, (player, phrase) in enumerate([(ANN, "a cat"), (BOB, "a dog"), (CEM, "one cat")]):
        game.sees(Said(ROUND, player, 10 + number, phrase))
    game.sees(Tick(), 60)
    game.sees(Judged(ROUND, "decide", (0.4, 0.6, 0.0), (0, 1, 0)))
    assert [game.awards[p.id].points for p in (ANN, BOB, CEM)] == [60, 100, 10]
    assert game.state.verdicts[-1].first == ANN


def test_who_changes_their_mind_gives_a_phrase_free() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    game.sees(Said(ROUND, BOB, 11, "a cat"))
    assert remarks(game) == [Remark(BOB, Note.TAKEN)]
    game.sees(Said(ROUND, ANN, 12, "a dog"))
    assert remarks(game) == []
    game.sees(Tick(), 60)
    game.sees(Judged(ROUND, "decide", (0.7, 0.3)))
    assert [game.awards[p.id].points for p in (ANN, BOB)] == [60, 100]


def test_an_edit_does_not_steal_what_others_said_meanwhile() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "junk"))
    game.sees(Said(ROUND, BOB, 11, "a cat"))
    game.sees(Said(ROUND, ANN, 10, "a cat", edited=True))
    game.sees(Tick(), 60)
    assert [entry.player for entry in game.state.entries] == [BOB, ANN]


def test_replies_that_come_in_the_wrong_order_are_in_order() -> None:
    game = a_round()
    game.sees(Said(ROUND, BOB, 11, "a cat"))
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    assert [entry.player for entry in game.state.entries] == [ANN, BOB]
    assert remarks(game) == [Remark(BOB, Note.TAKEN)]


@pytest.mark.parametrize("count", [0, 1])
def test_a_duel_needs_two(count: int) -> None:
    game = a_round()
    for player in PLAYERS[:count]:
        game.sees(Said(ROUND, player, 10, "a cat"))
    game.sees(Tick(), 60)
    assert game.state.end is End.TOO_FEW
    assert game.asked == []


def test_two_players_with_one_phrase_are_judged() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    game.sees(Said(ROUND, BOB, 11, "a cat"))
    game.sees(Skipped(ROUND))
    game.sees(Judged(ROUND, "decide", (0.3,)))
    assert [game.awards[p.id].points for p in (ANN, BOB)] == [100, 10]


def test_a_reply_after_the_end_does_not_count() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    game.sees(Said(ROUND, BOB, 11, "a dog"))
    game.sees(Said(ROUND, CEM, 12, "too late"), 61)
    assert game.state.phase is Phase.JUDGING
    assert len(game.asked) == 1
    game.sees(Said(ROUND, ANN, 13, "too late as well"))
    assert phrases(game) == {"Player 1": "a cat", "Player 2": "a dog"}


def test_the_button_says_what_is_noted_and_how_long_there_is() -> None:
    game = Referee(duel.step, Duel(table=a_table(60.0), media=PHOTO))
    # Whoever sees the button may be faster than Telegram's word that the board is up.
    assert game.sees(Pressed(ROUND, ANN, MINE)) == (Toast(Note.NOTHING_YET, seconds=60.0),)
    game.sees(Shown())
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    (whisper,) = game.sees(Pressed(ROUND, ANN, MINE), 20)
    assert whisper == Toast(Note.YOURS, "a cat", 40.0)
    assert whispers(game.sees(Pressed(ROUND, ANN, "7"))) == ["over"]


def test_clip_away_or_the_picture_gone_ends_it_without_points() -> None:
    for event, after, end in (
        (Tick(), PATIENCE, End.NO_ANSWER),
        (Judged(ROUND, "decide"), 0.0, End.NO_PICTURE),
        (Stopped(ROUND), 0.0, End.STOPPED),
    ):
        game = a_round()
        game.sees(Said(ROUND, ANN, 10, "a cat"))
        game.sees(Said(ROUND, BOB, 11, "a dog"))
        game.sees(Tick(), 60)
        game.sees(event, after)
        assert game.state.end is end
        assert game.given == []


def test_after_a_crash() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    assert game.sees(Resumed(), 1_000) == ()
    game.sees(Said(ROUND, BOB, 11, "a dog"), GRACE - 1)
    game.sees(Tick(), 1)
    asked = game.asked[-1]
    assert game.sees(Resumed()) == (asked,)  # the same question, which the queue knows


def test_who_wants_to_be_forgotten_is() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    game.sees(Said(ROUND, BOB, 11, "a dog"))
    game.sees(Said(ROUND, CEM, 12, "a cow"))
    game.sees(Forgotten(ANN.id))
    game.sees(Tick(), 60)
    assert game.asked[-1].labels == ("a dog", "a cow")
    game.sees(Forgotten(BOB.id))
    game.sees(Judged(ROUND, "decide", (0.7, 0.3)))
    assert {id_: award.points for id_, award in game.awards.items()} == {CEM.id: 60}


def test_who_is_forgotten_after_the_end_has_no_name_in_the_result() -> None:
    game = a_round()
    game.sees(Said(ROUND, ANN, 10, "a cat"))
    game.sees(Said(ROUND, BOB, 11, "a dog"))
    game.sees(Tick(), 60)
    game.sees(Judged(ROUND, "decide", (1.0, 0.0), (0, 0)))
    assert not duel.is_of_somebody(game.state)
    game.sees(Forgotten(ANN.id))
    assert duel.is_of_somebody(game.state)  # whose name the chart has
    assert ANN not in [v.entry.player for v in game.state.verdicts]
    assert game.state.verdicts[1].first != ANN
    assert len(duel.awards(game.state)) == 2


texts = st.one_of(
    st.sampled_from(["a cat", "A CAT", "a dog", "one two three four five six seven eight nine"]),
    st.text(max_size=12),
)
events: st.SearchStrategy[Event] = st.one_of(
    st.just(Shown()),
    st.just(Tick()),
    st.just(Resumed()),
    st.builds(Said, rounds, players, st.integers(10, 30), texts, st.booleans()),
    st.builds(Said, st.just(ROUND), players, st.integers(10, 30), texts),
    st.builds(Pressed, rounds, players, st.sampled_from([MINE, "0"])),
    st.builds(
        Judged,
        rounds,
        st.sampled_from(["decide", "look"]),
        st.lists(st.floats(0, 1), max_size=5).map(tuple),
        st.lists(st.integers(-1, 5), max_size=5).map(tuple),
    ),
    st.builds(Stopped, rounds),
    st.builds(Skipped, rounds),
    st.builds(Forgotten, st.integers(1, 6)),
)


@given(st.lists(st.tuples(events, waits), max_size=40), st.booleans())
def test_no_order_of_events_breaks_a_round(
    story: list[tuple[Event, float]], answered: bool
) -> None:
    game = Referee(duel.step, Duel(table=a_table(60.0), media=PHOTO))
    for event, wait in story:
        before = game.state
        effects = game.sees(event, wait)
        if isinstance(event, Pressed):
            assert len(whispers(effects)) == 1
        if isinstance(event, (Said, Judged, Stopped, Skipped)) and event.round in OTHERS:
            assert game.state == before
        if before.phase is Phase.OVER and not isinstance(event, Forgotten):
            assert game.state == before
        ids = [entry.player.id for entry in game.state.entries if entry.player.id]
        assert len(ids) == len(set(ids))
        assert decode(encode(game.state)) == game.state
    if answered and game.state.phase is Phase.JUDGING:
        labels = game.asked[-1].labels
        game.sees(Judged(ROUND, "decide", tuple(1 / n for n in range(1, len(labels) + 1))))
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

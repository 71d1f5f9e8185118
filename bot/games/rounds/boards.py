"""What a round looks like: its board while it runs, and what is said when it is over.

Follows from the state alone. Names are links to their people in edits only, see
`Sentences.name_of`: what is sent anew must not ping anybody.
"""

import hashlib
from dataclasses import dataclass

from bot.games.beat_clip import game as guess_board
from bot.games.beat_clip.rules import BeatClip
from bot.games.duel import game as duel_board
from bot.games.duel.rules import Duel
from bot.games.hunt import game as hunt_board
from bot.games.hunt.rules import Hunt
from bot.games.rounds.pace import Urgency
from bot.games.rules import State, game_of
from bot.games.rules.round import End, Phase, RoundId
from bot.games.spec import Name, View
from bot.i18n import Sentences, speak
from bot.i18n.lengths import shown_units
from bot.platform.ports import Button, Buttons

# Bot API: a message has up to 4,096 characters, a caption 1,024; some are left for headings.
_BOARD_ROOM, _CAPTION_ROOM = 3_900, 1_000
_PREFIX = "game:r:"


@dataclass(frozen=True)
class Board:
    """A message with buttons.

    Attributes:
        digest: equal for boards that look the same.
    """

    text: str
    buttons: Buttons
    urgency: Urgency

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr((self.text, self.buttons)).encode()).hexdigest()[:16]


def board_of(state: State, *, fresh: bool) -> Board:
    """The board of a round.

    Args:
        fresh: it is sent anew; False: an edit.
    """
    sentences = speak(state.table.language)
    name = _name(sentences, linked=not fresh)
    if state.phase is Phase.OVER:
        text = _heading(state, sentences) + "\n" + _ending(state, sentences, name, _BOARD_ROOM)
        return Board(text, (), Urgency.RESULT)
    view = _running(state, sentences, name)
    buttons = tuple(
        tuple(Button(label, button_data(state.table.id, choice)) for label, choice in row)
        for row in view.buttons
    )
    return Board("\n".join(view.lines), buttons, view.urgency)


def result_of(state: State) -> str:
    """What is said anew once the round is over: the caption of its chart, if there is one."""
    sentences = speak(state.table.language)
    heading = _heading(state, sentences) + "\n"
    room = _CAPTION_ROOM - shown_units(heading)
    return heading + _ending(state, sentences, _name(sentences, linked=False), room)


def chart_title(state: State) -> str:
    """The heading of a chart."""
    sentences = speak(state.table.language)
    return sentences.game_name(game_of(state))


def _heading(state: State, sentences: Sentences) -> str:
    return f"<b>{sentences.game_name(game_of(state))}</b>"


def _ending(state: State, sentences: Sentences, name: Name, room: int) -> str:
    if state.end is not End.DONE:
        return sentences.called_off(state.end or End.STOPPED)
    return "\n".join(sentences.many(_result(state, sentences, name), room))


def _running(state: State, sentences: Sentences, name: Name) -> View:
    match state:
        case BeatClip():
            return guess_board.running(state, sentences, name)
        case Duel():
            return duel_board.running(state, sentences, name)
        case Hunt():
            return hunt_board.running(state, sentences, name)


def _result(state: State, sentences: Sentences, name: Name) -> list[str]:
    match state:
        case BeatClip():
            return guess_board.result(state, sentences, name)
        case Duel():
            return duel_board.result(state, sentences, name)
        case Hunt():
            return hunt_board.result(state, sentences, name)


def _name(sentences: Sentences, *, linked: bool) -> Name:
    return lambda player: sentences.name_of(player, linked=linked)


def button_data(round_id: RoundId, choice: str) -> str:
    """What a button of a board carries; the chat is where it is pressed."""
    return f"{_PREFIX}{round_id.number}:{choice}"


def pressed_in(data: str) -> tuple[int, str] | None:
    """The round's number and the choice that a button carries; None when it is none of a board."""
    if not data.startswith(_PREFIX):
        return None
    number, _, choice = data.removeprefix(_PREFIX).partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 20):
        return None
    return int(number), choice

"""What a round looks like: its board while it runs, and the result when it is over.

Both follow from the state alone. Names are mentions in edits only: a new message with a
mention would notify people.
"""

import hashlib
from dataclasses import dataclass
from functools import partial

from bot.games.registry import game_of
from bot.games.rules.round import End, Phase, Round, RoundId
from bot.games.spec.game_spec import Name, Urgency
from bot.games.spec.texts import GameTexts
from bot.i18n.lengths import shown_units
from bot.platform.ports import Button, Buttons, ChatPlatform

# UTF-16 units below a platform's limits that stay free; a board's heading takes some of them.
_TEXT_SPARE, _CAPTION_SPARE = 196, 24
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


def board_of(state: Round, platform: ChatPlatform, *, fresh: bool) -> Board:
    """Return the board of a round.

    Args:
        fresh: as a new message; False: as an edit.
    """
    game = game_of(state)
    texts = game.texts_in(state.config.language)
    name = _name(texts, platform, mentions=not fresh)
    if state.phase is Phase.OVER:
        text = _heading(texts) + "\n" + _ending(state, name, platform.text_limit - _TEXT_SPARE)
        return Board(text, (), Urgency.RESULT)
    view = game.running(state, texts, name)
    buttons = tuple(
        tuple(Button(label, button_data(state.config.id, choice)) for label, choice in row)
        for row in view.buttons
    )
    return Board("\n".join(view.lines), buttons, view.urgency)


def result_of(state: Round, platform: ChatPlatform) -> str:
    """Return the result of a round that is over: the caption of its chart, if there is one."""
    texts = game_of(state).texts_in(state.config.language)
    heading = _heading(texts) + "\n"
    room = platform.caption_limit - _CAPTION_SPARE - shown_units(heading)
    return heading + _ending(state, _name(texts, platform, mentions=False), room)


def _heading(texts: GameTexts) -> str:
    return f"<b>{texts.name()}</b>"


def _ending(state: Round, name: Name, room: int) -> str:
    game = game_of(state)
    texts: GameTexts = game.texts_in(state.config.language)
    if state.end is not End.DONE:
        return texts.ended_without_points(state.end or End.STOPPED)
    return "\n".join(texts.many(game.result(state, texts, name), room))


def _name(texts: GameTexts, platform: ChatPlatform, *, mentions: bool) -> Name:
    link = partial(platform.link_person, mentions=mentions)
    return lambda player: texts.name_of(player, link)


def button_data(round_id: RoundId, choice: str) -> str:
    """Return what a button of a board sends; the chat is the one in which it is pressed."""
    return f"{_PREFIX}{round_id.number}:{choice}"


def pressed_in(data: str) -> tuple[int, str] | None:
    """Return the round's number and the choice of a button; None when it is on no board."""
    if not data.startswith(_PREFIX):
        return None
    number, _, choice = data.removeprefix(_PREFIX).partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 20):
        return None
    return int(number), choice

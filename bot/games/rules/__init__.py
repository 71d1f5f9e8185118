"""The rules of the group games, as plain Python: no Telegram, no I/O, no clock of their own.

    step(state, event, now) → state, effects

A **state** is one round as a frozen value that fits into a database row. An **event** is what
happened: a press, a reply, a photo, CLIP's verdict, or time that passed. An **effect** is what has
to be done about it: whisper to whoever acted, ask CLIP, give points. `bot.games` carries effects
out and stores each state before it does, so that `kill -9` at any moment loses nothing: a round
that starts again is told `Resumed` and repeats the effects that are still open.

    OPENING ──Shown──▶ OPEN ──its time is up, or somebody ends it──▶ JUDGING ──▶ OVER
                        └────────────────/stop──────────────────────────────────▲

Three promises keep the rules simple:

- **Every event may come late, twice, or from anybody.** What does not fit the state changes
  nothing; points are given by the one step that leads to their being final, and never again.
- **What is shown follows from the state alone** (`bot.games.rounds.boards`). No effect says "edit":
  the runner compares what a round looks like with what was shown last, when its budget has room.
- **Time is the `now` that is handed in**, in Unix seconds. Deadlines are part of the state.

    round.py      what all rounds share        events.py   events and effects
    beat_clip.py  /guess                       play.py     the step of whichever game it is
"""

from bot.games.registry import GAMES, Game, State, begin, decode, encode, game_of, step, wakes_at
from bot.games.rules.round import End, Phase, Player, RoundConfig, RoundId

__all__ = [
    "GAMES",
    "End",
    "Game",
    "Phase",
    "Player",
    "RoundConfig",
    "RoundId",
    "State",
    "begin",
    "decode",
    "encode",
    "game_of",
    "step",
    "wakes_at",
]

"""What the rules of all games share, as plain Python: no platform, no I/O, no clock of its own.

    step(state, event, now) → state, effects

A **state** is one round as a frozen value that fits into a database row. An **event** is what
happened: a press, a reply, a photo, CLIP's answer, or time that passed. An **effect** is what the
bot has to do about it: show a toast to the person who acted, ask CLIP, give points. The runner
stores each state before it carries out the effects, so that `kill -9` at any moment loses nothing:
after a restart a round gets `Resumed`, and repeats the effects that are still open.

    OPENING ──BoardShown──▶ OPEN ──its time is up, or somebody ends it──▶ JUDGING ──▶ OVER
                             └────────────────────/stop────────────────────────────────▲

Three promises keep the rules simple:

- **Every event may come late, twice, or from anybody.** What does not fit the state changes
  nothing. Points are given by the one step that makes them final, and never again.
- **What is shown follows from the state alone** (`bot.games.rounds.boards`). No effect says "edit":
  the presenter compares what a round looks like with what was shown last, when it may edit.
- **Time is the `now` that is handed in**, in Unix seconds. Deadlines are part of the state.
"""

from bot.games.rules.round import End, Phase, Player, Round, RoundConfig, RoundId

__all__ = ["End", "Phase", "Player", "Round", "RoundConfig", "RoundId"]

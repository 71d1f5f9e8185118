"""Where games are played: rounds are stepped, stored, timed, judged and shown.

    a press, a reply ──▶ Arena.happens ──▶ bot.games.step ──▶ store
                             │ whispers to whoever acted, questions to CLIP (GameJobs)
    host of the round ───────┴──▶ ticks in time, and shows what the state looks like (Showman)
    results ──▶ Arena.take ──▶ bot.games.step ──▶ store

Knows no chat platform but `bot.platform.Platform`; the rules are in `bot.games`.
"""

from bot.arena.arena import Arena
from bot.arena.boards import button_data, pressed_in
from bot.arena.jobs import GameJobs
from bot.arena.pace import EditPace

__all__ = ["Arena", "EditPace", "GameJobs", "button_data", "pressed_in"]

"""Where games are played: rounds are stepped, stored, timed, judged and shown.

    a press, a reply ──▶ Arena.happens ──▶ bot.games.rules.step ──▶ store
                             │ whispers to whoever acted, questions to CLIP (GameJobs)
    host of the round ───────┴──▶ ticks in time, and shows what the state looks like (Showman)
    results ──▶ Arena.take ──▶ bot.games.rules.step ──▶ store

Knows no chat platform but `bot.platform.ports.Platform`; the rules are in `bot.games.rules`.
"""

# Each game's rules import from `rules`, which imports each game: `rules` has to begin.
from bot.games import rules as rules

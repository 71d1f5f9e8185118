"""Games with CLIP as the referee. Knows no chat platform but `bot.platform`.

rules/      what the rules of all games share: events, effects, rounds. Pure
spec/       what a game is made of: its `GameSpec`, texts, and the bot's own phrases
beat_clip/ duel/ hunt/   one game each: its rules, its texts, its `GameSpec`
registry.py the list of games: nothing else names one
rounds/     rounds under way: stepped, stored, timed, judged and shown
commands/   what people do: commands, replies to boards, pressed buttons

a press, a reply ─▶ GameCommands ─▶ GameRunner.happens ─▶ step of the game ─▶ RoundStore
                                        │ toasts to the person, questions to CLIP (GameJobs)
result of a job ───────────────────▶ GameRunner.take ───▶ step of the game ─▶ RoundStore
a task for each round: ticks in time; Presenter shows what the state looks like
"""

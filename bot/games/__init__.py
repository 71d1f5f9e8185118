"""Games with CLIP as the referee. They know no chat platform but `bot.platform`.

The folders, from bottom to top:

    rules/       what the rules of all games share: events, effects, rounds
    spec/        what a game is made of: `GameSpec`, texts, the bot's own phrases
    <a game>/    one folder a game: its rules, its texts, its `GameSpec`
    registry.py  the list of games; nothing else names one
    rounds/      running rounds: stepped, stored, timed, judged and shown
    commands/    what people do: commands, replies to boards, pressed buttons

How an event reaches a round:

    a press, a reply ─▶ GameCommands ─▶ GameRunner.happens ─▶ the game's step ─▶ RoundStore
                                            │ toasts to the person; questions to CLIP (GameJobs)
    a job's result ───────────────────▶ GameRunner.take ────▶ the game's step ─▶ RoundStore
    a task for each topic with a round: sends ticks in time; Presenter shows the state
"""

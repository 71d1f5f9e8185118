"""`clipbot bench`: how fast this machine answers, and how that compares with other ways.

    cli, run, runner    the command, and the process that leads the benchmark
    bot_side            a real `clipbot run` under load: end-to-end rounds, growth, memory
    model_side          a child process with torch: baselines, runtimes, the engine and its parts
    report              bench.json, the targets, and both on a terminal and as a page with plots

Nothing in bot, inference or clipbot_playground imports this package.
"""

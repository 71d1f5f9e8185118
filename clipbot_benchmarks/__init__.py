"""`clipbot bench` and `clipbot models`: how fast this machine answers, and with which model.

    cli, run, runner    the command, and the process that leads the benchmark
    bot_side            a real `clipbot run` under load: end-to-end rounds, growth, memory
    model_side          a child process with torch: baselines, runtimes, the engine and its parts
    models              `clipbot models`: a table of models, measured with random weights
    report              bench.json, the targets, and both on a terminal and as a page with plots

Nothing in bot, inference or clipbot_playground imports this package.
"""

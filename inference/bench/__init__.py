"""`clipbot bench`, the half that needs torch, transformers or matplotlib.

    pictures, checkpoints   what is measured with, made in a temporary folder
    turns                   how: contestants take turns, medians with their spread
    rivals, runtimes, ours  who: the notebook and the pipeline, raw towers, our engine and its parts
    answers, labels, gpu    are the answers true; what grows with labels; what a GPU does
    figures                 what is found: the file bench.json
    judged, table, page     what it means

`bot.bench` conducts: it runs this package as a child process, and measures what needs the bot.
"""

"""`clipbot bench`, the half that needs torch, transformers or matplotlib.

    pictures, checkpoints   what is measured with, made in a temporary folder
    reference               the checkpoint as transformers runs it
    turns, names            how: contestants take turns, medians with their spread
    rivals, runtimes, ours  who: the notebook and the pipeline, raw towers, our engine and its parts
    answers, label_growth   are the answers true; what grows with labels
    gpu, machine            what a GPU does; what all figures depend on
    measuring               all of these in one process, a round at a time
    figures                 what is found: the file bench.json
    judged, wording         what it means, line by line and in words
    table, page             where that is shown: on a terminal, and as docs/benchmarks.md
    plots, theme            the page's plots, and how they look

`clipbot_benchmarks.run` starts this package as a child process.
"""

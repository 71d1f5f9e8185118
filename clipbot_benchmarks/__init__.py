"""`clipbot bench`, the half that needs the bot: it conducts, and measures the whole road.

    bench       the conductor: sections, rounds, the file
    helper      a child process that is spoken with in lines of JSON
    crowd       such a child: the Bot API server and the people who send photos
    whole       `clipbot run` at that server, in processes of its own
    road        20 people at once, one person alone
    growth      more waiting photos, more stored people
    processes   memory and core-seconds of processes

What needs torch is in `clipbot_benchmarks.model_side`, which runs as a child process.
"""

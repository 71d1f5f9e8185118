"""`clipbot models`: the models with a short name, and how fast each is here.

cli       the command
table     what is known of each model, for a terminal, as Markdown and as JSON
speed     measures one model in a process of its own, with random weights of its shape
shapes    checkpoints with random weights
"""

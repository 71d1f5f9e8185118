"""How the bundled demo model is made: draw, caption, train, calibrate, evaluate, export.

`python -m training --help` is the one command. Nothing of this is shipped in the package; only
its result is, in `inference/demo_model/`.
"""

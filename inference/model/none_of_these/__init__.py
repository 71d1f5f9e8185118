"""Tells how well labels fit a picture, against everyday things that it may show instead.

`bank` holds these things, `bank_features` their text features for one checkpoint, and `fit` the
formula and its thresholds.
"""

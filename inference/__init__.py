"""The CLIP side of clipbot: jobs in, probabilities and charts out. Knows no chat platform.

`contract`, `errors`, `queue`, `settings` and `logs` are light and shared with the bot;
everything else may import torch, transformers, Pillow and matplotlib.
"""

"""Photo hunt (`/hunt`): who finds a photo of this? `game.py` has its `GameSpec`."""

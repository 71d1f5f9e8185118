"""Caption duel (`/duel`): who captions a photo best? `game.py` has its `GameSpec`."""

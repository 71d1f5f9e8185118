"""Beat CLIP (`/guess`): which label will CLIP choose? `game.py` has its `GameSpec`."""

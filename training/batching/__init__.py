"""Batches: pools of pictures, and the training batches made from them."""

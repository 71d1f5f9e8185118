"""Learning: losses, optimizers and the training loops."""

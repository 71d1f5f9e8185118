"""A Bot API server on loopback: the stage on which clipbot is tested and shown."""

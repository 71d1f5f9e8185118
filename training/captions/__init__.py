"""Captions: phrases about pictures, and which pictures each phrase fits."""

"""Computes the fingerprint of a picture, which recognizes copies: see `messages.Fingerprint`."""

from PIL.Image import Image, Resampling

from inference.protocol.messages import Fingerprint

_COLOUR_SIDE, _GREY_SIDE = 8, 16


def fingerprint(picture: Image) -> Fingerprint:
    """Return the fingerprint of an RGB picture of any size."""
    # Without `reducing_gap`, which would move the borders of the averaged areas by whole pixels.
    return Fingerprint(
        picture.resize((_COLOUR_SIDE, _COLOUR_SIDE), Resampling.BOX).tobytes(),
        # Converted to grey after resizing, so that a large picture is not copied.
        picture.resize((_GREY_SIDE, _GREY_SIDE), Resampling.BOX).convert("L").tobytes(),
    )

"""A picture's fingerprint, by which a copy of it is known again; see `contract.Fingerprint`."""

from PIL.Image import Image, Resampling

from inference.protocol.messages import Fingerprint

_SIDE, _FINER = 8, 16


def fingerprint(picture: Image) -> Fingerprint:
    """The fingerprint of an RGB picture of any size."""
    # Not in two steps (`reducing_gap`): that would move the parts' borders by whole pixels.
    return Fingerprint(
        picture.resize((_SIDE, _SIDE), Resampling.BOX).tobytes(),
        # Grey after it is small: a large picture need not be copied for it.
        picture.resize((_FINER, _FINER), Resampling.BOX).convert("L").tobytes(),
    )

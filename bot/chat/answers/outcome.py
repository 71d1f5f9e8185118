"""The numbers of an answer, which the buttons under it need: see the column `jobs.outcome`."""

import msgspec

from inference.protocol.messages import ImageOutcome, Result


class AnswerOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an answer says, without its chart.

    With the most and the longest labels for an album of ten pictures it has about 30 kB, usually
    300 bytes.

    Attributes:
        labels: as typed.
        images: in the order of the question's pictures.
    """

    labels: tuple[str, ...]
    images: tuple[ImageOutcome, ...]
    sigmoid_scores: bool = False


_decoder = msgspec.msgpack.Decoder(AnswerOutcome)


def packed(result: Result) -> bytes:
    """Return what is stored of a result."""
    images = tuple(msgspec.structs.replace(one, fingerprint=None) for one in result.images)
    return msgspec.msgpack.encode(
        AnswerOutcome(tuple(result.labels), images, result.sigmoid_scores)
    )


def unpacked(stored: bytes | None) -> AnswerOutcome | None:
    """Return what was stored; None if there is nothing, or another release stored it."""
    try:
        return _decoder.decode(stored) if stored else None
    except msgspec.MsgspecError:
        return None

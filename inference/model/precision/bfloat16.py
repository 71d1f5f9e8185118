"""bfloat16 on processors: where it is native, and whether a model keeps its answers in it.

A number in bfloat16 has eight significant bits. That moves the cosine of a picture and a text by
some 1e-4 to 1e-3, and CLIP multiplies cosines by up to 100. What comes of it depends on the model,
so it is measured on pictures and texts of many kinds before bfloat16 is chosen.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from PIL.Image import Image

from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.preprocessing import stacked
from inference.model.encoder.scoring import FloatArray
from inference.model.precision import samples

# A probability that is computed in bfloat16 because CLIP_DTYPE is `auto` differs by at most so much
# from that in float32.
PROMISED: Final = 0.02

# Other pictures and texts may move farther than those of the probe: half as far again.
_MARGIN: Final = 1.5

# A smaller model answers in milliseconds, and gains nothing from faster arithmetic.
LEAST_PARAMETERS: Final = 20_000_000

# For tests: `on` and `off` stand for a processor with and without instructions for bfloat16.
SWITCH: Final = "CLIPBOT_NATIVE_BFLOAT16"

_AT_ONCE: Final = 8  # pictures: a model that moves too far mostly does so among the first


def is_native(asked: Callable[[], bool]) -> bool:
    """Whether this processor has instructions for bfloat16; without them it is slow.

    Args:
        asked: has the library that will compute look at the processor.
    """
    forced = {"on": True, "off": False}.get(os.environ.get(SWITCH, ""))
    return asked() if forced is None else forced


def keeps_answers(exact: DualEncoder, rough: DualEncoder) -> bool:
    """Whether answers stay within `PROMISED` in another dtype, measured on the probe.

    Takes the time of 40 pictures and 40 texts for each at most, and of 8 pictures where the first
    ones already move too far: of ViT-B/32 in float32 7 and 2 seconds of one core of an AMD EPYC.

    Args:
        exact: of a model in float32.
        rough: of the same model in bfloat16.
    """
    texts = exact.tokenizer.tokens(samples.texts())
    before, after = exact.encode(texts), rough.encode(texts)
    for pictures in _chunks(samples.pictures(), _AT_ONCE):
        inputs = stacked([exact.prepare(picture) for picture in pictures])
        moved = largest_change(
            exact.logits(exact.image_features(inputs), before),
            rough.logits(rough.image_features(inputs), after),
            sigmoid_scores=exact.traits.sigmoid_scores,
        )
        if not _MARGIN * moved <= PROMISED:  # NaN is never less
            return False
    return True


def largest_change(before: FloatArray, after: FloatArray, *, sigmoid_scores: bool) -> float:
    """The most that a probability can change between two ways of computing the same logits.

    If logits change by amounts that lie within d of each other, the odds of any of them against
    any choice of the others change by a factor of at most exp(d), and a probability by at most
    tanh(d / 4): so far where it was near one half. A sigmoid's logit is compared with zero instead,
    whose change is zero.

    Args:
        before: logits, [pictures, texts].
        after: the same, computed in another way.

    Returns:
        0..1, whichever of the texts are the labels; NaN where a logit is not a number.
    """
    change = after.astype(np.float64) - before
    apart = np.abs(change) if sigmoid_scores else np.ptp(change, axis=1)
    return float(np.tanh(apart.max() / 4))


def _chunks(pictures: Sequence[Image], size: int) -> Iterator[Sequence[Image]]:
    for start in range(0, len(pictures), size):
        yield pictures[start : start + size]

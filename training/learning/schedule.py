"""The schedule of a run: steps, learning rates and the part of the patches that is encoded."""

import time
from dataclasses import dataclass
from typing import Final

_WARMUP: Final = 40  # steps


@dataclass(frozen=True)
class Schedule:
    """How long a run takes, and how fast it learns.

    Progress is the part of the training of both encoders that is over, 0..1.
    """

    steps: int
    muon_rate: float = 3e-3
    adam_rate: float = 1.5e-3
    # Pairs of a progress and the part of the patches that is encoded until then. The last part of
    # the training encodes all patches: before that, the model can't learn to count.
    patches: tuple[tuple[float, float], ...] = ((0.6, 0.4), (0.75, 0.55), (1.0, 1.0))
    averaging: float = 0.99  # decay of the averaged weights per step; with more, they lag behind
    save_every: int = 250  # steps

    def rate(self, step: int, progress: float) -> float:
        """Return the factor on the learning rates: warm-up, plateau, then down to 0.02.

        Args:
            step: the number of the step, which decides on the warm-up.
            progress: 0..1.
        """
        warm = min(1.0, (step + 1) / _WARMUP)
        return warm * (min(1.0, max(0.0, (1 - progress) / 0.6)) * 0.98 + 0.02)

    def patch_fraction(self, progress: float) -> float:
        """Return the part of the patches that is encoded, 0..1."""
        return next(part for until, part in self.patches if progress < until or until == 1.0)


def elapsed_fraction(start: float, until: float) -> float:
    """Return the part of the time from `start` to `until` that has passed, 0..1.

    Both are in seconds since the epoch.
    """
    now = time.time()
    return 1.0 if now >= until else (now - start) / (until - start)

"""Jobs through the model: one batch whatever their labels, and no job takes another down with it.

Runs in the model's thread; knows no queue. Three things can go wrong in a model call:

    out of memory       the batch is halved, and the size that fitted is remembered
    the device is lost  every later call in this process would fail too: `DeviceLost`
    anything else       the jobs are split in halves until the guilty one is alone with its error
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL.Image import Image

from inference.classifier import Classifier
from inference.contract import ImageOutcome, Job
from inference.errors import DeviceLost, Problem, ProblemCode
from inference.scores import FloatArray

if TYPE_CHECKING:
    from inference.engine import LabelSet

log = logging.getLogger(__name__)

# torch says "CUDA out of memory" on a GPU, "can't allocate memory" on a CPU, and cuBLAS its own.
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "alloc_failed")
# An illegal access or a failed assertion on the device breaks its context for the whole process.
# https://pytorch.org/docs/stable/notes/cuda.html; torch.AcceleratorError is a RuntimeError
_DEVICE_WORDS = ("cuda error", "hip error", "acceleratorerror")


@dataclass(frozen=True)
class ReadJob:
    """A job whose pictures have been decoded, or refused, each by itself."""

    job: Job
    pictures: tuple[Image | Problem, ...]
    decode_seconds: float = 0.0

    @property
    def images(self) -> list[Image]:
        """The pictures that could be read, in order."""
        return [picture for picture in self.pictures if not isinstance(picture, Problem)]


# One outcome for each picture; or what is wrong with the job as a whole; or None where there was
# no memory for even a single picture, which may be different later or elsewhere.
JobOutcome = list[ImageOutcome] | Problem | None


class Batcher:
    """Runs pictures through a classifier, at most `size` at a time.

    Attributes:
        size: pictures in a batch; halves when memory runs out, and stays there.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def answer(self, classifier: Classifier, jobs: Sequence[ReadJob]) -> list[JobOutcome]:
        """What became of each job, in order.

        Raises:
            DeviceLost: nothing was answered, and nothing will be by this process.
        """
        try:
            return self._together(classifier, jobs)
        except Exception as error:
            if _device_lost(error):
                raise DeviceLost(
                    f"The GPU failed ({_brief(error)}); this worker has to be started again."
                ) from error
            if len(jobs) == 1:
                return [_alone(jobs[0], error)]
            log.warning("A batch of %d jobs failed (%s); trying halves.", len(jobs), _brief(error))
        # Not inside `except`: there the traceback still holds the failed call's tensors.
        half = len(jobs) // 2
        return self.answer(classifier, jobs[:half]) + self.answer(classifier, jobs[half:])

    def _together(self, classifier: Classifier, jobs: Sequence[ReadJob]) -> list[JobOutcome]:
        # here and not above: it imports torch, and a worker must start without
        from inference.engine import LabelSet

        images, label_sets = [], []
        for read in jobs:
            images += read.images
            label_sets += [LabelSet(tuple(read.job.labels), read.job.template)] * len(read.images)
        rows = iter(self.rows(classifier, images, label_sets))
        return [_outcomes(read, rows) for read in jobs]

    def rows(
        self, classifier: Classifier, images: Sequence[Image], label_sets: Sequence[LabelSet]
    ) -> list[FloatArray]:
        """FloatArray of each picture's own labels, in as few calls as `size` allows.

        Raises:
            Exception: what the classifier raises, out of memory for a single picture included.
        """
        done: list[FloatArray] = []
        while len(done) < len(images):
            part = slice(len(done), len(done) + self.size)
            try:
                done += classifier.classify(images[part], label_sets[part])
                continue
            except Exception as error:
                tried = len(images[part])
                if tried == 1 or not _out_of_memory(error):
                    raise
            self.size = tried // 2  # again outside of `except`, so that memory is free by now
            log.warning(
                "Out of memory with %d pictures; from now on at most %d at a time.",
                tried,
                self.size,
            )
        return done


def _outcomes(read: ReadJob, rows: Iterator[FloatArray]) -> list[ImageOutcome]:
    """Takes as many rows as the job has readable pictures."""
    outcomes = []
    for picture in read.pictures:
        if isinstance(picture, Problem):
            outcomes.append(ImageOutcome(problem=picture))
            continue
        outcomes.append(ImageOutcome([float(p) for p in next(rows)]))
    return outcomes


def _alone(read: ReadJob, error: Exception) -> Problem | None:
    if _out_of_memory(error):
        log.error("Job %s: no memory for a single picture.", read.job.id)
        return None
    log.error("Job %s fails in the model.", read.job.id, exc_info=error)
    return Problem(ProblemCode.INTERNAL)


def _out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _MEMORY_WORDS)


def _device_lost(error: Exception) -> bool:
    text = f"{type(error).__name__}: {error}".lower()
    return (
        isinstance(error, RuntimeError)
        and not _out_of_memory(error)
        and any(words in text for words in _DEVICE_WORDS)
    )


def _brief(error: Exception) -> str:
    """The error's type and first line: torch's texts run over a page."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"

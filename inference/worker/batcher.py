"""Running jobs through the model: one batch for all labels, and no job makes another one fail.

This runs in the model's thread and knows no queue. A call of the model can fail in three ways:

    out of memory       the batch is halved, and the size that fits is remembered
    the device is lost  every later call in this process would fail as well: `DeviceLost`
    any other error     the jobs are split in halves until the one that fails is alone

A call can also return scores that are not numbers: then that picture gets a problem instead.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL.Image import Image

from inference.model.classifier import Classifier, Comparison, LabelSet, Prepared
from inference.model.encoder.scoring import FloatArray
from inference.protocol.errors import DeviceLost, Problem, ProblemCode
from inference.protocol.messages import Fingerprint, ImageOutcome, Job

log = logging.getLogger(__name__)

# What torch reports on a GPU, what it reports on a CPU, and what cuBLAS reports.
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "alloc_failed")
# An illegal access or a failed assertion on the device makes it unusable for the whole process.
# https://pytorch.org/docs/stable/notes/cuda.html; torch.AcceleratorError is a RuntimeError
_DEVICE_WORDS = ("cuda error", "hip error", "acceleratorerror")


@dataclass(frozen=True)
class ReadJob:
    """A job whose pictures are decoded.

    Attributes:
        pictures: each file of the job, or why it was refused.
        prepared: for each picture the model's input. None if the picture was refused or could not
            be prepared: then the model's call raises the error.
        fingerprints: one for each picture. None if it was refused or the job wants none.
    """

    job: Job
    pictures: tuple[Image | Problem, ...]
    prepared: tuple[Prepared, ...] = ()
    decode_seconds: float = 0.0
    fingerprints: tuple[Fingerprint | None, ...] = ()

    @property
    def images(self) -> list[Image]:
        """The pictures that could be decoded, in order."""
        return [picture for picture in self.pictures if not isinstance(picture, Problem)]

    @property
    def inputs(self) -> list[Image | Prepared]:
        """The model's inputs for `images`: prepared if possible, else the picture itself."""
        prepared = self.prepared or (None,) * len(self.pictures)
        return [
            picture if ready is None else ready
            for picture, ready in zip(self.pictures, prepared, strict=True)
            if not isinstance(picture, Problem)
        ]


# One outcome for each picture; or the problem of the whole job; or None if there was no memory even
# for a single picture: later, or on another machine, there may be enough.
JobOutcome = list[ImageOutcome] | Problem | None


class Batcher:
    """A classifier's calls, each with at most `size` pictures.

    Attributes:
        size: pictures in a batch; halved when memory runs out, for good.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def answer(self, classifier: Classifier, jobs: Sequence[ReadJob]) -> list[JobOutcome]:
        """Return the outcome of each job, in order.

        Raises:
            DeviceLost: no job has an outcome, and this process can't compute one.
        """
        try:
            return self._together(classifier, jobs)
        except Exception as error:
            if _device_lost(error):
                raise DeviceLost(
                    f"The GPU failed ({_brief(error)}); this worker must be restarted."
                ) from error
            if len(jobs) == 1:
                return [_failed_alone(jobs[0], error)]
            log.warning(
                "A batch of %d jobs failed (%s); trying each half.", len(jobs), _brief(error)
            )
        # Outside of `except`: inside, the traceback keeps the tensors of the failed call.
        half = len(jobs) // 2
        return self.answer(classifier, jobs[:half]) + self.answer(classifier, jobs[half:])

    def _together(self, classifier: Classifier, jobs: Sequence[ReadJob]) -> list[JobOutcome]:
        images, label_sets = [], []
        merged = [_same_as(classifier, read) for read in jobs]
        for read, same_as in zip(jobs, merged, strict=True):
            images += read.inputs
            labels = _compared(read.job.labels, same_as)
            label_sets += [LabelSet(tuple(labels), read.job.template)] * len(read.images)
        found = iter(self.compare(classifier, images, label_sets))
        return [_outcomes(read, found, same) for read, same in zip(jobs, merged, strict=True)]

    def rows(
        self,
        classifier: Classifier,
        images: Sequence[Image | Prepared],
        label_sets: Sequence[LabelSet],
    ) -> list[FloatArray]:
        """Return the probabilities of `compare`."""
        return [found.probabilities for found in self.compare(classifier, images, label_sets)]

    def compare(
        self,
        classifier: Classifier,
        images: Sequence[Image | Prepared],
        label_sets: Sequence[LabelSet],
    ) -> list[Comparison]:
        """Compare each picture with its own labels, in as few calls as `size` allows.

        Raises:
            Exception: what the classifier raises; out of memory only for a single picture.
        """
        done: list[Comparison] = []
        while len(done) < len(images):
            part = slice(len(done), len(done) + self.size)
            try:
                done += classifier.compare(images[part], label_sets[part])
                continue
            except Exception as error:
                tried = len(images[part])
                if tried == 1 or not _out_of_memory(error):
                    raise
            self.size = tried // 2  # outside of `except`, so that the memory is free
            log.warning(
                "Out of memory with %d pictures; from now on a batch has at most %d.",
                tried,
                self.size,
            )
        return done


def _same_as(classifier: Classifier, read: ReadJob) -> list[int]:
    """Return for each label the first with nearly the same meaning; empty if none are merged."""
    if read.job.merge_above is None or not read.images:
        return []
    label_set = LabelSet(tuple(read.job.labels), read.job.template)
    return classifier.group_similar(label_set, read.job.merge_above)


def _compared(labels: Sequence[str], same_as: Sequence[int]) -> list[str]:
    """Return the labels that are compared: all, or the first of each meaning."""
    return [label for i, label in enumerate(labels) if not same_as or same_as[i] == i]


def _outcomes(
    read: ReadJob, comparisons: Iterator[Comparison], same_as: list[int]
) -> list[ImageOutcome]:
    """Return the job's outcomes; takes a comparison for each picture that could be decoded."""
    outcomes = []
    prints = read.fingerprints or (None,) * len(read.pictures)
    for picture, fingerprint in zip(read.pictures, prints, strict=True):
        if isinstance(picture, Problem):
            outcomes.append(ImageOutcome(problem=picture))
            continue
        compared = next(comparisons)
        row = [float(p) for p in compared.probabilities]
        if not all(map(math.isfinite, row)):
            log.error(
                "Job %s: a picture's scores are not numbers; CLIP_DTYPE=float32 may help.",
                read.job.id,
            )
            outcomes.append(ImageOutcome(problem=Problem(ProblemCode.INTERNAL)))
            continue
        if same_as:
            shares = iter(row)
            row = [next(shares) if first == i else 0.0 for i, first in enumerate(same_as)]
        outcomes.append(
            ImageOutcome(
                row,
                same_as=same_as,
                fingerprint=fingerprint,
                fit=compared.fit,
                none_fits=compared.none_fits,
                looks_like_photo=compared.looks_like_photo,
            )
        )
    return outcomes


def _failed_alone(read: ReadJob, error: Exception) -> Problem | None:
    if _out_of_memory(error):
        log.error("Job %s: out of memory with a single picture.", read.job.id)
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
    """Return the error's type and first line: torch's texts can fill a page."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"

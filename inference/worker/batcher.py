"""Jobs through the model: one batch whatever their labels, and no job takes another down with it.

Runs in the model's thread; knows no queue. Three things can go wrong in a model call:

    out of memory       the batch is halved, and the size that fitted is remembered
    the device is lost  every later call in this process would fail too: `DeviceLost`
    anything else       the jobs are split in halves until the guilty one is alone with its error

and one in what it returns: a picture whose scores are no numbers has a problem instead of them.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL.Image import Image

from inference.model.classifier import Classifier, LabelSet, Prepared
from inference.model.encoder.scoring import FloatArray, apply_template
from inference.protocol.errors import DeviceLost, Problem, ProblemCode
from inference.protocol.messages import Fingerprint, ImageOutcome, Job

log = logging.getLogger(__name__)

# torch says "CUDA out of memory" on a GPU, "can't allocate memory" on a CPU, and cuBLAS its own.
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "alloc_failed")
# An illegal access or a failed assertion on the device breaks its context for the whole process.
# https://pytorch.org/docs/stable/notes/cuda.html; torch.AcceleratorError is a RuntimeError
_DEVICE_WORDS = ("cuda error", "hip error", "acceleratorerror")


@dataclass(frozen=True)
class ReadJob:
    """A job whose pictures have been decoded, or refused, each by itself.

    Attributes:
        prepared: for each picture what the model takes in its place; None where it was refused, or
            could not be prepared: then the model's call will say why.
        fingerprints: one for each picture; None where it was refused, or none was wanted.
    """

    job: Job
    pictures: tuple[Image | Problem, ...]
    prepared: tuple[Prepared, ...] = ()
    decode_seconds: float = 0.0
    fingerprints: tuple[Fingerprint | None, ...] = ()

    @property
    def images(self) -> list[Image]:
        """The pictures that could be read, in order."""
        return [picture for picture in self.pictures if not isinstance(picture, Problem)]

    @property
    def inputs(self) -> list[Image | Prepared]:
        """The same, prepared for the model where that was done."""
        prepared = self.prepared or (None,) * len(self.pictures)
        return [
            picture if ready is None else ready
            for picture, ready in zip(self.pictures, prepared, strict=True)
            if not isinstance(picture, Problem)
        ]


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
        images, label_sets = [], []
        merged = [_merged(classifier, read) for read in jobs]
        for read, same_as in zip(jobs, merged, strict=True):
            images += read.inputs
            labels = _kept(read.job.labels, same_as)
            label_sets += [LabelSet(tuple(labels), read.job.template)] * len(read.images)
        rows = iter(self.rows(classifier, images, label_sets))
        return [_outcomes(read, rows, same) for read, same in zip(jobs, merged, strict=True)]

    def rows(
        self,
        classifier: Classifier,
        images: Sequence[Image | Prepared],
        label_sets: Sequence[LabelSet],
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


def _merged(classifier: Classifier, read: ReadJob) -> list[int]:
    """For each label the first that means nearly the same; empty where the job keeps all apart."""
    if read.job.merge_above is None or not read.images:
        return []
    texts = [apply_template(read.job.template, label) for label in read.job.labels]
    return classifier.group_similar(texts, read.job.merge_above)


def _kept(labels: Sequence[str], same_as: Sequence[int]) -> list[str]:
    """The labels that are compared: all, or the first of each meaning."""
    return [label for i, label in enumerate(labels) if not same_as or same_as[i] == i]


def _outcomes(read: ReadJob, rows: Iterator[FloatArray], same_as: list[int]) -> list[ImageOutcome]:
    """Takes as many rows as the job has readable pictures."""
    outcomes = []
    prints = read.fingerprints or (None,) * len(read.pictures)
    for picture, fingerprint in zip(read.pictures, prints, strict=True):
        if isinstance(picture, Problem):
            outcomes.append(ImageOutcome(problem=picture))
            continue
        row = [float(p) for p in next(rows)]
        if not all(map(math.isfinite, row)):
            log.error(
                "Job %s: a picture's scores are no numbers; CLIP_DTYPE=float32 may help.",
                read.job.id,
            )
            outcomes.append(ImageOutcome(problem=Problem(ProblemCode.INTERNAL)))
            continue
        if same_as:
            shares = iter(row)
            row = [next(shares) if first == i else 0.0 for i, first in enumerate(same_as)]
        outcomes.append(ImageOutcome(row, same_as=same_as, fingerprint=fingerprint))
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

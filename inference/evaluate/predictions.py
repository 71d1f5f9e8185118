"""Runs a model over a dataset: files → pictures → what it says with each template → journals.

A picture is encoded once for all templates. The next batch is decoded while the model works, so
that memory holds two batches, however many pictures there are.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from inference import cores
from inference.evaluate.dataset import Dataset, LabelledPicture
from inference.evaluate.journal import Prediction, PredictionJournal, printable
from inference.images.decoding import decode
from inference.images.memory_budget import MemoryBudget
from inference.model.classifier import Classifier, Comparison, LabelSet, Prepared
from inference.protocol.errors import ImageRefused, OperatorError, TooLargeForHost
from inference.protocol.settings import WorkerSettings
from inference.worker.batcher import Batcher

BEST = 5  # labels that are kept of each picture

# As in `inference.worker.pipeline`: Pillow stores RGB in 4 bytes per pixel.
_BYTES_PER_PIXEL = 4

Template = str | None


@dataclass
class Pass:
    """What came of one pass of a model over a dataset.

    Attributes:
        unreadable: for each file without predictions, its name and one sentence that says why.
        computed: pictures that went through the model, which the journals did not have.
        seconds: that this took, with reading the files.
        model_seconds: the part of it in which the model worked.
    """

    unreadable: dict[str, str] = field(default_factory=dict)
    computed: int = 0
    seconds: float = 0.0
    model_seconds: float = 0.0


@dataclass(frozen=True)
class _Read:
    """A file that is read: the model's input, or why there is none."""

    picture: LabelledPicture
    stat: os.stat_result | None = None
    prepared: Prepared = None
    problem: str = ""


class Predictor:
    """Runs one model over a dataset.

    Args:
        journals: one for each template; what they have is not computed again.
        on_progress: called with the number of pictures that are done, after each batch.
    """

    def __init__(
        self,
        dataset: Dataset,
        classifier: Classifier,
        settings: WorkerSettings,
        journals: Mapping[Template, PredictionJournal],
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        self._dataset = dataset
        self._classifier = classifier
        self._journals = journals
        self._on_progress = on_progress
        self._batch = settings.max_batch
        self._batcher = Batcher(0)
        self._tells_fit = False
        self._max_megapixels = settings.max_megapixels
        self._budget = MemoryBudget(int(settings.max_megapixels * 1e6 * _BYTES_PER_PIXEL))

    def run(self) -> Pass:
        """Fill the journals.

        Raises:
            OperatorError: a journal can't be written, or the model fails.
        """
        result = Pass()
        stats = [_stat(picture) for picture in self._dataset.pictures]
        for journal in self._journals.values():
            journal.keep_valid(zip(self._dataset.pictures, stats, strict=True))
        left = [
            picture
            for picture in self._dataset.pictures
            if any(
                printable(picture.name) not in journal.done for journal in self._journals.values()
            )
        ]
        done = len(self._dataset.pictures) - len(left)
        self._on_progress(done)
        self._tells_fit = bool(left) and self._can_tell_fit()
        started = time.perf_counter()
        for batch in self._batches(left):
            readable = [read for read in batch if not read.problem]
            at = time.perf_counter()
            problems = self._predict(readable)
            result.model_seconds += time.perf_counter() - at
            problems |= {read.picture.name: read.problem for read in batch if read.problem}
            result.unreadable |= {printable(name): why for name, why in problems.items()}
            result.computed += len(batch) - len(problems)
            done += len(batch)
            self._on_progress(done)
        result.seconds = time.perf_counter() - started
        return result

    def _batches(self, pictures: Sequence[LabelledPicture]) -> Iterator[list[_Read]]:
        """Yield the pictures in batches; read each batch while the caller uses the one before."""
        parts = (pictures[at : at + self._batch] for at in range(0, len(pictures), self._batch))
        with ThreadPoolExecutor(min(8, cores.available()), "decode") as pool:
            try:
                ahead = [pool.submit(self._read, picture) for picture in next(parts, ())]
                while ahead:
                    current = ahead
                    ahead = [pool.submit(self._read, picture) for picture in next(parts, ())]
                    yield [reading.result() for reading in current]
            finally:
                pool.shutdown(cancel_futures=True)

    def _read(self, picture: LabelledPicture) -> _Read:
        try:
            found = picture.path.stat()
            if not stat.S_ISREG(found.st_mode):  # opening a pipe could wait forever
                return _Read(picture, problem="This is not a file.")
            # At full size, unlike a worker, so that the figures are those of the reference.
            image = decode(
                picture.path.read_bytes(), max_megapixels=self._max_megapixels, budget=self._budget
            )
        except OSError as error:
            return _Read(picture, problem=f"The file can't be read ({error.strerror}).")
        except (ImageRefused, TooLargeForHost) as refusal:
            return _Read(picture, problem=str(refusal))
        except ValueError:
            return _Read(picture, problem="This can't be the name of a file.")
        try:
            return _Read(picture, found, self._classifier.prepare(image))
        except Exception as error:  # a checkpoint's processor raises anything
            return _Read(picture, problem=f"The model can't take this picture ({error}).")

    def _can_tell_fit(self) -> bool:
        """Return whether the model tells how well labels fit, by asking it about a grey picture."""
        try:
            grey = self._classifier.prepare(Image.new("RGB", (64, 64), "grey"))
            [compared] = self._classifier.compare([grey], [LabelSet(self._dataset.labels)])
        except Exception:  # the pictures will tell why
            return False
        return compared.fit is not None

    def _predict(self, batch: Sequence[_Read]) -> dict[str, str]:
        """Store the predictions of a batch; return the pictures without one, and why.

        A picture that the model fails on makes no other one fail.
        """
        if not batch:
            return {}
        try:
            return self._store(batch, self._compare(batch))
        except OperatorError:
            raise
        except Exception as error:
            if len(batch) == 1:
                return {batch[0].picture.name: f"The model fails on this picture ({error})."}
        half = len(batch) // 2  # outside of `except`, so that the memory is free
        return self._predict(batch[:half]) | self._predict(batch[half:])

    def _store(self, batch: Sequence[_Read], comparisons: Sequence[Comparison]) -> dict[str, str]:
        """Store what the model says about a batch; return the pictures without scores, and why."""
        problems = {}
        said: dict[Template, list[Prediction]] = {template: [] for template in self._journals}
        compared = iter(comparisons)
        for read in batch:
            for template in self._journals:
                whole = next(compared)
                without = next(compared) if self._tells_fit else None
                if not np.isfinite(whole.probabilities).all():
                    problems[read.picture.name] = (
                        "The model's scores are not numbers; CLIP_DTYPE=float32 may help."
                    )
                    continue
                said[template].append(_prediction(read, whole, without))
        for template, journal in self._journals.items():
            journal.append([one for one in said[template] if one.path not in journal.done])
        return problems

    def _compare(self, batch: Sequence[_Read]) -> list[Comparison]:
        """Compare each picture with all labels, by each template.

        If the model tells whether labels fit, each comparison is followed by one without the
        picture's own label.
        """
        sets = []
        for read in batch:
            at, labels = read.picture.label, self._dataset.labels
            for template in self._journals:
                sets.append(LabelSet(labels, template))
                if self._tells_fit:
                    sets.append(LabelSet(labels[:at] + labels[at + 1 :], template))
        each = len(sets) // len(batch)
        # Whole pictures in a call of the model: one that is divided is encoded twice.
        self._batcher.size = self._batcher.size or self._batch * each
        images = [read.prepared for read in batch for _ in range(each)]
        return self._batcher.compare(self._classifier, images, sets)


def _prediction(read: _Read, compared: Comparison, without: Comparison | None) -> Prediction:
    """Return the prediction for a picture.

    Args:
        without: the comparison without the picture's own label; None if fits are not told.
    """
    assert read.stat is not None
    row = compared.probabilities
    # Labels of equal score are ranked in their order, as argmax does it.
    order = np.argsort(-row, kind="stable")
    best = order[:BEST]
    return Prediction(
        path=printable(read.picture.name),
        size=read.stat.st_size,
        modified=read.stat.st_mtime_ns,
        label=read.picture.label,
        best=best.tolist(),
        probabilities=[float(share) for share in row[best]],
        rank=int(np.flatnonzero(order == read.picture.label)[0]),
        fit=compared.fit,
        none_fits=compared.none_fits,
        none_fits_without=without is not None and without.none_fits,
    )


def _stat(picture: LabelledPicture) -> os.stat_result | None:
    try:
        return picture.path.stat()
    except (OSError, ValueError):  # ValueError: a name with a NUL
        return None

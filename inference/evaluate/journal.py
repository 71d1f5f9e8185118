"""What a model said about each picture, kept in a file so that an interrupted evaluation goes on.

The file has one line of JSON for each picture, appended batch by batch. A process that is killed
loses at most the batch that it is at; a line that is cut off is ignored.
"""

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from inference.evaluate.dataset import Dataset, LabelledPicture
from inference.protocol.errors import OperatorError

log = logging.getLogger(__name__)

# A change of `Prediction`, or of how one is computed, gets a new number.
_FORMAT = 1

_KEPT_DAYS = 30


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a model with a template said about one picture.

    Attributes:
        path: `LabelledPicture.name`.
        size: of the file, in bytes.
        modified: when the file was changed, in nanoseconds.
        label: the index of the right label.
        best: the indices of the best labels, the winner first; at most 5.
        probabilities: of `best`.
        rank: how many labels were ranked above the right one.
        fit: as `ImageOutcome.fit`; None if the model does not tell.
        none_fits: as `ImageOutcome.none_fits`.
        none_fits_without: the same with the right label left out.
    """

    path: str
    size: int
    modified: int
    label: int
    best: list[int]
    probabilities: list[float]
    rank: int
    fit: float | None = None
    none_fits: bool = False
    none_fits_without: bool = False


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Prediction)


class PredictionJournal:
    """The predictions of one model with one template for one dataset.

    Attributes:
        done: the predictions that still hold, by the picture's name.
    """

    def __init__(self, folder: Path, dataset: Dataset, *key: str) -> None:
        """Read what the file has.

        Args:
            folder: holds one file for each dataset, labels and `key`; made if it is missing.
            key: everything else that a prediction depends on, such as model and template.

        Raises:
            OperatorError: the folder can't be used.
        """
        source = os.path.realpath(dataset.source)
        about = repr((_FORMAT, source, dataset.labels, key))
        digest = hashlib.sha256(about.encode("utf-8", "backslashreplace")).hexdigest()[:24]
        self._file = folder / f"{digest}.jsonl"
        self.done: dict[str, Prediction] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._read()
            with self._file.open("ab") as opened:  # touches the file, so that it is kept
                if opened.tell() and not self._ends_with_line:
                    opened.write(b"\n")
            os.utime(self._file)
        except OSError as error:
            raise OperatorError(
                f"The results can't be kept in {folder} ({error.strerror}); "
                "name another folder with --results."
            ) from error

    def _read(self) -> None:
        self._ends_with_line = True
        with contextlib.suppress(FileNotFoundError), self._file.open("rb") as opened:
            for line in opened:
                self._ends_with_line = line.endswith(b"\n")
                with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                    prediction = _decoder.decode(line)
                    self.done[prediction.path] = prediction

    def keep_valid(self, pictures: Iterable[tuple[LabelledPicture, os.stat_result | None]]) -> None:
        """Forget what was said about files that have changed since, or that are gone."""
        valid = {}
        for picture, stat in pictures:
            said = self.done.get(printable(picture.name))
            if not said or not stat or said.label != picture.label:
                continue
            if (said.size, said.modified) == (stat.st_size, stat.st_mtime_ns):
                valid[said.path] = said
        self.done = valid

    def append(self, predictions: Sequence[Prediction]) -> None:
        """Store predictions.

        Raises:
            OperatorError: the disk is full, or something like that.
        """
        self.done.update((prediction.path, prediction) for prediction in predictions)
        lines = b"".join(_encoder.encode(prediction) + b"\n" for prediction in predictions)
        try:
            with self._file.open("ab", buffering=0) as opened:
                opened.write(lines)
        except OSError as error:
            raise OperatorError(
                f"The results can't be kept in {self._file.parent} ({error.strerror})."
            ) from error


def printable(name: str) -> str:
    """Return a file name as text that a terminal only shows.

    Bytes that are not UTF-8 become `\\udcff` and so on, control characters `\\x1b` and so on.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def default_folder() -> Path:
    """Return the folder for journals, where clipbot keeps what it can make again."""
    from huggingface_hub import cached_assets_path  # not at the top: it is slow to import

    try:
        return cached_assets_path("clipbot", namespace="evaluate")
    except (OSError, ValueError) as error:
        raise OperatorError(
            f"The results can't be kept in the cache ({error}); name a folder with --results."
        ) from error


def delete_old(folder: Path) -> None:
    """Delete the journals that no evaluation has used for 30 days."""
    oldest = time.time() - _KEPT_DAYS * 86_400
    for file in folder.glob("*.jsonl"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < oldest:
                file.unlink()

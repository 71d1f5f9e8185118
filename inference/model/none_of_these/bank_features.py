"""The bank's text features for one checkpoint: encoded once, and kept for later starts.

Encoding takes seconds with CLIP ViT-B/32, and minutes with a large multilingual model on a small
processor. So `encode` takes as much time as it is given, and goes on where it stopped.
"""

import contextlib
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Hashable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from inference.model import assets
from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.tokenization import Tokens
from inference.model.hub import checkpoint_files
from inference.model.none_of_these import bank
from inference.model.none_of_these.fit import near_limit
from inference.protocol.errors import ModelUnavailable

# Texts in one call, and their tokens with padding. A few, because pictures wait meanwhile: with
# SigLIP, which pads each text to 64 tokens, it is one text.
_TEXTS, _TOKENS = 16, 96
# Label sets whose `far_from` is remembered: 1.2 kB each with both languages.
_LABEL_SETS = 256

log = logging.getLogger(__name__)


class BankFeatures:
    """The bank's text features. One thread at a time.

    They are apart from the text cache, so that no label can push them out.

    Args:
        encoder: of the checkpoint.
        texts: the bank's texts.
        english: how many of them, the first ones, are English.
        file: returns where they are kept; None if nowhere. Called once, when they are needed.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        texts: tuple[str, ...],
        english: int,
        file: Callable[[], Path | None],
    ) -> None:
        self._encoder = encoder
        self._texts = texts
        self._english = english
        self._find_file = file
        self._file: Path | None = None  # to write to
        self._rows: list[FloatArray] | None = None  # of the first texts; None before the start
        self._all: FloatArray | None = None
        self._limit = 1.0
        self._far: LRUCache[Hashable, npt.NDArray[np.bool_]] = LRUCache(_LABEL_SETS)

    @property
    def ready(self) -> bool:
        """Whether all texts are encoded."""
        return self._all is not None

    @property
    def features(self) -> FloatArray:
        """Unit vectors, float32 [texts, dimensions]; encodes those that are missing."""
        if self._all is None:
            self.encode(float("inf"))
            assert self._all is not None
        return self._all

    @property
    def size(self) -> int:
        """How many texts the bank has."""
        return len(self._texts)

    def sample(self) -> FloatArray:
        """Return the unit vectors of `bank.few_texts`, which stand for all until these are encoded.

        Returns:
            float32 [texts, dimensions]. Few enough that a picture can wait for them.
        """
        return self._encoder.text_features(bank.few_texts())

    @property
    def limit(self) -> float:
        """Cosine above which a label means nearly the same as a text of the bank."""
        return self._limit

    def encode(self, seconds: float) -> bool:
        """Encode texts for about `seconds`, at least one batch; return whether all are encoded."""
        if self._all is not None:
            return True
        until = time.monotonic() + seconds
        if self._rows is None:
            self._file = self._find_file()
            self._rows = _read(self._file, len(self._texts)) if self._file else []
            if self._rows:
                self._file = None  # nothing is left to write
        found = sum(map(len, self._rows))
        while found < len(self._texts):
            batch = self._next_batch(found)
            self._rows.append(self._encoder.encode_tokens(batch))
            found += len(batch)
            if time.monotonic() >= until:
                break
        if found < len(self._texts):
            return False
        self._all = np.concatenate(self._rows)
        self._limit = near_limit(self._all[: self._english])
        self._rows = []
        if self._file:
            _write(self._file, self._all)
        return True

    def _next_batch(self, start: int) -> list[Tokens]:
        """Return as many texts as there may be in one call, at least one."""
        texts = self._encoder.tokenizer.tokens(self._texts[start : start + _TEXTS])
        padding = self._encoder.tokenizer.padding
        count, longest = 0, padding.max_tokens if padding.to_max else 0
        for text in texts:
            longest = max(longest, len(text))
            if count and longest * (count + 1) > _TOKENS:
                break
            count += 1
        return texts[:count]

    def far_from(self, labels: FloatArray, key: Hashable) -> npt.NDArray[np.bool_]:
        """Return, for each text of the bank, whether it differs from all labels, bool [texts].

        If each text means nearly the same as a label, all of them count as different.

        Args:
            labels: unit vectors of the labels, [labels, dimensions].
            key: the same for the same labels.
        """
        found: npt.NDArray[np.bool_] | None = self._far.get(key)
        if found is None:
            found = (labels @ self.features.T).max(axis=0) <= self._limit
            if not found.any():  # the fit needs at least one everyday thing
                found = np.ones_like(found)
            self._far[key] = found
        return found


def of_model(model: str, encoder: DualEncoder, *conditions: str) -> BankFeatures:
    """Return the bank's features for a model, which are encoded when they are needed.

    Args:
        model: as CLIP_MODEL.
        encoder: of the model.
        conditions: what else changes features, such as the dtype.
    """
    texts = bank.texts_for(model)

    def file() -> Path | None:
        folder = assets.folder_for("none-of-these", model)
        if folder is None or not os.access(folder, os.W_OK):
            return None
        try:
            source = checkpoint_files.locate(model)
        except ModelUnavailable:  # loaded from elsewhere
            return None
        content = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        return folder / f"{checkpoint_files.digest(source, content, *conditions)}.npy"

    return BankFeatures(encoder, texts, len(bank.english_texts()), file)


def _read(file: Path, texts: int) -> list[FloatArray]:
    """Return the features of this number of texts; empty if the file is missing or damaged."""
    try:
        found: FloatArray = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, EOFError) as error:
        log.warning("%s is damaged (%s); it is made again.", file, error)
        return []
    if found.dtype != np.float32 or found.shape[:-1] != (texts,) or not np.isfinite(found).all():
        log.warning("%s is damaged; it is made again.", file)
        return []
    with contextlib.suppress(OSError):
        os.utime(file)
    return [found]


def _write(file: Path, features: FloatArray) -> None:
    """Write features, so that a reader never sees half of them; delete old files beside them."""
    unfinished = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=file.parent, suffix=".unfinished", delete=False
        ) as unfinished:
            np.save(unfinished, features)
        Path(unfinished.name).replace(file)
        assets.delete_unused(file.parent.iterdir())
    except OSError as error:
        log.info("The features of everyday things can't be kept (%s).", error)
        if unfinished:
            with contextlib.suppress(OSError):
                Path(unfinished.name).unlink()

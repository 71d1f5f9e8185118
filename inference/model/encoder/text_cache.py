"""Text features that were computed before: people send many photos for the same labels."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from cachetools import LRUCache

from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.templates import Reading
from inference.model.encoder.tokenization import Tokens

# A text by its tokens; the mean of several texts by these.
TextKey = Tokens | Reading
_Key = TypeVar("_Key", Tokens, Reading)

# A label of CLIP ViT-B/32 takes 2 kB (512 float32) and its key: 20,000 labels fit.
DEFAULT_BYTES = 64 * 2**20

# Bytes of an entry besides its numbers: a key of about ten tokens or seven short texts, the array
# object and the entries of the cache's dictionaries, measured with `sys.getsizeof`. Counted so that
# many small features cannot exceed the limit.
_ENTRY_OVERHEAD = 1_000


class TextFeatureCache:
    """The features of texts by their tokens; drops those that were not used for the longest time.

    The key is the tokenized text, since a model reads nothing else. For CLIP, "Cat" and "cat" have
    the same key, and so have two long texts that are equal up to where they are cut. The key of
    the mean of several texts is these texts, so that they need not be tokenized each time.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._features: LRUCache[TextKey, FloatArray] = LRUCache(max_bytes, getsizeof=_size)

    def __len__(self) -> int:
        return len(self._features)

    @property
    def used_bytes(self) -> int:
        """Bytes of all entries, with what Python needs to hold them."""
        return int(self._features.currsize)

    def find(self, keys: Iterable[_Key]) -> dict[_Key, FloatArray]:
        """Return the features of those keys that are cached, and mark them as just used."""
        cached = self._features
        return {key: cached[key] for key in keys if key in cached}

    def store(self, keys: Sequence[TextKey], features: FloatArray) -> None:
        """Keep row i of `features`, float32 [len(keys), dimensions], for key i."""
        for key, feature in zip(keys, features, strict=True):
            if key not in self._features and _size(feature) <= self._features.maxsize:
                # A copy: a view would keep the array of the whole batch alive.
                self._features[key] = feature.copy()


def _size(feature: FloatArray) -> int:
    return feature.nbytes + _ENTRY_OVERHEAD

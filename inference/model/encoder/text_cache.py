"""Text features that were computed before: people send many photos for the same labels."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.tokenization import Tokens

# A label of CLIP ViT-B/32 takes 2 kB (512 float32) besides its key: some 20,000 labels.
DEFAULT_BYTES = 64 * 2**20

# Measured with `sys.getsizeof` for a key of about ten tokens, its dictionary entry and the
# array's own object; counted so that tiny features can't make the cache unbounded.
_OVERHEAD = 1_000


class TextFeatureCache:
    """Features by tokens, the least recently used forgotten first; bounded by bytes.

    The key is the text as tokenised, since that is all that the model sees: for CLIP, "Cat" and
    "cat" share one entry, and so do two long texts that are cut at the same place.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self.max_bytes = max_bytes
        self.used_bytes = 0
        self._features: OrderedDict[Tokens, FloatArray] = OrderedDict()

    def __len__(self) -> int:
        return len(self._features)

    def find(self, keys: Iterable[Tokens]) -> dict[Tokens, FloatArray]:
        """The known ones among `keys`, now the most recently used."""
        found = {}
        for key in keys:
            if (feature := self._features.get(key)) is not None:
                self._features.move_to_end(key)
                found[key] = feature
        return found

    def store(self, keys: Sequence[Tokens], features: FloatArray) -> None:
        """Remembers row i of `features`, [len(keys), dimensions], for key i."""
        for key, feature in zip(keys, features, strict=True):
            if key not in self._features:
                # A copy: a view would keep the whole batch's array alive.
                self._features[key] = feature.copy()
                self.used_bytes += _size(feature)
        while self.used_bytes > self.max_bytes:
            _, dropped = self._features.popitem(last=False)
            self.used_bytes -= _size(dropped)


def _size(feature: FloatArray) -> int:
    return feature.nbytes + _OVERHEAD

"""When to read the next batch: late, so that more jobs join it, yet in time for the model."""

from dataclasses import dataclass


@dataclass
class PrefetchTimer:
    """Expects the next batch to take what the last one took.

    Args:
        size: pictures in a batch at most.
    """

    size: int
    _read: float | None = None  # seconds for each picture, of the last batch
    _model: float | None = None

    def has_read(self, pictures: int, seconds: float) -> None:
        """A batch was decoded and prepared in so many seconds."""
        if pictures:
            self._read = seconds / pictures

    def has_classified(self, pictures: int, seconds: float) -> None:
        """The model took so many seconds for a batch."""
        if pictures:
            self._model = seconds / pictures

    def pause(self, pictures: int) -> float | None:
        """Seconds from the start of the model's call until a full batch should be read.

        Args:
            pictures: that are in the model.

        Returns:
            None as long as nothing is known.
        """
        if self._read is None or self._model is None:
            return None
        return max(0.0, self._model * pictures - self._read * self.size)

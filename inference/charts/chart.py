"""Draws the chart of an answer: one photo with a bar for each label, or an album as a table.

Uses matplotlib's objects without pyplot. Labels are printed as typed, never read as markup. The
same input gives the same bytes on the same machine. One chart is drawn at a time; other threads
wait.
"""

import io
import math
from collections.abc import Sequence

from PIL import Image

from inference.charts import fonts
from inference.charts.album_chart import draw_album
from inference.charts.bar_chart import draw_bars
from inference.charts.canvas import chart_settings
from inference.charts.frame import ChartData, SomethingElse
from inference.protocol.labels import needs_something_else
from inference.protocol.messages import ChartWords, shows_something_else


def _clamp(value: float) -> float:
    """Return a score in 0..1, also for what a broken model returns."""
    return 0.0 if math.isnan(value) else min(1.0, max(0.0, value))


def _something_else(
    fits: Sequence[float | None], none_fits: Sequence[bool], *, is_shown: bool
) -> tuple[SomethingElse | None, ...]:
    return tuple(
        None
        if fit is None
        else SomethingElse(
            1.0 - _clamp(fit), none, is_shown or shows_something_else(fit, none_fits=none)
        )
        for fit, none in zip(fits, none_fits, strict=True)
    )


def draw(
    photos: Sequence[Image.Image | None],
    labels: Sequence[str],
    rows: Sequence[Sequence[float] | None],
    words: ChartWords,
    *,
    sigmoid_scores: bool = False,
    demo: bool = False,
    numbers: Sequence[int] = (),
    fits: Sequence[float | None] = (),
    none_fits: Sequence[bool] = (),
) -> Image.Image:
    """Draw the chart of one photo or of an album.

    Args:
        photos: 1..10 pictures of any size and mode; None for an unreadable one.
        labels: 1..500 texts as typed. A single one is compared with `words.something_else`,
            unless scores are sigmoids.
        rows: for each photo its probabilities, 0..1, in label order; None for an unreadable one.
        words: everything else that the chart says.
        sigmoid_scores: scores are sigmoids; a footnote says that they need not add up to 100 %.
        demo: a footnote says that the demo model answered.
        numbers: the numbers on the photos of an album; if empty, 1, 2, …
        fits: for each photo the share of the labels among everyday things, 0..1; None, and empty:
            not known. Unused for a single label that is compared with something else.
        none_fits: for each photo whether none of the labels fits.

    Returns:
        RGB, 1,000 pixels wide and at most about 2,000 high. The Bot API accepts photos with
        width + height ≤ 10,000 and a ratio of at most 20 (sendPhoto).

    Raises:
        ValueError: photos, labels and rows do not match.
    """
    if not photos or not labels or len(photos) != len(rows):
        raise ValueError("a chart needs a photo, a label, and a row for each photo")
    if numbers and len(numbers) != len(photos):
        raise ValueError("each photo needs a number, or none has one")
    if len(fits) != len(none_fits) or (fits and len(fits) != len(photos)):
        raise ValueError("each photo needs to be known to fit or not, or none is")
    if any(row is not None and len(row) != len(labels) for row in rows):
        raise ValueError("a row needs a probability for each label")
    shares = tuple(None if row is None else tuple(map(_clamp, row)) for row in rows)
    splits_all = needs_something_else(labels, sigmoid_scores=sigmoid_scores)
    if splits_all:
        fits = [None if row is None else row[0] for row in shares]
        none_fits = [fit is not None and fit < 0.5 for fit in fits]
    something_else = _something_else(fits, none_fits, is_shown=splits_all) or (None,) * len(photos)
    data = ChartData(tuple(labels), shares, words, sigmoid_scores, demo, something_else, splits_all)
    with chart_settings():
        fonts.refresh_if_missing()
        if len(photos) == 1:
            return draw_bars(photos[0], data)
        return draw_album(photos, data, numbers or range(1, len(photos) + 1))


def to_jpeg(chart: Image.Image) -> bytes:
    """Return a JPEG file for a chat: about 50 kB for six labels."""
    file = io.BytesIO()
    # Chosen by eye: letters stay clean. Chats compress photos again to about this quality.
    chart.save(file, "JPEG", quality=75, subsampling="4:2:0")
    return file.getvalue()


def to_png(chart: Image.Image) -> bytes:
    """Return a PNG file, for `clipbot classify --chart`."""
    file = io.BytesIO()
    chart.save(file, "PNG")
    return file.getvalue()

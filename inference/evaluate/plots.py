"""The plots of the page, as SVG that takes its colours from the page's style."""

from collections.abc import Sequence
from html import escape

from inference.evaluate.dataset import counted
from inference.evaluate.figures import ConfidenceBin, Figures
from inference.evaluate.report import percent

# The reliability diagram, in units of its view box.
_SIDE, _LEFT, _TOP, _HISTOGRAM = 300, 44, 10, 60

# A confusion matrix with more labels would be a grey spot; the mistakes are in a table, too.
MAX_MATRIX = 60
_CELL, _MOST_NAMED = 18, 30
_NAME_LENGTH = 22  # characters


def reliability(bins: Sequence[ConfidenceBin]) -> str:
    """Return a reliability diagram, and below it how many pictures each bar stands for.

    Each bar is divided where its mean probability is, and the rest has the colour of the error.
    """
    total, most = sum(one.pictures for one in bins), max(one.pictures for one in bins)
    base = _TOP + _SIDE + 22 + _HISTOGRAM
    height = base + 38
    parts = [_head(_LEFT + _SIDE + 20, height, "Reliability diagram: how much is right")]
    for tenth in range(0, 11, 2):
        y, x = _TOP + _SIDE * (1 - tenth / 10), _LEFT + _SIDE * tenth / 10
        parts += [
            f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _SIDE}" y1="{y:g}" y2="{y:g}"/>',
            _text(_LEFT - 6, y + 4, f"{tenth * 10} %", "end"),
            _text(x, base + 16, f"{tenth * 10} %", "middle"),
        ]
    for one in bins:
        if not one.pictures:
            continue
        x, width = _LEFT + _SIDE * one.low + 1, _SIDE * (one.high - one.low) - 2
        right, said = _SIDE * one.accuracy, _SIDE * one.confidence
        share = _HISTOGRAM * one.pictures / most
        told = (
            f"{one.low * 100:.0f}–{one.high * 100:.0f} %: {counted(one.pictures, 'picture')}, "
            f"{percent(one.accuracy)} right, {percent(one.confidence)} on average"
        )
        parts += [
            f"<g><title>{told}</title>",
            _box("bar", x, _TOP + _SIDE - min(right, said), width, min(right, said)),
            _box(
                "too-sure" if said > right else "too-modest",
                x,
                _TOP + _SIDE - max(right, said),
                width,
                abs(right - said),
            ),
            _box("count", x, base - share, width, share),
            "</g>",
        ]
    parts += [
        f'<line class="ideal" x1="{_LEFT}" y1="{_TOP + _SIDE}" x2="{_LEFT + _SIDE}" y2="{_TOP}"/>',
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT + _SIDE}" y1="{base}" y2="{base}"/>',
        _text(_LEFT + 2, _TOP + _SIDE + 16, counted(total, "picture")),
        _text(_LEFT + _SIDE / 2, base + 32, "probability of the winner", "middle"),
        "</svg>",
    ]
    return "".join(parts)


def _head(width: float, height: float, about: str) -> str:
    return f'<svg class="plot" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{about}">'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )


def confusion(figures: Figures) -> str:
    """Return the confusion matrix: a row for each label, a column for each answer.

    Empty with more than 60 labels.
    """
    labels = [one.label for one in figures.classes]
    n = len(labels)
    if n > MAX_MATRIX:
        return ""
    named = n <= _MOST_NAMED
    margin = 6.8 * min(_NAME_LENGTH, max(map(len, labels))) + 10 if named else 4
    side = margin + n * _CELL + 4
    parts = [_head(side, side, "Confusion matrix: what each label is taken for")]
    for at, row in enumerate(figures.confusion):
        if named:
            name, middle = _short(labels[at]), margin + at * _CELL + _CELL / 2 + 4
            upright = f'transform="translate({middle:g} {margin - 6:g}) rotate(-90)"'
            parts += [
                _text(margin - 6, middle, name, "end"),
                f"<g {upright}>{_text(0, 0, name)}</g>",
            ]
        for answer, number in enumerate(row):
            x, y = margin + answer * _CELL, margin + at * _CELL
            if not number:
                parts.append(_box("empty", x, y, _CELL - 1, _CELL - 1))
                continue
            told = f"“{labels[at]}” taken for “{labels[answer]}”: {number:,} of {sum(row):,}"
            box = _box("hit" if at == answer else "miss", x, y, _CELL - 1, _CELL - 1)
            shade = f'fill-opacity="{0.25 + 0.75 * number / sum(row):.2f}"'
            parts.append(f"<g {shade}><title>{escape(told)}</title>{box}</g>")
    return "".join([*parts, "</svg>"])


def _short(label: str) -> str:
    return label if len(label) <= _NAME_LENGTH else label[: _NAME_LENGTH - 1] + "…"


def share_bar(share: float, interval: tuple[float, float] | None = None) -> str:
    """Return a bar for a share of 100 %, with a line for its interval."""
    whisker = ""
    if interval:
        low, high = interval
        whisker = f'<path class="whisker" d="M{low * 100:.1f} 5H{high * 100:.1f}"/>'
    return (
        '<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f"{_box('empty', 0, 1, 100, 8)}{_box('bar', 0, 1, share * 100, 8)}{whisker}</svg>"
    )

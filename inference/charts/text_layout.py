"""Lays out the texts that people type: cleaned, measured, wrapped into lines, shortened.

A text is never read as markup. It can hold anything that Unicode has, so it is cleaned first
(`clean`) and then handled in grapheme clusters: what a reader sees as one character.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from inference.charts import fonts
from inference.charts.fonts import split_clusters
from inference.protocol.labels import with_few_marks

DPI = 72  # so that a typographic point is a pixel
ELLIPSIS = "…"

# Thai and Devanagari stack up to three marks on a letter; more would cover the line above.
_MAX_MARKS = 3
# Longer texts are cut before they are measured. Nobody reads more in a chart.
_MAX_CLUSTERS = 400

_JOINERS = "\u200c\u200d"
# A line can end after these: hyphens, dashes, slashes, spaces, ideographs and kana.
_BREAKABLE = re.compile(
    "[-/ \u2010\u2013\u2014\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
)


@dataclass(frozen=True)
class TextStyle:
    """Size in pixels per em, weight and colour of a text."""

    size: float
    bold: bool = False
    colour: str = "#16202c"


@dataclass(frozen=True)
class TextRun:
    """A part of a line: either text drawn with fonts, or one emoji drawn as a picture."""

    text: str
    is_picture: bool
    width: float


def _kept(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cs":
        return "\ufffd"  # half of a surrogate pair
    if kind == "Cc" or (kind == "Cf" and char not in _JOINERS):
        return ""  # control characters, zero-width spaces, soft hyphens, direction overrides
    return "" if "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef" else char


def _clean_text(text: str) -> str:
    """Remove invisible characters and surplus marks from a text without emoji."""
    out: list[str] = []
    marks = 0
    for char in map(_kept, text):
        if not char:
            continue
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            out.append(char)
    # Joiners shape words in Arabic, Indic and other scripts of this range; something_else they do
    # nothing.
    return re.sub(
        r"(?<![\u0600-\u1fff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0600-\u1fff])", "", "".join(out)
    )


@lru_cache(maxsize=4_096)
def clean(text: str) -> str:
    """Return the text on one line, in NFC, with single spaces and nothing invisible."""
    text = unicodedata.normalize("NFC", with_few_marks(" ".join(text.split())))
    out: list[str] = []
    start = 0
    for match in fonts.EMOJI.finditer(text):
        out += (_clean_text(text[start : match.start()]), match.group())
        start = match.end()
    out.append(_clean_text(text[start:]))
    return " ".join("".join(out).split())


@cache
def _renderer() -> RendererAgg:
    """Return a renderer of one pixel, used only to measure texts."""
    return RendererAgg(1, 1, DPI)  # type: ignore[no-untyped-call]  # as all of matplotlib.backends


def font_properties(families: Sequence[str], style: TextStyle) -> FontProperties:
    """Return the style in matplotlib's form."""
    return FontProperties(
        family=list(families), size=style.size, weight="bold" if style.bold else "normal"
    )


@lru_cache(maxsize=8_192)
def _text_width(text: str, size: float, bold: bool) -> float:
    text, families = fonts.drawable(text)
    font = font_properties(families, TextStyle(size, bold))
    measured = _renderer().get_text_width_height_descent(text, font, False)  # type: ignore[no-untyped-call]
    return float(measured[0])


def emoji_height(size: float) -> int:
    """Return the height of an emoji in pixels: a little taller than capitals, as in chats."""
    return round(size * 1.12)


@lru_cache(maxsize=1_024)
def runs(line: str, style: TextStyle) -> tuple[TextRun, ...]:
    """Split a cleaned line into runs, from left to right."""
    out: list[TextRun] = []

    def add_text(text: str) -> None:
        if text := _without_selectors(text):
            out.append(TextRun(text, False, _text_width(text, style.size, style.bold)))

    start = 0
    for match in fonts.EMOJI.finditer(line):
        picture = fonts.emoji(match.group(), emoji_height(style.size))
        if picture is None:
            continue
        add_text(line[start : match.start()])
        out.append(TextRun(match.group(), True, picture.width + style.size * 0.1))
        start = match.end()
    add_text(line[start:])
    return tuple(reversed(out)) if _is_right_to_left(line) else tuple(out)


fonts.on_new_fonts += [_text_width.cache_clear, runs.cache_clear]


def _without_selectors(text: str) -> str:
    """Remove joiners and variation selectors from emoji that are drawn with fonts."""
    return fonts.EMOJI.sub(lambda match: re.sub("[\u200d\ufe0e\ufe0f]", "", match.group()), text)


def _is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction reads right to left (UAX 9, rule P2)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def width(line: str, style: TextStyle) -> float:
    """Return the width of a cleaned line in pixels."""
    return sum(run.width for run in runs(line, style))


def _breakable_words(clusters: Sequence[str]) -> list[str]:
    """Join clusters up to and including each one after which a line can end."""
    words: list[list[str]] = [[]]
    for cluster in clusters:
        words[-1].append(cluster)
        if _BREAKABLE.match(cluster):
            words.append([])
    return ["".join(word) for word in words if word]


def _largest_fitting(fits: Callable[[int], bool], low: int, high: int, guess: int) -> int:
    """Return the largest number in low..high for which `fits` is true; `low` always fits.

    Each call of `fits` measures texts. So the search starts at the guess and moves away from it in
    steps that double.
    """
    tried, step = min(max(guess, low + 1), high), 1
    while low < high:
        if fits(tried):
            low, tried = tried, tried + step
        else:
            high, tried = tried - 1, tried - step
        step *= 2
        if not low < tried <= high:
            tried = (low + high + 1) // 2
    return low


def _break_lines(
    clusters: Sequence[str], style: TextStyle, limit: float, max_lines: int
) -> list[str]:
    """Fill lines word by word, and stop after `max_lines`. A word wider than a line is cut."""

    def fits(parts: Sequence[str]) -> bool:
        return width("".join(parts).rstrip(), style) <= limit

    words = _breakable_words(clusters)
    lines: list[str] = []
    start = count = 0
    while start < len(words) and len(lines) < max_lines:
        rest = words[start:]
        count = _largest_fitting(lambda n: fits(rest[:n]), 0, len(rest), count)  # noqa: B023 - called at once
        line = "".join(rest[:count])
        if not count:
            word = split_clusters(rest[0])
            # At least one cluster, so that a line is never empty.
            cut = _largest_fitting(lambda n: fits(word[:n]), 1, len(word), 1)  # noqa: B023
            line, words[start] = "".join(word[:cut]), "".join(word[cut:])
            start += cut == len(word)
        start += count
        if line.strip():
            lines.append(line.strip())
    return lines


def _cut_middle(clusters: Sequence[str], keep: int) -> list[str]:
    """Return the first and the last clusters, `keep` in all, with an ellipsis between them.

    A word that the ellipsis cuts is dropped, unless that would drop more than a third of the
    clusters on its side.
    """
    head, tail = list(clusters[: (keep + 1) // 2]), list(clusters[len(clusters) - keep // 2 :])
    gap = [ELLIPSIS]
    whole = len(head) - head[::-1].index(" ") - 1 if " " in head else 0
    if whole >= len(head) * 2 / 3:
        head, gap = head[:whole], [" ", *gap]
    skipped = tail.index(" ") if " " in tail else len(tail)
    if skipped <= len(tail) / 3:
        tail, gap = tail[skipped + 1 :], [*gap, " "]
    return [*head, *gap, *tail]


def wrap(text: str, style: TextStyle, limit: float, lines: int = 1) -> list[str]:
    """Break a text into lines; leave out its middle if it needs more lines than there are.

    Args:
        limit: width of a line in pixels.
        lines: how many lines there are.

    Returns:
        Cleaned lines; none if nothing of the text is visible.
    """
    text = clean(text)
    if len(text) <= _MAX_CLUSTERS and width(text, style) <= limit:
        return [text] if text else []
    clusters = split_clusters(text)
    if len(clusters) > _MAX_CLUSTERS:
        clusters = _cut_middle(clusters, _MAX_CLUSTERS)
    # One line more than allowed is enough to know that the text is too long.
    if len(whole := _break_lines(clusters, style, limit, lines + 1)) <= lines:
        return whole
    keep = _largest_fitting(
        lambda n: len(_break_lines(_cut_middle(clusters, n), style, limit, lines + 1)) <= lines,
        0,
        len(clusters) - 1,
        guess=sum(map(len, whole[:lines])),
    )
    return _break_lines(_cut_middle(clusters, keep), style, limit, lines)

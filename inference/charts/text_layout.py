"""Texts as they are typed, made fit for a picture: cleaned, measured, wrapped, shortened.

What people type is never markup here. It may hold anything that Unicode has, so a text is cleaned
first (`clean`) and then handled in clusters: what a reader sees as one character.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from inference.charts import fonts
from inference.protocol.labels import with_few_marks

DPI = 72  # so that a typographic point is a pixel
ELLIPSIS = "…"

# Thai and Devanagari stack up to three; more is a prank that would cover the line above.
_MAX_MARKS = 3
# Nobody reads on after this many characters; keeps the search for a good cut short.
_MAX_CLUSTERS = 400

_JOINERS = "\u200c\u200d"
_CLUSTER = re.compile(f"{fonts.EMOJI.pattern}|.[\u200c\u200d]*", re.DOTALL)
# A line may end after these, and around every ideograph and kana.
_BREAKABLE = re.compile(
    "[-/ \u2010\u2013\u2014\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
)


@dataclass(frozen=True)
class Style:
    """How a text is set: size in pixels per em, weight and colour."""

    size: float
    bold: bool = False
    colour: str = "#16202c"


@dataclass(frozen=True)
class Run:
    """A stretch of a line: a text in fonts, or one emoji that has a picture."""

    text: str
    is_picture: bool
    width: float


def _kept(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cs":
        return "\ufffd"  # half of a surrogate pair is no character
    if kind == "Cc" or (kind == "Cf" and char not in _JOINERS):
        return ""  # control, zero-width, soft hyphen, direction overrides
    return "" if "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef" else char


def _plain(text: str) -> str:
    """Text between emoji without what would show as nothing, as a box or all over the place."""
    out: list[str] = []
    marks = 0
    for char in map(_kept, text):
        if not char:
            continue
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            out.append(char)
    # joiners shape Persian and Indic words; anywhere else they are noise
    return re.sub(
        r"(?<![\u0600-\u1fff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0600-\u1fff])", "", "".join(out)
    )


@lru_cache(maxsize=4_096)
def clean(text: str) -> str:
    """One line, composed (NFC), every run of white space one space, nothing invisible."""
    text = unicodedata.normalize("NFC", with_few_marks(" ".join(text.split())))
    out: list[str] = []
    start = 0
    for match in fonts.EMOJI.finditer(text):
        out += (_plain(text[start : match.start()]), match.group())
        start = match.end()
    out.append(_plain(text[start:]))
    return " ".join("".join(out).split())


@cache
def _renderer() -> RendererAgg:
    """Something to measure with; nothing is drawn on it."""
    return RendererAgg(1, 1, DPI)  # type: ignore[no-untyped-call]  # as all of matplotlib.backends


def properties(families: Sequence[str], style: Style) -> FontProperties:
    """What matplotlib wants to know of a style."""
    return FontProperties(
        family=list(families), size=style.size, weight="bold" if style.bold else "normal"
    )


@lru_cache(maxsize=8_192)
def _text_width(text: str, size: float, bold: bool) -> float:
    text, families = fonts.drawable(text)
    font = properties(families, Style(size, bold))
    measured = _renderer().get_text_width_height_descent(text, font, False)  # type: ignore[no-untyped-call]
    return float(measured[0])


def emoji_height(size: float) -> int:
    """Emoji stand a little taller than capitals, as in chats."""
    return round(size * 1.12)


@lru_cache(maxsize=1_024)
def runs(line: str, style: Style) -> tuple[Run, ...]:
    """A cleaned line in runs, from left to right."""
    out: list[Run] = []

    def add_text(text: str) -> None:
        if text := _without_selectors(text):
            out.append(Run(text, False, _text_width(text, style.size, style.bold)))

    start = 0
    for match in fonts.EMOJI.finditer(line):
        picture = fonts.emoji(match.group(), emoji_height(style.size))
        if picture is None:
            continue
        add_text(line[start : match.start()])
        out.append(Run(match.group(), True, picture.width + style.size * 0.1))
        start = match.end()
    add_text(line[start:])
    return tuple(reversed(out)) if _right_to_left(line) else tuple(out)


fonts.forgotten += [_text_width.cache_clear, runs.cache_clear]


def _without_selectors(text: str) -> str:
    """Emoji without a picture are lettered one by one, without what would join or colour them."""
    return fonts.EMOJI.sub(lambda match: re.sub("[\u200d\ufe0e\ufe0f]", "", match.group()), text)


def _right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction reads from right to left (UAX 9, rule P2)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def width(line: str, style: Style) -> float:
    """Width of a cleaned line in pixels."""
    return sum(run.width for run in runs(line, style))


def _clusters(text: str) -> list[str]:
    out: list[list[str]] = []
    for part in _CLUSTER.findall(text):
        if out and fonts.is_mark(part[0]):
            out[-1].append(part)
        else:
            out.append([part])
    return ["".join(parts) for parts in out]


def _words(clusters: Sequence[str]) -> list[list[str]]:
    """Clusters up to and including each place where a line may end."""
    words: list[list[str]] = [[]]
    for cluster in clusters:
        words[-1].append(cluster)
        if _BREAKABLE.match(cluster):
            words.append([])
    return [word for word in words if word]


def _most(fits: Callable[[int], bool], low: int, high: int, guess: int) -> int:
    """Return the largest number in low..high that fits, of which `low` is known to.

    Each try measures texts. So the guess is tried first, then its neighbours, then what is further
    away by steps that double.
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


def _lines(clusters: Sequence[str], style: Style, limit: float, enough: int) -> list[str]:
    """Break greedily into lines, `enough` of them at most; a word longer than a line is cut."""

    def fits(parts: Sequence[str]) -> bool:
        return width("".join(parts).rstrip(), style) <= limit

    words = ["".join(word) for word in _words(clusters)]
    lines: list[str] = []
    start = count = 0
    while start < len(words) and len(lines) < enough:
        rest = words[start:]
        count = _most(lambda n: fits(rest[:n]), 0, len(rest), count)  # noqa: B023 - called at once
        line = "".join(rest[:count])
        if not count:
            word = _clusters(rest[0])
            # At least one, so that a line never stays empty.
            cut = _most(lambda n: fits(word[:n]), 1, len(word), 1)  # noqa: B023
            line, words[start] = "".join(word[:cut]), "".join(word[cut:])
            start += cut == len(word)
        start += count
        if line.strip():
            lines.append(line.strip())
    return lines


def _cut(clusters: Sequence[str], keep: int) -> list[str]:
    """The first and the last of the clusters, `keep` in all, around an ellipsis.

    Words stay whole where that costs no more than a third of either half.
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


def wrap(text: str, style: Style, limit: float, lines: int = 1) -> list[str]:
    """A text in lines of at most `limit` pixels, shortened in the middle where they are too few.

    Returns:
        Cleaned lines; none for a text with nothing to see.
    """
    text = clean(text)
    if len(text) <= _MAX_CLUSTERS and width(text, style) <= limit:
        return [text] if text else []
    clusters = _clusters(text)
    if len(clusters) > _MAX_CLUSTERS:
        clusters = _cut(clusters, _MAX_CLUSTERS)
    # One line too many tells that a text is too long.
    if len(whole := _lines(clusters, style, limit, lines + 1)) <= lines:
        return whole
    keep = _most(
        lambda n: len(_lines(_cut(clusters, n), style, limit, lines + 1)) <= lines,
        0,
        len(clusters) - 1,
        guess=sum(map(len, whole[:lines])),
    )
    return _lines(_cut(clusters, keep), style, limit, lines)

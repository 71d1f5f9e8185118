"""Chooses the fonts that draw a text, and makes pictures of emoji.

matplotlib draws a text with a list of font families, and warns about each character that none of
them has. `drawable` makes that list for each text from the fonts that are installed: Noto if
possible, else DejaVu, which matplotlib contains. A character that no font has becomes a box, so
that no text causes an error or a warning. matplotlib itself (from 3.11) joins letters and orders
right-to-left text.

matplotlib can't use the bitmaps of colour emoji fonts, but Pillow can: see `emoji`.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import regex
from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from inference.charts import font_list

# The first of these that is installed draws all that it can; matplotlib contains the last one.
PRIMARY_FAMILIES = ("Noto Sans", "DejaVu Sans")

# For characters that neither the primary family nor the Noto font of their script has.
FALLBACK_FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Noto Sans Symbols",
    "Noto Sans Symbols 2",
    "Noto Sans Symbols2",
    "Noto Sans Math",
    "Noto Emoji",
    "Symbola",
    # fonts of macOS and Windows
    "Arial Unicode MS",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Segoe UI Symbol",
    "STIXGeneral",
)

# Noto's fonts are named after scripts, and the Unicode name of a letter starts with its script;
# these are the exceptions.
_NOTO_OF = {"CJK": "CJK SC", "HIRAGANA": "CJK JP", "KATAKANA": "CJK JP", "HANGUL": "CJK KR"}

BOX = "\u25a1"  # WHITE SQUARE: a character that no font here can draw

COLOUR_EMOJI = ("NotoColorEmoji.ttf", "Apple Color Emoji.ttc", "seguiemj.ttf")
# Pixels per em. Noto's and Apple's bitmaps have only one size each; Segoe's outlines have any.
_EMOJI_SIZES = (109, 160)

# One emoji as a reader sees it: a flag, a keycap, or pictures joined by U+200D, each with skin
# tone, variation selector or tags. Source: Unicode UTS 51, section 1.4.9. The ranges are wider than
# there: a match counts as an emoji only if the colour font has a picture of it.
_PICTURE = (
    "(?:[\U0001f000-\U0001f1e5\U0001f200-\U0001faff\u231a\u231b\u23e9-\u23f3\u23f8-\u23fa\u25fb-\u25fe"
    "\u2600-\u27bf\u2b1b\u2b1c\u2b50\u2b55]\ufe0f?"
    "|[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u2328\u23cf\u24c2\u25aa-\u25c0"
    "\u2934\u2935\u2b05-\u2b07\u3030\u303d\u3297\u3299]\ufe0f)"
    "[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*"
)
EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PICTURE}(?:\u200d{_PICTURE})*"
)


# A grapheme cluster: what a reader sees as one character. Source: Unicode UAX 29.
_CLUSTER = regex.compile(r"\X")


def split_clusters(text: str) -> list[str]:
    """Return the grapheme clusters of a text."""
    return _CLUSTER.findall(text)


def _installed() -> frozenset[str]:
    return font_list.families()


# Called when new fonts are found. A module that caches what depends on fonts adds its own.
on_new_fonts: list[Callable[[], None]] = []

# What no installed font could draw: "family", "character". Emptied when new fonts are found.
_missing: set[str] = set()


def _refresh() -> bool:
    """Look for new fonts; return whether there are any."""
    if not font_list.refresh():
        return False
    for clear in on_new_fonts:
        clear()
    return True


def refresh_if_missing() -> None:
    """Look for new fonts if something could not be drawn with those known so far."""
    if _missing:
        _refresh()


@cache
def _code_points(family: str) -> frozenset[int]:
    """Return the code points that a family has in both weights; none if it is not installed."""
    if family not in _installed():
        return frozenset()
    points: frozenset[int] | None = None
    for weight in ("normal", "bold"):
        path = fontManager.findfont(FontProperties(family=[family], weight=weight))
        # For a font in a collection (.ttc), matplotlib's path has its index.
        font = FT2Font(path, face_index=getattr(path, "face_index", 0))
        found = frozenset(font.get_charmap())
        points = found if points is None else points & found
    return points or frozenset()


def _script_families(char: str) -> tuple[str, ...]:
    script = unicodedata.name(char, "").partition(" ")[0].partition("-")[0]
    named = _NOTO_OF.get(script, script.title())
    return (f"Noto Sans {named}", f"Noto Serif {named}") if named else ()


@cache
def primary_family() -> str:
    """Return the family that draws every character that it has."""
    if not _code_points(PRIMARY_FAMILIES[0]):
        _refresh()
    if not _code_points(PRIMARY_FAMILIES[0]):
        _missing.add("family")
    return next(family for family in PRIMARY_FAMILIES if _code_points(family))


@lru_cache(maxsize=65_536)
def _drawable_cluster(cluster: str) -> tuple[str, str]:
    """Return a cluster without the marks that can't be drawn, and the family that draws it.

    matplotlib draws a cluster with a single font. Marks that the letter's font lacks are left out.
    """
    candidates = (primary_family(), *_script_families(cluster[0]), *FALLBACK_FAMILIES)
    able = [family for family in candidates if ord(cluster[0]) in _code_points(family)]
    if not able and _refresh():
        return _drawable_cluster(cluster)
    if not able:
        _missing.add("character")
        return BOX, next(family for family in candidates if ord(BOX) in _code_points(family))
    for family in able:
        if all(ord(char) in _code_points(family) for char in cluster):
            return cluster, family
    return "".join(char for char in cluster if ord(char) in _code_points(able[0])), able[0]


@lru_cache(maxsize=4_096)
def drawable(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text with boxes for what can't be drawn, and the families for it, in order."""
    found = [_drawable_cluster(cluster) for cluster in split_clusters(text)]
    families = dict.fromkeys([primary_family(), *(family for _, family in found)])
    return "".join(drawn for drawn, _ in found), tuple(families)


@cache
def _emoji_font() -> tuple[ImageFont.FreeTypeFont, frozenset[int]] | None:
    """Return the colour emoji font and its code points; matplotlib's list has no such fonts."""
    paths = {Path(path).name: path for path in sorted(findSystemFonts())}
    for name in COLOUR_EMOJI:
        for size in _EMOJI_SIZES:
            try:
                font = ImageFont.truetype(paths[name], size)
                return font, frozenset(FT2Font(paths[name]).get_charmap())
            except (KeyError, OSError, RuntimeError):
                continue
    return None


@lru_cache(maxsize=512)
def emoji(sequence: str, height: int) -> Image.Image | None:
    """Return the picture of one emoji.

    Args:
        sequence: what `EMOJI` matches.
        height: in pixels.

    Returns:
        RGBA; None if no colour font has the emoji.
    """
    if (found := _emoji_font()) is None:
        return None
    font, points = found
    if any(ord(char) not in points for char in sequence if char not in "\ufe0e\ufe0f"):
        return None
    left, top, right, bottom = (round(edge) for edge in font.getbbox(sequence))
    if right <= left or bottom <= top:
        return None
    picture = Image.new("RGBA", (right - left, bottom - top))
    ImageDraw.Draw(picture).text((-left, -top), sequence, font=font, embedded_color=True)
    width = max(1, round(height * picture.width / picture.height))
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


on_new_fonts += [
    cached.cache_clear
    for cached in (_code_points, primary_family, _drawable_cluster, drawable, _emoji_font, emoji)
]
on_new_fonts.append(_missing.clear)

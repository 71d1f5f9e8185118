"""Which fonts letter a text, and pictures for emoji.

matplotlib shapes a text with a list of font families and warns where none has a glyph. Here that
list is made per text, from what is really installed: Noto where there is Noto, DejaVu (which
matplotlib carries) where not, and a box for a character that nothing can draw, so that no text
is an error or a warning. Right-to-left and joined scripts are matplotlib's own since 3.11.

Colour emoji fonts hold bitmaps that matplotlib's text can't use; Pillow's can, see `emoji`.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from inference.charts import font_list

# The face of everything, in order of taste; matplotlib carries the last one.
PRIMARY = ("Noto Sans", "DejaVu Sans")

# Where to look for what the primary font and the script's own Noto font lack.
FALLBACK = (
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
    # what macOS and Windows bring along
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

# Unicode names start with the script, and Noto names its fonts after it, with these exceptions.
_NOTO_OF = {"CJK": "CJK SC", "HIRAGANA": "CJK JP", "KATAKANA": "CJK JP", "HANGUL": "CJK KR"}

BOX = "\u25a1"  # WHITE SQUARE: a character that no font here can draw

COLOUR_EMOJI = ("NotoColorEmoji.ttf", "Apple Color Emoji.ttc", "seguiemj.ttf")
# pixels per em; Noto's and Apple's bitmaps have just one size each, Segoe's outlines have all
_EMOJI_SIZES = (109, 160)

# One emoji as a reader sees it: a flag, a keycap, or pictures joined by U+200D, each with skin
# tone, variation selector or tags. Source: Unicode UTS 51, section 1.4.9, with the ranges kept
# coarse; whether the colour font has the picture decides the rest.
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


def _installed() -> frozenset[str]:
    return font_list.families()


# Called when there are new fonts; whoever keeps what depends on fonts adds how to forget it.
forgotten: list[Callable[[], None]] = []

# What was looked for in vain since there were new fonts: "family", "character".
_missing: set[str] = set()


def _look_again() -> bool:
    """Whether there are fonts that were not known yet."""
    if not font_list.look_again():
        return False
    for forget in forgotten:
        forget()
    return True


def take_in_new() -> None:
    """Look whether there are new fonts by now, if something could not be drawn without them."""
    if _missing:
        _look_again()


@cache
def _coverage(family: str) -> frozenset[int]:
    """Code points that both weights of a family can draw; empty where it is not installed."""
    if family not in _installed():
        return frozenset()
    points: frozenset[int] | None = None
    for weight in ("normal", "bold"):
        path = fontManager.findfont(FontProperties(family=[family], weight=weight))
        # matplotlib's path of a font in a collection (.ttc) knows its place in there
        font = FT2Font(path, face_index=getattr(path, "face_index", 0))
        found = frozenset(font.get_charmap())
        points = found if points is None else points & found
    return points or frozenset()


def _script_fonts(char: str) -> tuple[str, ...]:
    script = unicodedata.name(char, "").partition(" ")[0].partition("-")[0]
    named = _NOTO_OF.get(script, script.title())
    return (f"Noto Sans {named}", f"Noto Serif {named}") if named else ()


@cache
def primary() -> str:
    """The family that letters everything it can."""
    if not _coverage(PRIMARY[0]):
        _look_again()
    if not _coverage(PRIMARY[0]):
        _missing.add("family")
    return next(family for family in PRIMARY if _coverage(family))


def is_mark(char: str) -> bool:
    """Whether a character belongs to the one before it: accents, vowel signs, skin tones."""
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf")
        or char in "\u0e33\u0eb3"  # Thai and Lao AM, which are letters by category
        or "\U0001f3fb" <= char <= "\U0001f3ff"
    )


@lru_cache(maxsize=65_536)
def _cluster_in(cluster: str) -> tuple[str, str]:
    """A letter with its marks as it can be drawn, and the one family that draws all of it.

    matplotlib takes a cluster from a single font. Marks that the letter's font lacks are left out.
    """
    candidates = (primary(), *_script_fonts(cluster[0]), *FALLBACK)
    able = [family for family in candidates if ord(cluster[0]) in _coverage(family)]
    if not able and _look_again():
        return _cluster_in(cluster)
    if not able:
        _missing.add("character")
        return BOX, next(family for family in candidates if ord(BOX) in _coverage(family))
    for family in able:
        if all(ord(char) in _coverage(family) for char in cluster):
            return cluster, family
    return "".join(char for char in cluster if ord(char) in _coverage(able[0])), able[0]


@lru_cache(maxsize=4_096)
def drawable(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with boxes for what can't be drawn, and the families that draw it, in order."""
    clusters: list[list[str]] = []
    for char in text:
        if clusters and is_mark(char):
            clusters[-1].append(char)
        else:
            clusters.append([char])
    found = [_cluster_in("".join(cluster)) for cluster in clusters]
    families = dict.fromkeys([primary(), *(family for _, family in found)])  # keeps the order
    return "".join(drawn for drawn, _ in found), tuple(families)


@cache
def _emoji_font() -> tuple[ImageFont.FreeTypeFont, frozenset[int]] | None:
    """The colour emoji font and its code points; matplotlib's own list leaves such fonts out."""
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
    """One emoji in colour.

    Args:
        sequence: what `EMOJI` matches.
        height: in pixels.

    Returns:
        RGBA; None where no colour font has it, so that it must be lettered.
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


forgotten += [
    each.cache_clear for each in (_coverage, primary, _cluster_in, drawable, _emoji_font, emoji)
]
forgotten.append(_missing.clear)

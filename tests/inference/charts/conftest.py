"""Fixtures for charts: a record of what is drawn, and machines with other fonts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from matplotlib.font_manager import FontProperties, findfont
from PIL import ImageFont

from inference.charts import canvas, fonts, text_layout
from inference.charts.canvas import Canvas, TextArtist
from inference.charts.text_layout import TextStyle


@dataclass
class DrawnChart:
    """The texts and bars that a test has drawn."""

    texts: list[TextArtist] = field(default_factory=list)
    bars: list[tuple[float, float, float, float, str]] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [text.text for text in self.texts]

    @property
    def percents(self) -> list[str]:
        return [line for line in self.lines if re.fullmatch(r"[\d.,]+ %", line)]

    def count(self, colour: str) -> int:
        return sum(bar[-1] == colour for bar in self.bars)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> DrawnChart:
    record = DrawnChart()

    def record_text(x: float, baseline: float, text: str, style: TextStyle) -> TextArtist:
        record.texts.append(TextArtist(x, baseline, text, style))
        return record.texts[-1]

    rectangle = Canvas.rectangle

    def record_rectangle(
        self: Canvas,
        x: float,
        y: float,
        w: float,
        h: float,
        colour: str,
        radius: float | None = None,
    ) -> None:
        record.bars.append((x, y, w, h, colour))
        rectangle(self, x, y, w, h, colour, radius)

    monkeypatch.setattr(canvas, "TextArtist", record_text)
    monkeypatch.setattr(Canvas, "rectangle", record_rectangle)
    return record


def clear_font_caches() -> None:
    for cached in (
        fonts._code_points,
        fonts.primary_family,
        fonts._drawable_cluster,
        fonts.drawable,
        fonts.emoji,
        text_layout._text_width,
        text_layout.runs,
    ):
        cached.cache_clear()


@pytest.fixture
def only_dejavu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has only the fonts that matplotlib contains."""
    monkeypatch.setattr(fonts, "_installed", lambda: frozenset({"DejaVu Sans"}))
    monkeypatch.setattr(fonts, "_emoji_font", lambda: None)
    clear_font_caches()
    yield
    clear_font_caches()


@pytest.fixture
def some_emoji(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use one of matplotlib's own fonts as the font of emoji; its pictures have no colour."""
    path = findfont(FontProperties(family=["DejaVu Sans"]))
    font = ImageFont.truetype(str(path), 109), frozenset(map(ord, "🐱😀"))
    monkeypatch.setattr(fonts, "_emoji_font", lambda: font)
    clear_font_caches()
    yield
    clear_font_caches()

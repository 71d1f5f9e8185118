"""What the tests of charts share: a record of what is drawn, and machines with other fonts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from matplotlib.font_manager import FontProperties, findfont
from PIL import ImageFont

from inference.charts import canvas, fonts, text_layout
from inference.charts.canvas import Canvas, Line
from inference.charts.text_layout import Style


@dataclass
class Drawn:
    """What was put on the cards of one test."""

    texts: list[Line] = field(default_factory=list)
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
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    record = Drawn()

    def line(x: float, baseline: float, text: str, style: Style) -> Line:
        record.texts.append(Line(x, baseline, text, style))
        return record.texts[-1]

    bar = Canvas.bar

    def spied(
        self: Canvas,
        x: float,
        y: float,
        w: float,
        h: float,
        colour: str,
        radius: float | None = None,
    ) -> None:
        record.bars.append((x, y, w, h, colour))
        bar(self, x, y, w, h, colour, radius)

    monkeypatch.setattr(canvas, "Line", line)
    monkeypatch.setattr(Canvas, "bar", spied)
    return record


def forget() -> None:
    for cached in (
        fonts._coverage,
        fonts.primary,
        fonts._cluster_in,
        fonts.drawable,
        fonts.emoji,
        text_layout._text_width,
        text_layout.runs,
    ):
        cached.cache_clear()


@pytest.fixture
def only_dejavu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with no fonts but those that matplotlib carries."""
    monkeypatch.setattr(fonts, "_installed", lambda: frozenset({"DejaVu Sans"}))
    monkeypatch.setattr(fonts, "_emoji_font", lambda: None)
    forget()
    yield
    forget()


@pytest.fixture
def some_emoji(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A font with pictures for emoji, though not in colour, that matplotlib brings along."""
    path = findfont(FontProperties(family=["DejaVu Sans"]))
    font = ImageFont.truetype(str(path), 109), frozenset(map(ord, "🐱😀"))
    monkeypatch.setattr(fonts, "_emoji_font", lambda: font)
    forget()
    yield
    forget()

"""Texts are cleaned, measured, wrapped and cut, whatever a person types."""

from typing import Any

import pytest
from matplotlib.backends.backend_agg import RendererAgg

from inference.charts import text_layout
from inference.charts.chart import draw
from tests.inference.charts.conftest import clear_font_caches
from tests.inference.charts.samples import WORDS, photo


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a\tb\r\nc\u2028d", "a b c d"),
        ("\x00a\x1b[31mb\u202ec\u2066d\u200be\ufeff", "a[31mbcde"),
        ("soft\u00adhyphen", "softhyphen"),
        ("e\u0301", "é"),
        ("half \ud83d", "half \ufffd"),
        ("z" + "\u0335" * 40, "z" + "\u0335" * 3),
        ("a\u200db", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🚀 and ❤\ufe0f", "👩\u200d🚀 and ❤\ufe0f"),
        (" \u200b ", ""),
    ],
)
def test_invisible_characters_are_removed(typed: str, shown: str) -> None:
    assert text_layout.clean(typed) == shown


def test_long_labels_are_wrapped_and_then_cut_in_the_middle() -> None:
    style = text_layout.TextStyle(30)
    text = "a photograph of a small red apple lying on a wooden table next to an open window"
    assert " ".join(text_layout.wrap(text, style, 400, 9)) == text
    lines = text_layout.wrap(text, style, 400, 2)
    shown = " ".join(lines)
    assert shown.startswith("a photograph of")
    assert shown.endswith("window")
    assert shown.count("…") == 1
    assert all(word in text.split() for word in shown.replace("…", "").split())


@pytest.mark.parametrize(
    "text", ["x" * 100, "漢" * 60, "x" * 50_000, "👩\u200d🚀" * 50, "W i " * 99, "x\u0335" * 200]
)
def test_no_line_is_wider_than_its_room(text: str) -> None:
    style = text_layout.TextStyle(30, bold=True)
    lines = text_layout.wrap(text, style, 300, 2)
    assert len(lines) == 2
    assert all(text_layout.width(line, style) <= 300 for line in lines)


@pytest.mark.usefixtures("some_emoji")
def test_right_to_left_lines_start_at_the_right() -> None:
    style = text_layout.TextStyle(30)
    assert [run.is_picture for run in text_layout.runs("קטן 🐱", style)] == [True, False]
    assert [run.is_picture for run in text_layout.runs("12 cat 🐱", style)] == [False, True]
    assert [run.is_picture for run in text_layout.runs("12 🐱", style)] == [False, True]


@pytest.mark.parametrize(
    ("photos", "labels"),
    [
        (1, ["".join(chr(0x4E00 + 100 * i + n) for n in range(100)) for i in range(4)]),
        (1, [f"{i} " + "abcdefghij" * 30 for i in range(4)]),
        (2, [f"{i} photograph" for i in range(500)]),
    ],
    ids=["every place a break", "one long word", "hundreds of labels"],
)
def test_labels_are_measured_a_limited_number_of_times(
    monkeypatch: pytest.MonkeyPatch, photos: int, labels: list[str]
) -> None:
    """Each measurement takes half a millisecond, and one thread draws all charts."""
    measured: list[str] = []
    measure: Any = RendererAgg.get_text_width_height_descent

    def counted(self: RendererAgg, text: str, *args: object) -> object:
        measured.append(text)
        return measure(self, text, *args)

    clear_font_caches()
    monkeypatch.setattr(RendererAgg, "get_text_width_height_descent", counted)
    draw([photo()] * photos, labels, [[1 / len(labels)] * len(labels)] * photos, WORDS)
    assert len(measured) < 320

"""The chart of an album: a table of photos and labels that a phone can show."""

import re

import numpy as np
import pytest

from inference.charts.canvas import ACCENT, BORDER, GREY
from inference.charts.chart import draw
from tests.inference.charts.conftest import DrawnChart
from tests.inference.charts.samples import FRUIT, WORDS, fits_a_chat, photo


def test_an_album_shows_each_winner_once(drawn: DrawnChart) -> None:
    draw([photo(), photo(9, 90)], FRUIT, [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]], WORDS)
    assert drawn.count(ACCENT) == 2
    assert drawn.lines == [
        *(WORDS.title, "1", "2"),
        *("a red apple", "10.0 %", "50.0 %"),
        *("a green pear", "20.0 %", "30.0 %"),
        *("a tree", "70.0 %", "20.0 %"),
    ]


@pytest.mark.parametrize("labels", [1, 2, 6, 20])
@pytest.mark.parametrize("count", [2, 3, 7, 10])
def test_albums_of_every_size(drawn: DrawnChart, count: int, labels: int) -> None:
    rows = np.random.default_rng(count).dirichlet([0.3] * labels, size=count).tolist()
    chart = draw([photo()] * count, [f"label {i}" for i in range(labels)], rows, WORDS)
    assert fits_a_chat(chart)
    assert [line for line in drawn.lines if line.isdigit()] == [str(i + 1) for i in range(count)]
    assert drawn.count(ACCENT) == count
    assert any(line.startswith("and 12 more: ≤ ") for line in drawn.lines) == (labels == 20)


def test_an_album_of_ten_can_be_read_on_a_phone(drawn: DrawnChart) -> None:
    """A phone shows the chart 390 points wide; 11 points is the smallest size of system text."""
    six = ["a cat", "a fast car", "a tree", "a red apple", "the moon", "a bicycle"]
    rows = np.random.default_rng(1).dirichlet([0.3] * 6, size=10).tolist()
    chart = draw([photo()] * 10, six, rows, WORDS)
    scale = 390 / chart.width
    figures = [text for text in drawn.texts if re.fullmatch(r"\d+ %", text.text)]
    assert len(figures) == 60
    assert min(text.style.size for text in figures) * scale >= 14
    labels = [text for text in drawn.texts if text.text in six]
    assert min(text.style.size for text in labels) * scale >= 12
    # Chats shrink taller pictures.
    assert chart.height < 1.45 * chart.width


def test_an_album_with_an_unreadable_photo(drawn: DrawnChart) -> None:
    photos = [photo(), None, photo(), photo(), photo()]
    row = [0.5, 0.3, 0.2]
    draw(photos, FRUIT, [row, None, row, row, row], WORDS)
    assert drawn.lines.count("–") == len(FRUIT)
    assert {"not", "readable"} <= set(" ".join(drawn.lines).split())


def test_an_album_with_numbers_of_its_own(drawn: DrawnChart) -> None:
    rows = [[0.7, 0.2, 0.1]] * 3
    draw([photo()] * 3, FRUIT, rows, WORDS, numbers=[2, 5, 9])
    assert [line for line in drawn.lines if line.isdigit()] == ["2", "5", "9"]
    with pytest.raises(ValueError, match="number"):
        draw([photo()] * 3, FRUIT, rows, WORDS, numbers=[1])


def test_an_album_of_unreadable_photos() -> None:
    assert fits_a_chat(draw([None] * 3, [f"{i}" for i in range(20)], [None] * 3, WORDS))


def test_an_album_marks_the_photos_that_no_label_fits(drawn: DrawnChart) -> None:
    rows = [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], None]
    draw(
        [photo(), photo(), None],
        FRUIT,
        rows,
        WORDS,
        fits=[0.9, 0.02, None],
        none_fits=[False, True, False],
    )
    assert (drawn.count(ACCENT), drawn.count(GREY)) == (1, 1)
    assert drawn.lines[-5:] == [
        *("something else", "10.0 %", "98.0 %", "–"),
        f"something else: {WORDS.apart}",
    ]
    (line,) = (bar for bar in drawn.bars if bar[-1] == BORDER and bar[3] == 2)
    (grey,) = (bar for bar in drawn.bars if bar[-1] == GREY)
    (blue,) = (bar for bar in drawn.bars if bar[-1] == ACCENT)
    assert blue[1] + blue[3] < line[1] < grey[1]


def test_an_album_whose_labels_fit_has_no_row_for_something_else(drawn: DrawnChart) -> None:
    rows = [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]
    draw([photo()] * 2, FRUIT, rows, WORDS)
    plain = drawn.lines
    drawn.texts.clear()
    draw([photo()] * 2, FRUIT, rows, WORDS, fits=[0.9, 0.8], none_fits=[False] * 2)
    assert drawn.lines == plain


def test_an_album_with_a_single_label(drawn: DrawnChart) -> None:
    draw([photo()] * 2, ["an apple"], [[0.9], [0.2]], WORDS)
    assert drawn.lines[-6:] == [
        "an apple",
        "90.0 %",
        "20.0 %",
        "something else",
        "10.0 %",
        "80.0 %",
    ]
    assert (drawn.count(ACCENT), drawn.count(GREY)) == (1, 1)


@pytest.mark.parametrize("count", [2, 5, 10])
def test_albums_with_something_else_fit_a_chat(drawn: DrawnChart, count: int) -> None:
    rows = np.random.default_rng(count).dirichlet([0.3] * 20, size=count).tolist()
    labels = [f"a photograph of the old house number {i} in fog" for i in range(20)]
    chart = draw(
        [photo()] * count, labels, rows, WORDS, fits=[0.0] * count, none_fits=[True] * count
    )
    assert fits_a_chat(chart)
    assert drawn.lines.count("something else") == (2 if count > 5 else 1)
    assert drawn.count(GREY) == count

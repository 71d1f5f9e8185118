"""A chart is drawn whatever a person types, prints it as typed, and is always the same."""

import io
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from PIL import Image

from inference.charts.chart import draw, to_jpeg, to_png
from tests.inference.charts.conftest import DrawnChart
from tests.inference.charts.samples import FRUIT, SPANISH, TYPED, WORDS, fits_a_chat, photo


def test_labels_print_as_typed(drawn: DrawnChart) -> None:
    draw([photo()], TYPED, [[1 / 6] * 6], WORDS)
    assert [line for line in drawn.lines if line in TYPED] == TYPED


def test_a_formula_is_not_typeset(monkeypatch: pytest.MonkeyPatch) -> None:
    def chart() -> bytes:
        return draw([photo()], ["$x^2$", "y"], [[0.5, 0.5]], WORDS).tobytes()

    typed = chart()
    plainly: Any = RendererAgg.draw_text

    def as_formulas(self: RendererAgg, *args: object, **_: object) -> None:
        plainly(self, *args, ismath=True)

    monkeypatch.setattr(RendererAgg, "draw_text", as_formulas)
    assert chart() != typed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.lists(
        st.tuples(st.text(st.characters(), max_size=100), st.floats(0, 1, allow_subnormal=False)),
        min_size=1,
        max_size=20,
    ),
    count=st.integers(1, 3),
    sigmoid_scores=st.booleans(),
    fit=st.none() | st.floats(0, 1),
    none_fits=st.booleans(),
)
def test_anything_can_be_drawn(
    data: list[tuple[str, float]],
    count: int,
    sigmoid_scores: bool,
    fit: float | None,
    none_fits: bool,
) -> None:
    labels, row = [label for label, _ in data], [share for _, share in data]
    chart = draw(
        [photo()] * count,
        labels,
        [row] * count,
        WORDS,
        sigmoid_scores=sigmoid_scores,
        fits=[fit] * count,
        none_fits=[none_fits] * count,
    )
    assert fits_a_chat(chart)


def test_five_hundred_long_labels() -> None:
    labels = [f"{i} " + "word " * 19 for i in range(500)]
    assert fits_a_chat(draw([photo()], labels, [[1 / 500] * 500], WORDS))


def test_the_same_input_gives_the_same_bytes() -> None:
    def file() -> bytes:
        return to_jpeg(draw([photo(800, 600)], TYPED, [[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]], WORDS))

    first = file()
    draw([photo()] * 3, FRUIT, [[1, 0, 0]] * 3, SPANISH)
    assert file() == first


def test_files_have_the_right_format() -> None:
    chart = draw([photo(800, 600)], FRUIT, [[1, 0, 0]], WORDS)
    assert Image.open(io.BytesIO(to_jpeg(chart))).format == "JPEG"
    png = Image.open(io.BytesIO(to_png(chart)))
    assert png.format == "PNG"
    assert png.tobytes() == chart.tobytes()
    assert len(to_jpeg(chart)) < 60_000


@pytest.mark.parametrize(
    ("photos", "labels", "rows"),
    [(0, ["a"], []), (1, [], [[]]), (1, ["a"], []), (1, ["a", "b"], [[1.0]])],
)
def test_input_that_does_not_fit_together(
    photos: int, labels: list[str], rows: list[list[float]]
) -> None:
    with pytest.raises(ValueError, match="needs a"):
        draw([photo()] * photos, labels, rows, WORDS)


def test_each_photo_is_known_to_fit_or_none_is() -> None:
    for fits, none_fits in (([0.1], []), ([0.1], [True])):
        with pytest.raises(ValueError, match="fit"):
            draw([photo()] * 2, FRUIT, [[1, 0, 0]] * 2, WORDS, fits=fits, none_fits=none_fits)


def test_drawing_needs_no_pyplot_and_does_not_change_settings() -> None:
    program = """
import sys, matplotlib
def look():
    return [matplotlib.rcParams[name] for name in ("text.hinting", "text.usetex", "font.family")]
before = look()
from inference.charts.chart import draw
from inference.protocol.messages import ChartWords
draw([None], ["a"], [[1.0]], ChartWords())
assert "matplotlib.pyplot" not in sys.modules
assert look() == before
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")

"""Charts: what they say, in which order, and that nothing a person types can break them."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image, ImageChops, ImageFont

from inference.charts import canvas, fonts
from inference.charts import text_layout as lettering
from inference.charts.canvas import ACCENT, BAR, TRACK, Canvas, Line
from inference.charts.chart import draw, to_jpeg, to_png
from inference.charts.text_layout import Style
from inference.protocol.messages import ChartWords

WORDS = ChartWords()
SPANISH = ChartWords(
    something_else="otra cosa", and_more="y {count} más: {share}", decimal_point=","
)
FRUIT = ["a red apple", "a green pear", "a tree"]


def photo(width: int = 64, height: int = 48) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).convert("RGB")


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
        lettering._text_width,
        lettering.runs,
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


def fits_a_chat(chart: Image.Image) -> bool:
    """Bot API, sendPhoto: width + height ≤ 10,000 and ratio ≤ 20."""
    w, h = chart.size
    return chart.mode == "RGB" and w + h <= 10_000 and max(w, h) <= 20 * min(w, h)


# One photo


def test_bars_are_sorted_and_the_winner_stands_out(drawn: Drawn) -> None:
    draw([photo()], FRUIT, [[0.2, 0.731, 0.069]], WORDS)
    assert drawn.lines == [
        WORDS.title,
        *("a green pear", "73.1 %"),
        *("a red apple", "20.0 %"),
        *("a tree", "6.9 %"),
    ]
    winner, *others = (bar for bar in drawn.bars if bar[-1] in (ACCENT, BAR))
    assert winner[-1] == ACCENT
    assert all(bar[-1] == BAR and bar[2] < winner[2] for bar in others)
    bold = {text.text: text.style.bold for text in drawn.texts}
    assert bold["a green pear"]
    assert not bold["a tree"]


def test_the_winner_s_colour_is_in_the_picture() -> None:
    colours = draw([photo()], FRUIT, [[1, 0, 0]], WORDS).getcolors(1 << 20) or []
    accent = tuple(bytes.fromhex(ACCENT[1:]))
    assert next(n for n, colour in colours if colour == accent) > 1_000


def test_equal_ones_keep_the_order_they_were_typed_in(drawn: Drawn) -> None:
    draw([photo()], FRUIT, [[1 / 3] * 3], WORDS)
    assert [line for line in drawn.lines if line in FRUIT] == FRUIT
    assert drawn.count(ACCENT) == 1


def test_one_label_is_compared_with_something_else(drawn: Drawn) -> None:
    draw([photo()], ["una manzana"], [[0.831]], SPANISH)
    assert drawn.lines[1:] == ["una manzana", "83,1 %", "otra cosa", "16,9 %"]


def test_one_independent_score_stands_alone(drawn: Drawn) -> None:
    draw([photo()], ["an apple"], [[0.3]], WORDS, sigmoid_scores=True)
    assert drawn.percents == ["30.0 %"]
    assert drawn.lines[-1] == WORDS.independent


def test_fifty_labels_are_fifteen_bars_and_a_line(drawn: Drawn) -> None:
    draw([photo()], [f"label {i}" for i in range(50)], [[0.02] * 50], WORDS)
    assert len(drawn.percents) == drawn.count(TRACK) == 15
    assert drawn.lines[-1] == "and 35 more: 70.0 %"


def test_independent_scores_are_never_summed(drawn: Drawn) -> None:
    draw([photo()], [f"{i}" for i in range(20)], [[0.9] * 19 + [0.4]], WORDS, sigmoid_scores=True)
    assert "and 5 more: ≤ 90.0 %" in drawn.lines


def test_a_translation_with_a_stray_brace_is_harmless(drawn: Drawn) -> None:
    words = ChartWords(and_more="{ {count} {share} {oops}")
    draw([photo()], [f"{i}" for i in range(16)], [[1.0] + [0] * 15], words)
    assert drawn.lines[-1] == "{ 1 0.0 % {oops}"


def test_the_demo_model_is_named(drawn: Drawn) -> None:
    draw([photo()], FRUIT, [[1, 0, 0]], WORDS, demo=True)
    assert drawn.lines[-1] == WORDS.demo
    assert "independent" not in " ".join(drawn.lines)


def test_certain_impossible_tiny_and_broken_scores(drawn: Drawn) -> None:
    row = [1.0, 0.0, 1e-9, float("nan"), float("inf"), -1.0]
    draw([photo()], list("abcdef"), [row], WORDS)
    assert drawn.percents == ["100.0 %"] * 2 + ["0.0 %"] * 4
    assert drawn.count(BAR) == 1


def test_small_bars_are_as_long_as_what_they_stand_for(drawn: Drawn) -> None:
    """All of these are shorter than a bar is thick."""
    row = [0.92, 0.035, 0.02, 0.015, 0.007, 0.003]
    for count in (6, 20):
        drawn.bars.clear()
        shares = [*row, *[0.0] * (count - 6)]
        draw([photo()], [f"label {i}" for i in range(count)], [shares], WORDS)
        lengths = [bar[2] for bar in drawn.bars if bar[-1] in (ACCENT, BAR)]
        track = max(bar[2] for bar in drawn.bars if bar[-1] == TRACK)
        assert len(lengths) == 6
        for length, share in zip(lengths, row, strict=True):
            assert length == pytest.approx(track * share, abs=2.1)
            assert length >= 2  # one on a phone that shows the chart 390 wide on 3 pixels each
        assert lengths == sorted(set(lengths), reverse=True)


LONG = [
    "a photograph of a small red apple lying on a wooden table",
    "a black and white photograph of an old steam locomotive",
    "a close-up of the left front wheel of a vintage sports car",
    "a watercolour painting of a lighthouse at sunset by the sea",
]


@pytest.mark.parametrize("count", [2, 4, 6, 12])
@pytest.mark.parametrize("size", [(64, 48), (48, 64), (200, 50)], ids=str)
def test_long_labels_keep_all_their_words(drawn: Drawn, count: int, size: tuple[int, int]) -> None:
    labels = [*LONG, *(f"a photograph of the old house number {i} in fog" for i in range(8))][
        :count
    ]
    draw([photo(*size)], labels, [[1 / count] * count], WORDS)
    said = " ".join(line for line in drawn.lines if line not in drawn.percents)
    assert "…" not in said
    assert all(label in said for label in labels)


def test_an_album_of_ten_can_be_read_on_a_phone(drawn: Drawn) -> None:
    """Shown 390 wide, where 11 is the smallest size of text that systems set."""
    six = ["a cat", "a fast car", "a tree", "a red apple", "the moon", "a bicycle"]
    rows = np.random.default_rng(1).dirichlet([0.3] * 6, size=10).tolist()
    chart = draw([photo()] * 10, six, rows, WORDS)
    shown = 390 / chart.width
    figures = [text for text in drawn.texts if re.fullmatch(r"\d+ %", text.text)]
    assert len(figures) == 60
    assert min(text.style.size for text in figures) * shown >= 14
    labels = [text for text in drawn.texts if text.text in six]
    assert min(text.style.size for text in labels) * shown >= 12
    # chats shrink what is taller than their bubbles
    assert chart.height < 1.45 * chart.width


def test_no_title_no_hole() -> None:
    plain = draw([photo()], FRUIT, [[1, 0, 0]], ChartWords(title=""))
    assert plain.height < draw([photo()], FRUIT, [[1, 0, 0]], WORDS).height


@pytest.mark.parametrize("labels", [2, 12], ids=["few", "many"])
@pytest.mark.parametrize(
    "size", [(3, 3), (3, 5000), (5000, 3), (640, 480), (480, 1200), (4000, 900)], ids=str
)
def test_photos_of_every_shape(size: tuple[int, int], labels: int) -> None:
    assert fits_a_chat(draw([photo(*size)], ["x"] * labels, [[1 / labels] * labels], WORDS))


@pytest.mark.parametrize("labels", [2, 12])
def test_a_photo_that_could_not_be_read(drawn: Drawn, labels: int) -> None:
    draw([None], ["x"] * labels, [None], WORDS)
    assert "not readable" in " ".join(drawn.lines)
    assert not drawn.percents


def test_a_grey_photo_with_alpha_is_shown() -> None:
    assert fits_a_chat(draw([photo().convert("LA")], FRUIT, [[1, 0, 0]], WORDS))


# Albums


def test_an_album_shows_each_winner_once(drawn: Drawn) -> None:
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
def test_albums_of_every_size(drawn: Drawn, count: int, labels: int) -> None:
    rows = np.random.default_rng(count).dirichlet([0.3] * labels, size=count).tolist()
    chart = draw([photo()] * count, [f"label {i}" for i in range(labels)], rows, WORDS)
    assert fits_a_chat(chart)
    assert [line for line in drawn.lines if line.isdigit()] == [str(i + 1) for i in range(count)]
    assert drawn.count(ACCENT) == count
    assert any(line.startswith("and 12 more: ≤ ") for line in drawn.lines) == (labels == 20)


def test_an_album_with_an_unreadable_photo(drawn: Drawn) -> None:
    photos = [photo(), None, photo(), photo(), photo()]
    row = [0.5, 0.3, 0.2]
    draw(photos, FRUIT, [row, None, row, row, row], WORDS)
    assert drawn.lines.count("–") == len(FRUIT)
    assert {"not", "readable"} <= set(" ".join(drawn.lines).split())


def test_an_album_with_numbers_of_its_own(drawn: Drawn) -> None:
    rows = [[0.7, 0.2, 0.1]] * 3
    draw([photo()] * 3, FRUIT, rows, WORDS, numbers=[2, 5, 9])
    assert [line for line in drawn.lines if line.isdigit()] == ["2", "5", "9"]
    with pytest.raises(ValueError, match="number"):
        draw([photo()] * 3, FRUIT, rows, WORDS, numbers=[1])


def test_an_album_of_which_nothing_could_be_read() -> None:
    assert fits_a_chat(draw([None] * 3, [f"{i}" for i in range(20)], [None] * 3, WORDS))


# Labels are text

TYPED = ["$x_1$", r"\frac{1}{2}", "a_b^c {d}", "100 % & #1", r"\alpha", "<b>bold</b>"]


def test_labels_print_as_typed(drawn: Drawn) -> None:
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
def test_what_can_t_be_seen_is_cleaned(typed: str, shown: str) -> None:
    assert lettering.clean(typed) == shown


def test_long_labels_are_wrapped_then_cut_in_the_middle() -> None:
    style = lettering.Style(30)
    text = "a photograph of a small red apple lying on a wooden table next to an open window"
    assert " ".join(lettering.wrap(text, style, 400, 9)) == text
    lines = lettering.wrap(text, style, 400, 2)
    shown = " ".join(lines)
    assert shown.startswith("a photograph of")
    assert shown.endswith("window")
    assert shown.count("…") == 1
    assert all(word in text.split() for word in shown.replace("…", "").split())


@pytest.mark.parametrize(
    "text", ["x" * 100, "漢" * 60, "x" * 50_000, "👩\u200d🚀" * 50, "W i " * 99, "x\u0335" * 200]
)
def test_no_line_is_wider_than_its_room(text: str) -> None:
    style = lettering.Style(30, bold=True)
    lines = lettering.wrap(text, style, 300, 2)
    assert len(lines) == 2
    assert all(lettering.width(line, style) <= 300 for line in lines)


@pytest.mark.usefixtures("some_emoji")
def test_right_to_left_lines_start_at_the_right() -> None:
    style = lettering.Style(30)
    assert [run.is_picture for run in lettering.runs("קטן 🐱", style)] == [True, False]
    assert [run.is_picture for run in lettering.runs("12 cat 🐱", style)] == [False, True]
    assert [run.is_picture for run in lettering.runs("12 🐱", style)] == [False, True]


# Fonts

SCRIPTS = [
    "小さな猫",
    "빨간 사과",
    "قطة",
    "חתול",
    "किताब",
    "ภาษาไทย น้ำ",
    "🐱",
    "👩\u200d🚀",
    "1️⃣",
    "🇺🇦",
]


def test_every_script_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    labels = [*SCRIPTS, "\U0001fffd", "\ue000", "𓂀", "a\u20dd", "ꔀ"]
    draw([photo()], labels, [[1 / len(labels)] * len(labels)], WORDS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("only_dejavu")
def test_without_noto_unknown_characters_are_boxes(drawn: Drawn) -> None:
    draw([photo()], ["猫 cat", "🚗 car", "❤\ufe0f"], [[0.5, 0.3, 0.2]], WORDS)
    assert {"□ cat", "□ car", "❤"} <= set(drawn.lines)


def test_what_no_font_has_is_a_box() -> None:
    assert fonts.drawable("a\ue000\U0001fffd")[0] == "a□□"


def test_noto_draws_the_scripts_it_is_named_for() -> None:
    for text, family in [("قطة", "Noto Sans Arabic"), ("किताब", "Noto Sans Devanagari")]:
        if family not in fonts._installed():
            pytest.skip(f"{family} is not installed")
        assert fonts.drawable(text) == (text, (fonts.primary(), family))


def test_emoji_are_in_colour() -> None:
    picture = fonts.emoji("🍎", 40)
    if picture is None:
        pytest.skip("no colour emoji font is installed")
    chart = draw([photo()], ["🍎🍎🍎", "b"], [[1, 0]], WORDS)
    plain = draw([photo()], ["\u2003", "b"], [[1, 0]], WORDS)
    difference = np.asarray(ImageChops.difference(chart, plain)).astype(int)
    assert (difference[..., 2] - difference[..., 0] > 60).sum() > 200  # red on white


def test_a_broken_emoji_font_is_no_emoji_font(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / fonts.COLOUR_EMOJI[0]
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(broken)])
    assert fonts._emoji_font.__wrapped__() is None


@pytest.mark.usefixtures("some_emoji")
def test_an_emoji_has_a_picture_or_is_lettered(drawn: Drawn) -> None:
    draw([photo()], ["🐱 cat", "❤\ufe0f heart"], [[0.5, 0.5]], WORDS)
    assert {" cat", "❤ heart"} <= set(drawn.lines)
    picture = fonts.emoji("😀", 40)
    assert picture is not None
    assert (picture.mode, picture.height) == ("RGBA", 40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.lists(
        st.tuples(st.text(st.characters(), max_size=100), st.floats(0, 1, allow_subnormal=False)),
        min_size=1,
        max_size=20,
    ),
    count=st.integers(1, 3),
    sigmoid_scores=st.booleans(),
)
def test_anything_can_be_drawn(
    data: list[tuple[str, float]], count: int, sigmoid_scores: bool
) -> None:
    labels, row = [label for label, _ in data], [share for _, share in data]
    chart = draw([photo()] * count, labels, [row] * count, WORDS, sigmoid_scores=sigmoid_scores)
    assert fits_a_chat(chart)


def test_five_hundred_long_labels() -> None:
    labels = [f"{i} " + "word " * 19 for i in range(500)]
    assert fits_a_chat(draw([photo()], labels, [[1 / 500] * 500], WORDS))


# Files and manners


@pytest.mark.parametrize(
    ("photos", "labels"),
    [
        (1, ["".join(chr(0x4E00 + 100 * i + n) for n in range(100)) for i in range(4)]),
        (1, [f"{i} " + "abcdefghij" * 30 for i in range(4)]),
        (2, [f"{i} photograph" for i in range(500)]),
    ],
    ids=["every place a break", "one long word", "hundreds of labels"],
)
def test_labels_are_measured_a_few_dozen_times(
    monkeypatch: pytest.MonkeyPatch, photos: int, labels: list[str]
) -> None:
    """Measuring is what costs time: half a millisecond each, and one thread draws all charts."""
    measured: list[str] = []
    measure: Any = RendererAgg.get_text_width_height_descent

    def counted(self: RendererAgg, text: str, *args: object) -> object:
        measured.append(text)
        return measure(self, text, *args)

    forget()
    monkeypatch.setattr(RendererAgg, "get_text_width_height_descent", counted)
    draw([photo()] * photos, labels, [[1 / len(labels)] * len(labels)] * photos, WORDS)
    assert len(measured) < 320


def test_same_question_same_bytes() -> None:
    def file() -> bytes:
        return to_jpeg(draw([photo(800, 600)], TYPED, [[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]], WORDS))

    first = file()
    draw([photo()] * 3, FRUIT, [[1, 0, 0]] * 3, SPANISH)
    assert file() == first


def test_files_are_what_they_are_called() -> None:
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
def test_questions_that_do_not_fit_together(
    photos: int, labels: list[str], rows: list[list[float]]
) -> None:
    with pytest.raises(ValueError, match="needs a"):
        draw([photo()] * photos, labels, rows, WORDS)


def test_importing_needs_no_pyplot_and_leaves_settings_alone() -> None:
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

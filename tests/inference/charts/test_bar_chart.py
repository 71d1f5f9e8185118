"""The chart of one photo: which bars there are, in which order, and how long they are."""

import pytest

from inference.charts.canvas import ACCENT, BAR, BORDER, GREY, GREY_FAINT, TRACK
from inference.charts.chart import draw
from inference.protocol.messages import ChartWords
from tests.inference.charts.conftest import DrawnChart
from tests.inference.charts.samples import FRUIT, SPANISH, WORDS, fits_a_chat, photo


def test_bars_are_sorted_and_the_winner_stands_out(drawn: DrawnChart) -> None:
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


def test_the_picture_has_the_winners_colour() -> None:
    colours = draw([photo()], FRUIT, [[1, 0, 0]], WORDS).getcolors(1 << 20) or []
    accent = tuple(bytes.fromhex(ACCENT[1:]))
    assert next(n for n, colour in colours if colour == accent) > 1_000


def test_equal_scores_keep_the_order_in_which_they_were_typed(drawn: DrawnChart) -> None:
    draw([photo()], FRUIT, [[1 / 3] * 3], WORDS)
    assert [line for line in drawn.lines if line in FRUIT] == FRUIT
    assert drawn.count(ACCENT) == 1


def test_one_label_is_compared_with_something_else(drawn: DrawnChart) -> None:
    draw([photo()], ["una manzana"], [[0.831]], SPANISH)
    assert drawn.lines[1:] == ["una manzana", "83,1 %", "otra cosa", "16,9 %"]


def test_a_single_label_that_fits_less_than_something_else_does_not_win(drawn: DrawnChart) -> None:
    draw([photo()], ["an apple"], [[0.2]], WORDS)
    assert drawn.lines[1:] == ["an apple", "20.0 %", "something else", "80.0 %"]
    assert (drawn.count(ACCENT), drawn.count(GREY)) == (0, 1)
    assert drawn.count(BORDER) == 1  # the photo's border, and no line between the two


@pytest.mark.parametrize(
    ("count", "sigmoid_scores"),
    [(1, True), (3, False), (3, True), (7, False), (8, False), (15, True)],
)
@pytest.mark.parametrize("size", [(64, 48), (200, 50)], ids=str)
def test_something_else_is_the_last_bar_and_stands_apart(
    drawn: DrawnChart, count: int, size: tuple[int, int], sigmoid_scores: bool
) -> None:
    shares = [[0.5, *[0.5 / (count - 1 or 1)] * (count - 1)]]
    labels = [f"label {i}" for i in range(count)]
    draw([photo(*size)], labels, shares, WORDS, sigmoid_scores=sigmoid_scores)
    alone = drawn.percents
    drawn.texts.clear()
    drawn.bars.clear()
    draw(
        [photo(*size)],
        labels,
        shares,
        WORDS,
        sigmoid_scores=sigmoid_scores,
        fits=[0.03],
        none_fits=[True],
    )
    # The percentages among the labels stay as they are.
    assert drawn.percents == [*alone, "97.0 %"]
    assert f"something else: {WORDS.apart}" in drawn.lines
    bold = [text.text for text in drawn.texts if text.style.bold]
    assert [line for line in bold if line in {*labels, "something else"}] == [
        labels[0],
        "something else",
    ]
    bars = [bar for bar in drawn.bars if bar[-1] in (ACCENT, BAR, GREY)]
    assert [bar[-1] for bar in bars] == [BAR] * count + [GREY]
    (line,) = (bar for bar in drawn.bars if bar[-1] == BORDER and bar[3] == 2)
    assert bars[-2][1] + bars[-2][3] < line[1] < bars[-1][1]


def test_something_else_is_shown_as_a_warning(drawn: DrawnChart) -> None:
    draw([photo()], FRUIT, [[0.9, 0.06, 0.04]], WORDS, fits=[0.6], none_fits=[False])
    assert drawn.percents == ["90.0 %", "6.0 %", "4.0 %", "40.0 %"]
    assert (drawn.count(ACCENT), drawn.count(GREY_FAINT)) == (1, 1)
    for fits in ([0.8], [None]):
        drawn.texts.clear()
        draw([photo()], FRUIT, [[0.9, 0.06, 0.04]], WORDS, fits=fits, none_fits=[False])
        assert drawn.percents == ["90.0 %", "6.0 %", "4.0 %"]


def test_the_labels_without_a_bar_are_named_above_something_else(drawn: DrawnChart) -> None:
    labels = [f"label {i}" for i in range(50)]
    draw([photo()], labels, [[0.02] * 50], WORDS, fits=[0.1], none_fits=[True])
    assert drawn.lines[-4:] == [
        *("and 35 more: 70.0 %", "something else", "90.0 %"),
        f"something else: {WORDS.apart}",
    ]


def test_one_sigmoid_score_stands_alone(drawn: DrawnChart) -> None:
    draw([photo()], ["an apple"], [[0.3]], WORDS, sigmoid_scores=True)
    assert drawn.percents == ["30.0 %"]
    assert drawn.lines[-1] == WORDS.independent


def test_fifty_labels_are_fifteen_bars_and_a_line(drawn: DrawnChart) -> None:
    draw([photo()], [f"label {i}" for i in range(50)], [[0.02] * 50], WORDS)
    assert len(drawn.percents) == drawn.count(TRACK) == 15
    assert drawn.lines[-1] == "and 35 more: 70.0 %"


def test_sigmoid_scores_are_never_summed(drawn: DrawnChart) -> None:
    draw([photo()], [f"{i}" for i in range(20)], [[0.9] * 19 + [0.4]], WORDS, sigmoid_scores=True)
    assert "and 5 more: ≤ 90.0 %" in drawn.lines


def test_a_translation_with_a_stray_brace_is_harmless(drawn: DrawnChart) -> None:
    words = ChartWords(and_more="{ {count} {share} {oops}")
    draw([photo()], [f"{i}" for i in range(16)], [[1.0] + [0] * 15], words)
    assert drawn.lines[-1] == "{ 1 0.0 % {oops}"


def test_the_demo_model_is_named(drawn: DrawnChart) -> None:
    draw([photo()], FRUIT, [[1, 0, 0]], WORDS, demo=True)
    assert drawn.lines[-1] == WORDS.demo
    assert "independent" not in " ".join(drawn.lines)


def test_certain_impossible_tiny_and_broken_scores(drawn: DrawnChart) -> None:
    row = [1.0, 0.0, 1e-9, float("nan"), float("inf"), -1.0]
    draw([photo()], list("abcdef"), [row], WORDS)
    assert drawn.percents == ["100.0 %"] * 2 + ["0.0 %"] * 4
    assert drawn.count(BAR) == 1


def test_the_length_of_small_bars_is_right(drawn: DrawnChart) -> None:
    """Most of these bars are shorter than they are thick."""
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
            assert length >= 2  # two pixels on a phone that is 390 points of 3 pixels wide
        assert lengths == sorted(set(lengths), reverse=True)


LONG = [
    "a photograph of a small red apple lying on a wooden table",
    "a black and white photograph of an old steam locomotive",
    "a close-up of the left front wheel of a vintage sports car",
    "a watercolour painting of a lighthouse at sunset by the sea",
]


@pytest.mark.parametrize("count", [2, 4, 6, 12])
@pytest.mark.parametrize("size", [(64, 48), (48, 64), (200, 50)], ids=str)
def test_long_labels_keep_all_their_words(
    drawn: DrawnChart, count: int, size: tuple[int, int]
) -> None:
    labels = [*LONG, *(f"a photograph of the old house number {i} in fog" for i in range(8))][
        :count
    ]
    draw([photo(*size)], labels, [[1 / count] * count], WORDS)
    said = " ".join(line for line in drawn.lines if line not in drawn.percents)
    assert "…" not in said
    assert all(label in said for label in labels)


def test_without_a_title_the_chart_is_lower() -> None:
    plain = draw([photo()], FRUIT, [[1, 0, 0]], ChartWords(title=""))
    assert plain.height < draw([photo()], FRUIT, [[1, 0, 0]], WORDS).height


@pytest.mark.parametrize("labels", [2, 12], ids=["few", "many"])
@pytest.mark.parametrize(
    "size", [(3, 3), (3, 5000), (5000, 3), (640, 480), (480, 1200), (4000, 900)], ids=str
)
def test_photos_of_every_shape(size: tuple[int, int], labels: int) -> None:
    assert fits_a_chat(draw([photo(*size)], ["x"] * labels, [[1 / labels] * labels], WORDS))


@pytest.mark.parametrize("labels", [2, 12])
def test_a_photo_that_could_not_be_read(drawn: DrawnChart, labels: int) -> None:
    draw([None], ["x"] * labels, [None], WORDS)
    assert "not readable" in " ".join(drawn.lines)
    assert not drawn.percents


def test_a_grey_photo_with_alpha_is_shown() -> None:
    assert fits_a_chat(draw([photo().convert("LA")], FRUIT, [[1, 0, 0]], WORDS))

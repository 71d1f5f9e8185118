"""Every script is drawn with a font that has it, every emoji as a picture or with a font."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ImageChops

from inference.charts import fonts
from inference.charts.chart import draw
from tests.inference.charts.conftest import DrawnChart
from tests.inference.charts.samples import WORDS, photo

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


def test_no_script_causes_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    labels = [*SCRIPTS, "\U0001fffd", "\ue000", "𓂀", "a\u20dd", "ꔀ"]
    draw([photo()], labels, [[1 / len(labels)] * len(labels)], WORDS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("only_dejavu")
def test_without_noto_unknown_characters_are_boxes(drawn: DrawnChart) -> None:
    draw([photo()], ["猫 cat", "🚗 car", "❤\ufe0f"], [[0.5, 0.3, 0.2]], WORDS)
    assert {"□ cat", "□ car", "❤"} <= set(drawn.lines)


def test_a_character_that_no_font_has_is_a_box() -> None:
    assert fonts.drawable("a\ue000\U0001fffd")[0] == "a□□"


def test_noto_draws_the_scripts_it_is_named_for() -> None:
    for text, family in [("قطة", "Noto Sans Arabic"), ("किताब", "Noto Sans Devanagari")]:
        if family not in fonts._installed():
            pytest.skip(f"{family} is not installed")
        assert fonts.drawable(text) == (text, (fonts.primary_family(), family))


def test_emoji_are_in_colour() -> None:
    picture = fonts.emoji("🍎", 40)
    if picture is None:
        pytest.skip("no colour emoji font is installed")
    chart = draw([photo()], ["🍎🍎🍎", "b"], [[1, 0]], WORDS)
    plain = draw([photo()], ["\u2003", "b"], [[1, 0]], WORDS)
    difference = np.asarray(ImageChops.difference(chart, plain)).astype(int)
    assert (difference[..., 2] - difference[..., 0] > 60).sum() > 200  # red on white


def test_a_broken_emoji_font_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / fonts.COLOUR_EMOJI[0]
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(broken)])
    assert fonts._emoji_font.__wrapped__() is None


@pytest.mark.usefixtures("some_emoji")
def test_an_emoji_is_a_picture_or_is_drawn_with_a_font(drawn: DrawnChart) -> None:
    draw([photo()], ["🐱 cat", "❤\ufe0f heart"], [[0.5, 0.5]], WORDS)
    assert {" cat", "❤ heart"} <= set(drawn.lines)
    picture = fonts.emoji("😀", 40)
    assert picture is not None
    assert (picture.mode, picture.height) == ("RGBA", 40)


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("e\u0301a", ["e\u0301", "a"]),
        ("น้ำ", ["น้ำ"]),
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("\u1100\u1161\u11a8a", ["\u1100\u1161\u11a8", "a"]),  # Hangul as three letters
        ("👩\u200d🚀👍🏽", ["👩\u200d🚀", "👍🏽"]),
        ("🇺🇦🇪🇸1️⃣", ["🇺🇦", "🇪🇸", "1️⃣"]),
    ],
)
def test_what_a_reader_sees_as_one_character_stays_together(text: str, clusters: list[str]) -> None:
    assert fonts.split_clusters(text) == clusters

"""Results as text: complete where there is room, and never longer than a message can be."""

import pytest
from telegram.constants import MessageLimit

from bot.chat.answers.text_table import text_table
from bot.i18n import languages, speak
from bot.i18n.lengths import shown_units
from bot.platform.models import Media
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.messages import ImageOutcome
from tests.bot.i18n.reading import shown

ENGLISH = speak("en")


def table(
    labels: list[str],
    *outcomes: ImageOutcome,
    language: str = "en",
    sigmoid_scores: bool = False,
    limit: int = 4_096,
    media: tuple[Media, ...] = (),
) -> list[str]:
    """Return the lines of a table, with their markup."""
    text = text_table(
        labels,
        outcomes,
        speak(language),
        sigmoid_scores=sigmoid_scores,
        limit=limit,
        media=media,
    )
    return text.splitlines()


def test_all_labels_are_listed_the_winner_first() -> None:
    assert table(["cat", "a fast car", "<dog>"], ImageOutcome([0.02, 0.931, 0.049])) == [
        "<b>What CLIP sees</b>",
        "1. <b>a fast car</b>: 93.1 %",
        "2. &lt;dog&gt;: 4.9 %",
        "3. cat: 2.0 %",
    ]


def test_it_speaks_spanish() -> None:
    fit = ImageOutcome([0.7, 0.3], fit=0.1, none_fits=True)
    assert table(["un gato", "un perro"], fit, language="es") == [
        "<b>Lo que ve CLIP</b>",
        "1. <b>un gato</b>: 70,0 %",
        "2. un perro: 30,0 %",
        "otra cosa: 90,0 %",
        "<i>Ninguna de estas parece encajar.</i>",
        "",
        "<i>otra cosa: medida aparte, frente a cosas cotidianas</i>",
    ]


def test_something_else_stands_apart_where_a_reader_should_see_it() -> None:
    assert table(["cat", "dog"], ImageOutcome([0.7, 0.3], fit=0.6))[3:] == [
        *("something else: 40.0 %", ""),
        "<i>something else: measured apart, against everyday things</i>",
    ]
    assert len(table(["cat", "dog"], ImageOutcome([0.7, 0.3], fit=0.8))) == 3


def test_a_single_label_is_listed_with_something_else() -> None:
    one = ImageOutcome([0.2], fit=0.2, none_fits=True)
    assert table(["cat"], one)[1:] == ["1. <b>something else</b>: 80.0 %", "2. cat: 20.0 %"]
    assert table(["cat"], one, sigmoid_scores=True)[1:] == [
        "1. <b>cat</b>: 20.0 %",
        "something else: 80.0 %",
        "<i>This does not seem to fit.</i>",
        "",
        "<i>something else: measured apart, against everyday things</i>",
        "Scores are independent: they need not add up to 100 %.",
    ]


def test_an_album_has_a_part_for_each_picture() -> None:
    broken = ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE))
    media = (Media("f", "u", number=2), Media("g", "v", number=5))
    assert table(["cat", "dog"], ImageOutcome([0.1, 0.9]), broken, media=media) == [
        "<b>What CLIP sees</b>",
        "",
        "Picture 2",
        "1. <b>dog</b>: 90.0 %",
        "2. cat: 10.0 %",
        "",
        "Picture 5",
        "That file is not a picture that I can read.",
    ]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("letter", ["x", "&", "🐈", "ש"])
@pytest.mark.parametrize("pictures", [1, 2, 10])
@pytest.mark.parametrize("limit", [1_800, 2_000, MessageLimit.MAX_TEXT_LENGTH])
def test_the_longest_table_fits(language: str, letter: str, pictures: int, limit: int) -> None:
    labels = [f"{n}" + letter * 98 for n in range(50)]
    outcome = ImageOutcome([1 / 50] * 50, fit=0.1, none_fits=True)
    lines = table(
        labels, *[outcome] * pictures, language=language, sigmoid_scores=True, limit=limit
    )
    assert shown_units("\n".join(lines)) <= limit
    shown("\n".join(lines))  # raises where Telegram would refuse the markup
    assert sum(line.startswith("1. <b>") or "1. \u2068<b>" in line for line in lines) == pictures


def test_room_that_a_picture_leaves_free_is_used_by_the_next() -> None:
    labels = ["x" * 90 + str(n) for n in range(50)]
    broken = ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE))
    halves = len(table(labels, *[ImageOutcome([1 / 50] * 50)] * 2)) / 2
    assert len(table(labels, broken, ImageOutcome([1 / 50] * 50))) > halves + 10

"""Captions of charts, and the words in place of a chart."""

import pytest
from msgspec import structs
from telegram.constants import MessageLimit

from bot.chat.answers.captions import caption, in_words, ranking
from bot.i18n import languages, speak
from bot.platform.models import Media
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.messages import ImageOutcome, Reply, Result
from tests.bot.i18n.reading import shown

ENGLISH = speak("en")


def result(labels: list[str], *scores: list[float], sigmoid_scores: bool = False) -> Result:
    outcomes = [ImageOutcome(probabilities=row) for row in scores]
    return Result(
        job_id="1", reply=Reply("x"), labels=labels, images=outcomes, sigmoid_scores=sigmoid_scores
    )


def test_winner_and_runner_up() -> None:
    text = caption(result(["cat", "a fast car", "dog"], [0.02, 0.931, 0.049]), ENGLISH)
    assert text == "🏆 <b>a fast car</b> · 93.1 %\n🥈 dog · 4.9 %"


def test_without_a_chart_as_many_labels_are_named_as_fit() -> None:
    few = result(["cat", "a fast car", "<dog>"], [0.02, 0.931, 0.049])
    assert in_words(few, ENGLISH, 4_096).splitlines() == [
        "🏆 <b>a fast car</b> · 93.1 %",
        "🥈 &lt;dog&gt; · 4.9 %",
        "▫️ cat · 2.0 %",
    ]
    many = result([f"{n} " + "😀" * 48 for n in range(60)], [1 / 60] * 60)
    assert len(shown(in_words(many, ENGLISH, 4_096)).encode("utf-16-le")) // 2 <= 4_096
    assert in_words(many, ENGLISH, 4_096).endswith("more")
    assert len(shown(in_words(many, ENGLISH, 2_000)).encode("utf-16-le")) // 2 <= 2_000
    album = result(["cat", "dog"], [0.9, 0.1], [0.2, 0.8])
    assert in_words(album, ENGLISH, 4_096) == caption(album, ENGLISH)


def test_a_narrow_win_is_called_narrow() -> None:
    assert "A narrow win." in caption(result(["cat", "dog"], [0.52, 0.48]), ENGLISH)
    assert "A narrow win." not in caption(result(["cat", "dog"], [0.53, 0.47]), ENGLISH)


def test_a_single_label_is_compared_with_something_else() -> None:
    assert caption(result(["cat"], [0.2]), ENGLISH).splitlines() == [
        "🏆 <b>something else</b> · 80.0 %",
        "🥈 cat · 20.0 %",
    ]
    assert caption(result(["cat"], [0.2], sigmoid_scores=True), ENGLISH) == "🏆 <b>cat</b> · 20.0 %"


def test_very_low_scores_are_said_to_fit_nothing() -> None:
    low = result(["cat", "dog"], [0.002, 0.001], sigmoid_scores=True)
    assert "None of these seems to fit." in caption(low, ENGLISH)
    even = result([str(n) for n in range(200)], [0.005] * 200)
    assert "None of these" not in caption(even, ENGLISH)


def test_where_no_label_fits_the_winner_stays_and_is_said_not_to_fit() -> None:
    far = result(["cat", "dog"], [0.52, 0.48])
    far.images[0] = ImageOutcome([0.52, 0.48], fit=0.04, none_fits=True)
    assert caption(far, ENGLISH).splitlines() == [
        "🏆 <b>cat</b> · 52.0 %",
        "🥈 dog · 48.0 %",
        "<i>None of these seems to fit.</i>",
    ]
    assert caption(far, speak("es")).endswith("<i>Ninguna de estas parece encajar.</i>")
    near = result(["cat", "dog"], [0.9, 0.1])
    near.images[0] = ImageOutcome([0.9, 0.1], fit=0.4)
    assert caption(near, ENGLISH) == caption(result(["cat", "dog"], [0.9, 0.1]), ENGLISH)


def test_a_model_that_knows_the_fit_is_believed_before_low_sigmoid_scores() -> None:
    """SigLIP's raw scores are often near 0 (transformers#38175)."""
    low = result(["cat", "dog"], [0.002, 0.001], sigmoid_scores=True)
    low.images[0] = ImageOutcome([0.002, 0.001], fit=0.8)
    assert "None of these" not in caption(low, ENGLISH)


def test_a_single_label_that_does_not_fit() -> None:
    one = result(["cat"], [0.002], sigmoid_scores=True)
    assert caption(one, ENGLISH).endswith("<i>This does not seem to fit.</i>")
    softmax = result(["cat"], [0.2])
    softmax.images[0] = ImageOutcome([0.2], fit=0.2, none_fits=True)
    assert caption(softmax, ENGLISH) == caption(result(["cat"], [0.2]), ENGLISH)


def test_an_album_marks_the_pictures_that_no_label_fits() -> None:
    album = result(["cat", "dog"], [0.9, 0.1], [0.2, 0.8])
    album.images[1] = ImageOutcome([0.2, 0.8], fit=0.01, none_fits=True)
    assert caption(album, ENGLISH).splitlines() == [
        "1. 🏆 <b>cat</b> · 90.0 %",
        "2. 🏆 <b>dog</b> · 80.0 % · <i>none fits</i>",
    ]


def test_the_demo_model_says_once_that_it_does_not_know_photos() -> None:
    photo = ImageOutcome([0.9, 0.1], looks_like_photo=True)
    for count in (1, 3):
        album = result(["cat", "dog"], *[[0.9, 0.1]] * count)
        album.images[:] = [photo] * count
        assert caption(album, ENGLISH).count("I run the demo model") == 1
        assert in_words(album, ENGLISH, 4_096).count("I run the demo model") == 1
    assert "demo" not in caption(result(["cat", "dog"], [0.9, 0.1]), ENGLISH)


def test_equal_scores_keep_the_order_typed() -> None:
    pairs = ranking(["b", "a", "c"], [0.25, 0.25, 0.5], "", sigmoid_scores=False)
    assert [label for label, _ in pairs] == ["c", "b", "a"]


def test_an_album_has_a_line_for_each_picture() -> None:
    album = result(["cat", "dog"], [0.9, 0.1], [0.2, 0.8])
    album.images.insert(1, ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE)))
    assert caption(album, ENGLISH).splitlines() == [
        "1. 🏆 <b>cat</b> · 90.0 %",
        "2. That file is not a picture that I can read.",
        "3. 🏆 <b>dog</b> · 80.0 %",
    ]


def test_an_album_numbers_its_pictures_as_people_see_them() -> None:
    media = [Media("f", "u", number=1, skipped=(2, 4)), Media("g", "v", number=3)]
    album = result(["cat", "dog"], [0.9, 0.1], [0.2, 0.8])
    assert caption(album, ENGLISH, media).splitlines() == [
        "1. 🏆 <b>cat</b> · 90.0 %",
        "3. 🏆 <b>dog</b> · 80.0 %",
        "<i>Left out of the album: 2, 4. I only look at still pictures.</i>",
    ]
    alone = caption(result(["cat", "dog"], [0.9, 0.1]), ENGLISH, media[:1]).splitlines()
    assert alone[0] == "🏆 <b>cat</b> · 90.0 %"
    assert "2, 4" in alone[-1]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("letter", ["x", "&", "🐈", "ש"])
@pytest.mark.parametrize(
    "problem", [None, Problem(ProblemCode.UNSUPPORTED_FORMAT), Problem(ProblemCode.INTERNAL)]
)
def test_every_caption_fits(language: str, letter: str, problem: Problem | None) -> None:
    labels = [f"{number}" + letter * 99 for number in range(3)]
    outcome = ImageOutcome(
        [0.35, 0.33, 0.32], problem, fit=0.01, none_fits=True, looks_like_photo=True
    )
    album = Result(job_id="1", reply=Reply("x"), labels=labels, images=[outcome] * 10)
    assert _units(caption(album, speak(language))) <= MessageLimit.CAPTION_LENGTH
    media = [Media("f", "u", number=number) for number in range(1, 10)]
    media[0] = Media("f", "u", number=1, skipped=(10,))
    most = Result(job_id="1", reply=Reply("x"), labels=labels, images=[outcome] * 9)
    assert _units(caption(most, speak(language), media)) <= MessageLimit.CAPTION_LENGTH
    one = Result(
        job_id="1", reply=Reply("x"), labels=labels, images=[structs.replace(outcome, problem=None)]
    )
    assert _units(caption(one, speak(language))) <= MessageLimit.CAPTION_LENGTH


def _units(html: str) -> int:
    """Return the length as Telegram counts it."""
    return len(shown(html).encode("utf-16-le")) // 2

"""Captions of artwork, and which pictures they fit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.training.concepts import CAT, CONCEPTS, HEART, MEANINGS
from training.captions import matching, scene_captions
from training.captions.art_captions import EFFECT_MEANINGS, Appearance, ArtCaptions
from training.captions.matching import FITS, UNSURE, WRONG, SceneBits, TrainingCaption
from training.drawing.augment import EFFECTS
from training.drawing.colours import COLOURS
from training.drawing.scenes import Group, Scene
from training.words import lexicon
from training.words.language import Language, Words

SHARP, BLURRED, SPEEDING = (Appearance(EFFECTS.index(name)) for name in EFFECTS)
RED = Appearance(0, COLOURS.index("red"))


def test_artwork_and_drawn_shapes_do_not_fit_each_other_unless_they_are_similar() -> None:
    art_captions = ArtCaptions(CONCEPTS, MEANINGS)
    scene = Scene((Group("heart", "red"),))
    bits = SceneBits.of([None, None, scene, Scene()], ["white"] * 4)
    shape = scene_captions.caption(scene, None, Language.ENGLISH, np.random.default_rng(3))
    captions = [
        shape,
        TrainingCaption("cat", "art", meaning=CAT),
        TrainingCaption("heart", "art", meaning=HEART),
    ]
    fits = matching.fits(bits, captions)
    art_captions.judge(fits, np.array([CAT, HEART, -1, -1]), bits.groups, captions)
    assert fits.tolist() == [
        [WRONG, FITS, WRONG],
        [UNSURE, WRONG, FITS],
        [FITS, WRONG, UNSURE],
        [WRONG, WRONG, WRONG],
    ]


@given(seed=st.integers(0, 2**32 - 1))
def test_a_caption_fits_its_own_concept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    art_captions = ArtCaptions(CONCEPTS, MEANINGS)
    at = int(rng.integers(len(CONCEPTS)))
    caption = art_captions.caption(at, Language.SPANISH, rng)
    assert MEANINGS.matrix()[caption.meaning, at] == FITS
    assert caption.text == caption.text.strip()


def test_common_words_surround_a_name_and_do_not_change_it() -> None:
    rng = np.random.default_rng(1)
    common_words: Words = {Language.ENGLISH: ("grandmother", "wonderful")}
    art_captions = ArtCaptions(CONCEPTS, MEANINGS, common_words)
    texts = [art_captions.caption(HEART, Language.ENGLISH, rng, name=1.0).text for _ in range(300)]
    assert sum("red heart" in text for text in texts) > 200  # the others have typing errors
    assert any("grandmother" in text.split() for text in texts)
    assert any("wondmother" in text.split() for text in texts)


def test_each_effect_of_the_lexicon_has_a_meaning() -> None:
    assert list(lexicon.load().effects) == list(EFFECT_MEANINGS)


def mentioning(appearance: Appearance, *words: str) -> TrainingCaption:
    """Return a caption of a cat that has one of these words for its appearance."""
    art_captions = ArtCaptions(CONCEPTS, MEANINGS)
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        caption = art_captions.caption(
            CAT, Language.ENGLISH, rng, appearance, name=1.0, emphasis=100.0
        )
        if any(f" {word} " in f" {caption.text} " for word in words):
            return caption
    raise AssertionError(words)


def judged(caption: TrainingCaption, *appearances: Appearance) -> list[int]:
    """Return whether the caption fits a cat with each of these appearances."""
    fits = np.zeros((len(appearances), 1), np.int8)
    cats, none = np.full(len(appearances), CAT), np.full(len(appearances), -1)
    ArtCaptions(CONCEPTS, MEANINGS).judge(fits, cats, none, [caption], list(appearances))
    return [int(verdict) for verdict in fits[:, 0]]


def test_a_blurred_picture_is_not_sharp_and_a_sharp_one_not_blurred() -> None:
    assert judged(mentioning(BLURRED, "blurry"), SHARP, BLURRED, SPEEDING) == [WRONG, FITS, UNSURE]
    assert judged(mentioning(SHARP, "sharp"), SHARP, BLURRED, SPEEDING) == [FITS, WRONG, FITS]


def test_a_fast_thing_may_stand_still_in_the_picture() -> None:
    assert judged(mentioning(SPEEDING, "fast"), SHARP, BLURRED, SPEEDING) == [UNSURE, UNSURE, FITS]
    assert judged(mentioning(SHARP, "still", "parked"), SHARP, SPEEDING) == [FITS, WRONG]


def test_a_colour_is_compared_where_the_drawing_has_one() -> None:
    blue = Appearance(0, COLOURS.index("blue"))
    assert judged(mentioning(RED, "red"), RED, blue, SHARP) == [FITS, WRONG, UNSURE]

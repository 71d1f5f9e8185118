"""Captions of drawn scenes: each fits its own scene, and can be compared with any other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.captions import scene_captions
from training.captions.matching import (
    FITS,
    UNSURE,
    WRONG,
    Attribute,
    Constraint,
    SceneBits,
    TrainingCaption,
    fits,
    group_bits,
)
from training.drawing.colours import COLOURS
from training.drawing.scenes import RELATIONS, Group, Scene, random_scene
from training.words.language import Language

RED_CIRCLE = Scene((Group("circle", "red", size="medium"),))
TWO_SQUARES = Scene((Group("square", "blue", 2),))
PAIR = Scene((Group("circle", "red"), Group("triangle", "green")), "left")
EMPTY = Scene()


def naming(group: Group, **attributes: bool) -> TrainingCaption:
    """Return a caption that names these attributes of a group."""
    bits = group_bits(group)
    meaning = Constraint()
    for attribute in Attribute:
        if attributes.get(attribute.name.lower()):
            meaning = meaning.requiring(attribute, bits[attribute])
    return TrainingCaption(" ".join(attributes), first=meaning)


def verdict(scene: Scene | None, caption: TrainingCaption, ground: str | None = "white") -> int:
    return int(fits(SceneBits.of([scene], [ground]), [caption])[0, 0])


@pytest.mark.parametrize("language", list(Language))
@given(seed=st.integers(0, 2**32 - 1))
def test_a_caption_never_contradicts_its_scene(language: Language, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = random_scene(rng) if rng.random() < 0.9 else EMPTY
    ground = [None, "white", "blue"][int(rng.integers(3))]
    caption = scene_captions.caption(scene, ground, language, rng)
    assert caption.text == caption.text.strip()
    assert "  " not in caption.text
    assert verdict(scene, caption, ground) == FITS


@pytest.mark.parametrize("kind", ["shape", "colour", "count"])
def test_one_wrong_attribute_makes_a_caption_wrong(kind: str) -> None:
    other = {
        "shape": Group("square", "red"),
        "colour": Group("circle", "blue"),
        "count": Group("circle", "red", 3),
    }[kind]
    assert verdict(RED_CIRCLE, naming(other, colour=True, shape=True, count=True)) == WRONG


def test_a_shorter_caption_fits_too() -> None:
    group = Group("circle", "red", size="medium")
    assert verdict(RED_CIRCLE, naming(group, shape=True)) == FITS
    assert verdict(RED_CIRCLE, naming(group, colour=True)) == FITS


def test_each_group_of_a_pair_fits_alone_and_both_fit_in_the_right_order() -> None:
    first, second = PAIR.groups
    one, two = naming(first, colour=True, shape=True), naming(second, colour=True, shape=True)
    assert verdict(PAIR, one) == verdict(PAIR, two) == FITS
    left, right = (1 << RELATIONS.index(name) for name in ("left", "right"))
    assert (
        verdict(PAIR, TrainingCaption("", first=one.first, second=two.first, relation=left)) == FITS
    )
    assert (
        verdict(PAIR, TrainingCaption("", first=two.first, second=one.first, relation=right))
        == FITS
    )
    assert (
        verdict(PAIR, TrainingCaption("", first=two.first, second=one.first, relation=left))
        == WRONG
    )
    assert verdict(RED_CIRCLE, TrainingCaption("", first=one.first, second=two.first)) == WRONG


def test_exchanged_colours_are_wrong() -> None:
    exchanged = TrainingCaption(
        "",
        first=naming(Group("circle", "green"), colour=True, shape=True).first,
        second=naming(Group("triangle", "red"), colour=True, shape=True).first,
    )
    assert verdict(PAIR, exchanged) == WRONG


def test_neutral_captions_fit_empty_grounds_only() -> None:
    caption = scene_captions.neutral(Language.ENGLISH, np.random.default_rng(0))
    assert verdict(EMPTY, caption) == FITS
    assert verdict(RED_CIRCLE, caption) == UNSURE


def test_the_caption_nothing_fits_empty_grounds_only() -> None:
    assert verdict(EMPTY, TrainingCaption("nothing", "empty")) == FITS
    assert verdict(RED_CIRCLE, TrainingCaption("nothing", "empty")) == WRONG
    assert verdict(EMPTY, naming(Group("circle", "red"), shape=True)) == WRONG


def test_a_colour_alone_may_be_that_of_the_ground() -> None:
    blue = TrainingCaption(
        "blue", "colour", first=naming(Group("circle", "blue"), colour=True).first
    )
    assert verdict(RED_CIRCLE, blue, "blue") == UNSURE
    assert verdict(RED_CIRCLE, blue, "white") == WRONG
    assert verdict(TWO_SQUARES, blue, "white") == FITS


def test_the_colour_of_the_ground_is_compared_where_it_is_named() -> None:
    on_blue = TrainingCaption("", ground=1 << COLOURS.index("blue"))
    assert verdict(RED_CIRCLE, on_blue, "blue") == FITS
    assert verdict(RED_CIRCLE, on_blue, "white") == WRONG
    assert verdict(RED_CIRCLE, on_blue, None) == UNSURE


def test_spanish_words_agree_in_gender_and_number() -> None:
    rng = np.random.default_rng(1)
    texts = {
        scene_captions.noun_phrase(Group("star", "red", count), Language.SPANISH, rng)[0]
        for count in (1, 3)
        for _ in range(200)
    }
    assert {"una estrella roja", "tres estrellas rojas"} <= texts
    assert not any("estrella rojo" in text or "un estrella" in text for text in texts)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_changed_scene_is_another_scene(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = random_scene(rng)
    changed = scene_captions.changed(scene, rng)
    if len({group.colour for group in scene.groups}) == len(scene.groups):
        assert changed != scene


def test_hard_negatives_of_several_shapes_count_one_more_and_one_less() -> None:
    rng = np.random.default_rng(1)

    def rivals(*groups: Group) -> list[TrainingCaption]:
        return scene_captions.miscounted(Scene(groups), Language.ENGLISH, rng)

    two, four = Group("star", "red", 2), Group("star", "red", 4)
    assert [len(rivals(two)), len(rivals(four))] == [2, 1]
    assert {verdict(Scene((two,)), rival, None) for rival in rivals(two)} == {WRONG}
    assert verdict(Scene((replace(four, count=3),)), rivals(four)[0], None) == FITS
    assert rivals(Group("star", "red")) == rivals(two, Group("circle", "blue")) == []

"""A caption fits its own scene, and what it means can be compared with any other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.captions import scene_captions as captions
from training.captions.scene_captions import FITS, UNSURE, WRONG, Constraint, Phrase, SceneBits
from training.drawing import shapes
from training.drawing.shapes import Group, Scene
from training.words.lexicon import Language

RED_CIRCLE = Scene((Group("circle", "red", size="medium"),))
TWO_SQUARES = Scene((Group("square", "blue", 2),))
PAIR = Scene((Group("circle", "red"), Group("triangle", "green")), "left")
EMPTY = Scene()


def says(group: Group, **only: bool) -> Phrase:
    """The phrase for a group, by the names of what it mentions."""
    bits = captions.group_bits(group)
    names = ("colour", "shape", "count", "fill", "size", "place")
    meaning = Constraint()
    for at, name in enumerate(names):
        if only.get(name):
            meaning = meaning.asking(at, bits[at])
    return Phrase(" ".join(only), first=meaning)


def verdict(scene: Scene | None, phrase: Phrase, ground: str | None = "white") -> int:
    return int(captions.fits(SceneBits.of([scene], [ground]), [phrase])[0, 0])


@pytest.mark.parametrize("language", list(Language))
@given(seed=st.integers(0, 2**32 - 1))
def test_a_caption_never_contradicts_its_scene(language: Language, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = shapes.random_scene(rng) if rng.random() < 0.9 else EMPTY
    ground = [None, "white", "blue"][int(rng.integers(3))]
    phrase = captions.caption(scene, ground, language, rng)
    assert phrase.text == phrase.text.strip()
    assert "  " not in phrase.text
    assert verdict(scene, phrase, ground) == FITS


@pytest.mark.parametrize("kind", ["shape", "colour", "count"])
def test_one_wrong_attribute_makes_a_phrase_wrong(kind: str) -> None:
    other = {
        "shape": Group("square", "red"),
        "colour": Group("circle", "blue"),
        "count": Group("circle", "red", 3),
    }[kind]
    assert verdict(RED_CIRCLE, says(other, colour=True, shape=True, count=True)) == WRONG


def test_a_shorter_phrase_fits_as_well() -> None:
    group = Group("circle", "red", size="medium")
    assert verdict(RED_CIRCLE, says(group, shape=True)) == FITS
    assert verdict(RED_CIRCLE, says(group, colour=True)) == FITS


def test_a_pair_is_fitted_by_either_of_its_parts_and_by_both_in_order() -> None:
    first, second = PAIR.groups
    one, two = says(first, colour=True, shape=True), says(second, colour=True, shape=True)
    assert verdict(PAIR, one) == verdict(PAIR, two) == FITS
    left, right = (1 << shapes.RELATIONS.index(name) for name in ("left", "right"))
    assert verdict(PAIR, Phrase("", first=one.first, second=two.first, relation=left)) == FITS
    assert verdict(PAIR, Phrase("", first=two.first, second=one.first, relation=right)) == FITS
    assert verdict(PAIR, Phrase("", first=two.first, second=one.first, relation=left)) == WRONG
    assert verdict(RED_CIRCLE, Phrase("", first=one.first, second=two.first)) == WRONG


def test_colours_exchanged_are_wrong() -> None:
    exchanged = Phrase(
        "",
        first=says(Group("circle", "green"), colour=True, shape=True).first,
        second=says(Group("triangle", "red"), colour=True, shape=True).first,
    )
    assert verdict(PAIR, exchanged) == WRONG


def test_neutral_phrases_are_right_for_empty_grounds_only() -> None:
    phrase = captions.neutral(Language.ENGLISH, np.random.default_rng(0))
    assert verdict(EMPTY, phrase) == FITS
    assert verdict(RED_CIRCLE, phrase) == UNSURE


def test_nothing_is_wrong_where_something_is() -> None:
    assert verdict(EMPTY, Phrase("nothing", "empty")) == FITS
    assert verdict(RED_CIRCLE, Phrase("nothing", "empty")) == WRONG
    assert verdict(EMPTY, says(Group("circle", "red"), shape=True)) == WRONG


def test_a_colour_alone_may_be_the_grounds() -> None:
    blue = Phrase("blue", "colour", first=says(Group("circle", "blue"), colour=True).first)
    assert verdict(RED_CIRCLE, blue, "blue") == UNSURE
    assert verdict(RED_CIRCLE, blue, "white") == WRONG
    assert verdict(TWO_SQUARES, blue, "white") == FITS


def test_the_ground_counts_where_it_is_named() -> None:
    on_blue = Phrase("", ground=1 << shapes.COLOURS.index("blue"))
    assert verdict(RED_CIRCLE, on_blue, "blue") == FITS
    assert verdict(RED_CIRCLE, on_blue, "white") == WRONG
    assert verdict(RED_CIRCLE, on_blue, None) == UNSURE


def test_spanish_agrees_in_gender_and_number() -> None:
    rng = np.random.default_rng(1)
    texts = {
        captions.noun_phrase(Group("star", "red", count), Language.SPANISH, rng)[0]
        for count in (1, 3)
        for _ in range(200)
    }
    assert {"una estrella roja", "tres estrellas rojas"} <= texts
    assert not any("estrella rojo" in text or "un estrella" in text for text in texts)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_mutation_is_another_scene(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = shapes.random_scene(rng)
    changed = captions.mutated(scene, rng)
    if len({group.colour for group in scene.groups}) == len(scene.groups):
        assert changed != scene


def test_the_hardest_rivals_of_several_are_one_more_and_one_less() -> None:
    rng = np.random.default_rng(1)

    def rivals(*groups: Group) -> list[Phrase]:
        return captions.miscounted(Scene(groups), Language.ENGLISH, rng)

    two, four = Group("star", "red", 2), Group("star", "red", 4)
    assert [len(rivals(two)), len(rivals(four))] == [2, 1]
    assert {verdict(Scene((two,)), rival, None) for rival in rivals(two)} == {WRONG}
    assert verdict(Scene((replace(four, count=3),)), rivals(four)[0], None) == FITS
    assert rivals(Group("star", "red")) == rivals(two, Group("circle", "blue")) == []

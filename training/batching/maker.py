"""A batch: pictures, phrases, and which phrase is right or wrong for which picture."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from training.batching import pools as pictures
from training.captions import scene_captions as captions
from training.captions.art_captions import ArtCaptions, Look
from training.captions.scene_captions import Phrase, SceneBits
from training.drawing import augment, shapes
from training.drawing.augment import EFFECTS
from training.drawing.painting import Arrangement
from training.drawing.shapes import Scene
from training.emoji import artwork
from training.emoji.artwork import STYLES, Artwork
from training.emoji.concepts import Concept, families
from training.model.tokenizer import CONTEXT
from training.words import spelling as wording
from training.words.lexicon import Language

_LANGUAGES: Final = (Language.ENGLISH, Language.SPANISH)


@dataclass(frozen=True)
class Said:
    """Phrases about pictures."""

    ids: Tensor  # [T, L], padded with the end token
    fits: Tensor  # int8 [B, T]
    own: Tensor  # [B]: the index of each picture's own phrase, -1 where it has none
    neutral: Tensor  # bool [T]
    concepts: Tensor  # [B], -1 where the picture is no artwork
    rows: Tensor  # [T]: each phrase's row of the meanings, -1 where it is not about artwork

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        tensors = {name: getattr(self, name).to(device) for name in self.__dataclass_fields__}
        return type(self)(**tensors)


@dataclass(frozen=True)
class Batch(Said):
    """What one training step needs."""

    arrangement: Arrangement  # the pictures, still to be painted
    colours: Tensor  # float [B, colours]: what an auxiliary head should say, or zeros
    shapes: Tensor  # float [B, shapes]
    counts: Tensor  # float [B, MAX_COUNT]


@dataclass(frozen=True)
class Views:
    """What is to be seen in pictures."""

    scenes: list[Scene | None]  # None: artwork
    grounds: list[str | None]  # names of their colours
    concepts: npt.NDArray[np.int64]  # [B], -1: no artwork
    looks: list[Look]  # [B]

    def subset(self, chosen: npt.NDArray[np.int64]) -> "Views":
        """Some of them, in this order."""
        return Views(
            [self.scenes[at] for at in chosen],
            [self.grounds[at] for at in chosen],
            self.concepts[chosen],
            [self.looks[at] for at in chosen],
        )

    @classmethod
    def joined(cls, parts: Sequence["Views"]) -> "Views":
        """All of them, one after another."""
        return cls(
            [scene for part in parts for scene in part.scenes],
            [ground for part in parts for ground in part.grounds],
            np.concatenate([part.concepts for part in parts]),
            [look for part in parts for look in part.looks],
        )


@dataclass(frozen=True)
class Mixture:
    """How a batch is made up."""

    pictures: int = 160
    art: float = 0.66  # part of the pictures that are artwork
    empty: float = 0.04  # part of the pictures that are grounds alone
    captioned: float = 0.4  # part of the artwork that has a phrase; all has its prototype
    clustered: float = 0.3  # part of the artwork that comes from a few subgroups
    hard: float = 1.0  # hard negative phrases per drawn scene
    miscounted: float = 0.7  # part of the drawn scenes that others, off by one, are told from
    hard_art: float = 0.15  # and per piece of artwork
    blurred: float = 0.04  # part of the artwork that is far out of focus
    speeding: float = 0.04  # part of the artwork that has the trail of something fast
    spoken: int = 96  # phrases about artwork that no picture of the batch shows
    neutral: int = 8  # neutral phrases
    white: float = 0.25  # part of the grounds that are white
    sticker: float = 0.1  # part of the artwork that has a sticker's rim
    english: float = 0.55  # part of the phrases
    mistyped: float = 0.1  # part of the phrases, beside names that are mistyped anyway


@dataclass(frozen=True)
class Art:
    """The artwork to train on and what can be said about it."""

    artwork: Artwork
    concepts: list[Concept]
    captions: ArtCaptions


@dataclass(frozen=True)
class _Chosen:
    """Drawings for a batch, and what is in them."""

    rgba: npt.NDArray[np.uint8]  # premultiplied, [n, CANVAS, CANVAS, 4]
    paints: npt.NDArray[np.float32]  # 0..255, [n, 4, 3]
    scenes: list[Scene | None]  # None: artwork
    concepts: npt.NDArray[np.int64]  # [n], -1: no artwork


class BatchMaker:
    """Makes batches out of the pools; the same seed and step give the same batch."""

    def __init__(
        self,
        scenes: pictures.ScenePool,
        grounds: pictures.GroundPool,
        art: Art,
        tokenizer: CLIPTokenizer,
        mixture: Mixture,
        seed: int,
    ) -> None:
        self._scenes, self._grounds, self._art = scenes, grounds, art
        self._tokenizer, self.mixture, self._seed = tokenizer, mixture, seed
        weights = np.array([STYLES[style] for style in art.artwork.styles])
        self._weights = weights / weights.sum()
        subgroup = families(art.concepts)
        self._subgroup = subgroup
        self._by_subgroup = [
            at
            for index in range(subgroup.max() + 1)
            if len(at := np.flatnonzero(subgroup[art.artwork.concepts] == index))
        ]
        self._kin = [np.flatnonzero(subgroup == index) for index in range(subgroup.max() + 1)]
        self._colours = artwork.main_colours(art.artwork)
        self._paints = artwork.mean_paints(art.artwork)
        self._one_sided = np.array([concept.is_one_sided for concept in art.concepts])

    def with_mixture(self, mixture: Mixture) -> Self:
        """The same pools, in other batches."""
        other = copy.copy(self)
        other.mixture = mixture
        return other

    def batch(self, step: int, ease: float = 0.0) -> Batch:
        """The batch of this step.

        Args:
            step: its number.
            ease: 1 for mostly drawn shapes, and large things on quiet grounds, to learn to see by;
                0 for all there is. A tower that is shown artwork from its first step on gets no
                further than colours for hours.
        """
        rng = self._lots(step)
        arrangement, views = self._arranged(rng, ease)
        said = self.said(views, rng)
        colours, kinds, counts = _targets(views.scenes)
        return Batch(
            **vars(said),
            arrangement=arrangement,
            colours=torch.from_numpy(colours),
            shapes=torch.from_numpy(kinds),
            counts=torch.from_numpy(counts),
        )

    def shown(self, step: int) -> tuple[Arrangement, Views]:
        """The pictures alone, and what is in them."""
        return self._arranged(self._lots(step), ease=0.0)

    def _lots(self, step: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, step + 1_000))

    def _arranged(self, rng: np.random.Generator, ease: float) -> tuple[Arrangement, Views]:
        """What the pictures are made of, and what is to be seen in them."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        count = self.mixture.pictures
        art_count = round(count * self.mixture.art * (1 - 0.85 * ease**3))
        index = self._artwork(art_count, rng)
        art, drawn = self._turned(index, rng), self._drawn(count - art_count, rng)
        concepts = np.concatenate([art.concepts, drawn.concepts])
        # Artwork has outlines; of a drawn shape nothing is left on a ground of its own colour.
        apart = np.where(concepts >= 0, rng.uniform(0, 110, size=count), 90)
        paints = np.concatenate([art.paints, drawn.paints])
        white = self.mixture.white + 0.4 * ease
        rgb, names = pictures.choose_grounds(self._grounds, paints, apart, white, rng)
        mixes, kept = augment.shades(art_count, generator)
        colours = np.where(kept.numpy(), self._colours[index], -1)
        odds = [self.mixture.blurred, self.mixture.speeding]
        effects = rng.choice(len(EFFECTS), size=art_count, p=[1 - sum(odds), *odds])
        looks = [Look(*pair) for pair in zip(effects.tolist(), colours.tolist(), strict=True)]
        blurred = np.zeros(count, np.bool_)
        blurred[:art_count] = effects == EFFECTS.index("blurred")
        smallest, _ = augment.ARTWORK.scale
        arrangement = Arrangement(
            drawings=torch.from_numpy(np.concatenate([art.rgba, drawn.rgba])),
            grounds=torch.from_numpy(pictures.crop_grounds(rgb, rng)),
            sizes=augment.content_sizes(count, generator),
            mixes=mixes,
            stickers=torch.from_numpy(rng.random(art_count) < self.mixture.sticker),
            speeding=torch.from_numpy(effects == EFFECTS.index("speeding")),
            blurred=torch.from_numpy(blurred),
            smallest=smallest + 0.4 * ease,
            seed=int(rng.integers(2**62)),
        )
        looks += [Look()] * (count - art_count)
        return arrangement, Views(art.scenes + drawn.scenes, names, concepts, looks)

    def said(self, views: Views, rng: np.random.Generator) -> Said:
        """Phrases about these pictures and about others, and which of them fit."""
        own, phrases = self._phrases(views, rng)
        bits = SceneBits.of(views.scenes, views.grounds)
        fits = captions.fits(bits, phrases)
        self._art.captions.judge(fits, views.concepts, bits.groups, phrases, views.looks)
        return Said(
            ids=token_ids(self._tokenizer, [phrase.text for phrase in phrases]),
            fits=torch.from_numpy(fits),
            own=own,
            neutral=torch.tensor([phrase.kind == "neutral" for phrase in phrases]),
            concepts=torch.from_numpy(views.concepts),
            rows=torch.tensor([phrase.concept for phrase in phrases]),
        )

    def _drawn(self, count: int, rng: np.random.Generator) -> _Chosen:
        chosen = np.sort(rng.integers(len(self._scenes.scenes), size=count))
        rgba = self._scenes.rgba[chosen]
        scenes: list[Scene | None] = [self._scenes.scenes[at] for at in chosen]
        empty = round(self.mixture.empty * self.mixture.pictures)
        for at in rng.permutation(count)[:empty]:
            rgba[at] = 0
            scenes[at] = Scene()
        return _Chosen(rgba, self._scenes.paints[chosen], scenes, np.full(count, -1, np.int64))

    def _artwork(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Which drawings: some of them of a few kinds, for these are hard to tell apart."""
        clustered = round(count * self.mixture.clustered)
        chosen = list(rng.choice(len(self._weights), size=count - clustered, p=self._weights))
        while len(chosen) < count:
            kin = self._by_subgroup[int(rng.integers(len(self._by_subgroup)))]
            chosen += list(rng.choice(kin, size=min(10, len(kin)), replace=False))
        return np.array(chosen[:count])

    def _turned(self, index: npt.NDArray[np.int64], rng: np.random.Generator) -> _Chosen:
        """These drawings, some of them mirrored."""
        drawn = self._art.artwork
        rgba, concepts = drawn.rgba[index], drawn.concepts[index]
        mirrored = (rng.random(len(index)) < 0.4) & ~self._one_sided[concepts]
        rgba[mirrored] = rgba[mirrored, :, ::-1]
        return _Chosen(rgba, self._paints[index], [None] * len(index), concepts)

    def _phrases(self, views: Views, rng: np.random.Generator) -> tuple[Tensor, list[Phrase]]:
        """Pictures' own phrases first, then hard negatives, others, and neutral ones.

        The text tower is the cheap one: of phrases that no picture belongs to, which learn from
        the prototypes alone, it can hear many.

        Returns:
            The index of each picture's own phrase or -1, [B], and the phrases.
        """
        own = []
        captioned = (views.concepts < 0) | (
            rng.random(len(views.concepts)) < self.mixture.captioned
        )
        for at in np.flatnonzero(captioned):
            scene, concept = views.scenes[at], views.concepts[at]
            language = self._language(rng)
            if scene is None:
                look = views.looks[at]
                own.append(self._art.captions.phrase(int(concept), language, rng, look))
            else:
                own.append(captions.caption(scene, views.grounds[at], language, rng))
        is_art = views.concepts >= 0
        some = rng.choice(np.flatnonzero(is_art), round(is_art.sum() * self.mixture.hard_art))
        hard = [self._other_artwork(int(views.concepts[at]), views.looks[at], rng) for at in some]
        drawn = np.flatnonzero(~is_art)
        for at in rng.choice(drawn, round(len(drawn) * self.mixture.hard)):
            scene = views.scenes[at]
            assert scene is not None
            changed = captions.mutated(scene, rng)
            hard.append(captions.caption(changed, views.grounds[at], self._language(rng), rng))
        for at in rng.permutation(drawn)[: round(len(drawn) * self.mixture.miscounted)]:
            scene = views.scenes[at]
            assert scene is not None
            hard += captions.miscounted(scene, self._language(rng), rng)
        others = [
            self._art.captions.phrase(int(concept), self._language(rng), rng)
            for concept in rng.integers(len(self._art.concepts), size=self.mixture.spoken)
        ]
        neutral = [captions.neutral(self._language(rng), rng) for _ in range(self.mixture.neutral)]
        phrases = [
            replace(phrase, text=wording.roughened(phrase.text, rng, self.mixture.mistyped))
            for phrase in (*own, *hard, *others, *neutral)
        ]
        index = np.where(captioned, np.cumsum(captioned) - 1, -1)
        return torch.from_numpy(index), phrases

    def _other_artwork(self, concept: int, look: Look, rng: np.random.Generator) -> Phrase:
        """A hard negative: another of its kind, or the same with another colour or effect."""
        chance = rng.random()
        if chance < 0.3:
            look = Look((look.effect + 1 + int(rng.integers(2))) % len(EFFECTS))
            told = 50.0
        elif chance < 0.6 and look.colour >= 0:
            look, told = Look(0, int(rng.integers(len(shapes.COLOURS)))), 50.0
        else:
            kin = self._kin[self._subgroup[concept]]
            concept, look, told = int(kin[int(rng.integers(len(kin)))]), Look(), 0.0
        language = self._language(rng)
        return self._art.captions.phrase(concept, language, rng, look, name=0.9, told=told)

    def _language(self, rng: np.random.Generator) -> Language:
        return _LANGUAGES[int(rng.random() >= self.mixture.english)]


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Ids [T, L], each padded with the end token to the longest."""
    encoded = tokenizer(texts, padding=True, truncation=True, max_length=CONTEXT)
    return torch.tensor(encoded["input_ids"])


Floats = npt.NDArray[np.float32]


def _targets(scenes: list[Scene | None]) -> tuple[Floats, Floats, Floats]:
    """What the auxiliary heads should say: evenly over what is there; zeros for nothing."""
    colours = np.zeros((len(scenes), len(shapes.COLOURS)), np.float32)
    kinds = np.zeros((len(scenes), len(shapes.SHAPES)), np.float32)
    counts = np.zeros((len(scenes), shapes.MAX_COUNT), np.float32)
    for at, scene in enumerate(scenes):
        for group in scene.groups if scene else ():
            assert scene is not None
            share = 1 / len(scene.groups)
            colours[at, shapes.COLOURS.index(group.colour)] += share
            kinds[at, shapes.SHAPES.index(group.shape)] += share
            if len(scene.groups) == 1:
                counts[at, group.count - 1] = 1
    return colours, kinds, counts

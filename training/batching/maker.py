"""Makes batches out of the pools of drawings, grounds and artwork."""

import copy
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from training.batching import pools
from training.batching.batch import Batch, CaptionBatch, PictureContents, head_targets
from training.captions import matching, scene_captions
from training.captions.art_captions import Appearance, ArtCaptions
from training.captions.matching import SceneBits, TrainingCaption
from training.drawing import augment
from training.drawing.augment import EFFECTS
from training.drawing.colours import COLOURS
from training.drawing.painting import Arrangement
from training.drawing.scenes import Scene
from training.emoji import artwork
from training.emoji.artwork import STYLES, Artwork
from training.emoji.concepts import Concept, families
from training.model.tokenizer import token_ids
from training.words import spelling
from training.words.language import Language

_LANGUAGES: Final = (Language.ENGLISH, Language.SPANISH)


@dataclass(frozen=True)
class Mixture:
    """What a batch consists of. Shares and probabilities are 0..1."""

    pictures: int = 160
    art: float = 0.66  # share of the pictures that show artwork
    empty: float = 0.04  # share of the pictures that show only a ground
    captioned: float = 0.4  # share of the artwork with a caption; the rest has only its prototype
    clustered: float = 0.3  # share of the artwork that comes from a few subgroups
    hard_scenes: float = 1.0  # hard negative captions per drawn scene
    off_by_one: float = 0.7  # share of the drawn scenes that get captions with a wrong count
    hard_art: float = 0.15  # hard negative captions per piece of artwork
    blurred: float = 0.04  # share of the artwork that is far out of focus
    speeding: float = 0.04  # share of the artwork that has the trail of something fast
    other_captions: int = 96  # captions of artwork that no picture of the batch shows
    neutral: int = 8  # neutral captions
    white: float = 0.25  # share of the grounds that are white
    sticker: float = 0.1  # share of the artwork that has a sticker's rim
    english: float = 0.55  # share of the captions that are English
    mistyped: float = 0.1  # probability of a typing error; `decorate` makes more of them


@dataclass(frozen=True)
class ArtworkPool:
    """The artwork to train on, and the captions for it."""

    artwork: Artwork
    concepts: list[Concept]
    captions: ArtCaptions


@dataclass(frozen=True)
class _Drawings:
    """Drawings that were chosen for a batch."""

    rgba: npt.NDArray[np.uint8]  # premultiplied, [n, CANVAS, CANVAS, 4]
    paints: npt.NDArray[np.float32]  # 0..255, [n, 4, 3]
    scenes: list[Scene | None]  # None: artwork
    concepts: npt.NDArray[np.int64]  # [n], -1: no artwork


class BatchMaker:
    """Makes batches out of pools; the same seed and step give the same batch."""

    def __init__(
        self,
        scenes: pools.ScenePool,
        grounds: pools.GroundPool,
        art: ArtworkPool,
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
        self._artwork_by_subgroup = [
            at
            for index in range(subgroup.max() + 1)
            if len(at := np.flatnonzero(subgroup[art.artwork.concepts] == index))
        ]
        self._concepts_by_subgroup = [
            np.flatnonzero(subgroup == index) for index in range(subgroup.max() + 1)
        ]
        self._colours = artwork.main_colours(art.artwork)
        self._paints = artwork.mean_paints(art.artwork)
        self._one_sided = np.array([concept.is_one_sided for concept in art.concepts])

    def with_mixture(self, mixture: Mixture) -> Self:
        """Return a maker with the same pools and another mixture."""
        other = copy.copy(self)
        other.mixture = mixture
        return other

    def batch(self, step: int, ease: float = 0.0) -> Batch:
        """Return the batch of a step.

        Args:
            step: its number.
            ease: 0..1. At 1 most pictures are drawn shapes, large and on quiet grounds; at 0 they
                are as the mixture says. An image encoder that sees much artwork from the first
                step on learns nothing but colours for hours.
        """
        rng = self._rng(step)
        arrangement, contents = self._arranged(rng, ease)
        captions = self.captions_for(contents, rng)
        colours, shapes, counts = head_targets(contents.scenes)
        return Batch(
            **vars(captions),
            arrangement=arrangement,
            colours=torch.from_numpy(colours),
            shapes=torch.from_numpy(shapes),
            counts=torch.from_numpy(counts),
        )

    def pictures(self, step: int) -> tuple[Arrangement, PictureContents]:
        """Return the pictures of a step without captions, and what they show."""
        return self._arranged(self._rng(step), ease=0.0)

    def captions_for(self, contents: PictureContents, rng: np.random.Generator) -> CaptionBatch:
        """Write captions of these pictures and of others, and compare all with these pictures."""
        own, captions = self._captions(contents, rng)
        bits = SceneBits.of(contents.scenes, contents.grounds)
        fits = matching.fits(bits, captions)
        self._art.captions.judge(
            fits, contents.concepts, bits.groups, captions, contents.appearances
        )
        return CaptionBatch(
            ids=token_ids(self._tokenizer, [caption.text for caption in captions]),
            fits=torch.from_numpy(fits),
            own=own,
            neutral=torch.tensor([caption.kind == "neutral" for caption in captions]),
            concepts=torch.from_numpy(contents.concepts),
            meanings=torch.tensor([caption.meaning for caption in captions]),
        )

    def _rng(self, step: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, step + 1_000))

    def _arranged(
        self, rng: np.random.Generator, ease: float
    ) -> tuple[Arrangement, PictureContents]:
        """Choose what the pictures are made of, and say what they show."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        count = self.mixture.pictures
        art_count = round(count * self.mixture.art * (1 - 0.85 * ease**3))
        index = self._choose_artwork(art_count, rng)
        art, drawn = self._mirrored(index, rng), self._choose_scenes(count - art_count, rng)
        concepts = np.concatenate([art.concepts, drawn.concepts])
        # A drawn shape on a ground of its own colour would be invisible. Artwork has outlines.
        apart = np.where(concepts >= 0, rng.uniform(0, 110, size=count), 90)
        paints = np.concatenate([art.paints, drawn.paints])
        white = self.mixture.white + 0.4 * ease
        rgb, names = pools.choose_grounds(self._grounds, paints, apart, white, rng)
        mixes, kept = augment.shades(art_count, generator)
        colours = np.where(kept.numpy(), self._colours[index], -1)
        odds = [self.mixture.blurred, self.mixture.speeding]
        effects = rng.choice(len(EFFECTS), size=art_count, p=[1 - sum(odds), *odds])
        appearances = [
            Appearance(*pair) for pair in zip(effects.tolist(), colours.tolist(), strict=True)
        ]
        blurred = np.zeros(count, np.bool_)
        blurred[:art_count] = effects == EFFECTS.index("blurred")
        smallest, _ = augment.ARTWORK.scale
        arrangement = Arrangement(
            drawings=torch.from_numpy(np.concatenate([art.rgba, drawn.rgba])),
            grounds=torch.from_numpy(pools.crop_grounds(rgb, rng)),
            sizes=augment.content_sizes(count, generator),
            mixes=mixes,
            stickers=torch.from_numpy(rng.random(art_count) < self.mixture.sticker),
            speeding=torch.from_numpy(effects == EFFECTS.index("speeding")),
            blurred=torch.from_numpy(blurred),
            smallest=smallest + 0.4 * ease,
            seed=int(rng.integers(2**62)),
        )
        appearances += [Appearance()] * (count - art_count)
        contents = PictureContents(art.scenes + drawn.scenes, names, concepts, appearances)
        return arrangement, contents

    def _choose_scenes(self, count: int, rng: np.random.Generator) -> _Drawings:
        """Choose drawn scenes, and make some of them empty."""
        chosen = np.sort(rng.integers(len(self._scenes.scenes), size=count))
        rgba = self._scenes.rgba[chosen]
        scenes: list[Scene | None] = [self._scenes.scenes[at] for at in chosen]
        empty = round(self.mixture.empty * self.mixture.pictures)
        for at in rng.permutation(count)[:empty]:
            rgba[at] = 0
            scenes[at] = Scene()
        return _Drawings(rgba, self._scenes.paints[chosen], scenes, np.full(count, -1, np.int64))

    def _choose_artwork(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Choose artwork; some of it from a few subgroups, whose members are hard to tell apart."""
        clustered = round(count * self.mixture.clustered)
        chosen = list(rng.choice(len(self._weights), size=count - clustered, p=self._weights))
        while len(chosen) < count:
            of_subgroup = self._artwork_by_subgroup[
                int(rng.integers(len(self._artwork_by_subgroup)))
            ]
            chosen += list(rng.choice(of_subgroup, size=min(10, len(of_subgroup)), replace=False))
        return np.array(chosen[:count])

    def _mirrored(self, index: npt.NDArray[np.int64], rng: np.random.Generator) -> _Drawings:
        """Return these pieces of artwork, some of them mirrored."""
        pool = self._art.artwork
        rgba, concepts = pool.rgba[index], pool.concepts[index]
        mirrored = (rng.random(len(index)) < 0.4) & ~self._one_sided[concepts]
        rgba[mirrored] = rgba[mirrored, :, ::-1]
        return _Drawings(rgba, self._paints[index], [None] * len(index), concepts)

    def _captions(
        self, contents: PictureContents, rng: np.random.Generator
    ) -> tuple[Tensor, list[TrainingCaption]]:
        """Write the pictures' own captions, then hard negatives, others, and neutral ones.

        A caption costs much less than a picture, so there are many that no picture of the batch
        belongs to. The text encoder learns from those through the prototypes.

        Returns:
            The index of each picture's own caption or -1, [B], and the captions.
        """
        own = []
        captioned = (contents.concepts < 0) | (
            rng.random(len(contents.concepts)) < self.mixture.captioned
        )
        for at in np.flatnonzero(captioned):
            scene, concept = contents.scenes[at], contents.concepts[at]
            language = self._language(rng)
            if scene is None:
                appearance = contents.appearances[at]
                own.append(self._art.captions.caption(int(concept), language, rng, appearance))
            else:
                own.append(scene_captions.caption(scene, contents.grounds[at], language, rng))
        hard = self._hard_negatives(contents, rng)
        others = [
            self._art.captions.caption(int(concept), self._language(rng), rng)
            for concept in rng.integers(len(self._art.concepts), size=self.mixture.other_captions)
        ]
        neutral = [
            scene_captions.neutral(self._language(rng), rng) for _ in range(self.mixture.neutral)
        ]
        captions = [
            replace(caption, text=spelling.as_typed(caption.text, rng, self.mixture.mistyped))
            for caption in (*own, *hard, *others, *neutral)
        ]
        index = np.where(captioned, np.cumsum(captioned) - 1, -1)
        return torch.from_numpy(index), captions

    def _hard_negatives(
        self, contents: PictureContents, rng: np.random.Generator
    ) -> list[TrainingCaption]:
        """Write captions that are nearly right for some of the pictures."""
        is_art = contents.concepts >= 0
        some = rng.choice(np.flatnonzero(is_art), round(is_art.sum() * self.mixture.hard_art))
        hard = [
            self._hard_art(int(contents.concepts[at]), contents.appearances[at], rng) for at in some
        ]
        drawn = np.flatnonzero(~is_art)
        for at in rng.choice(drawn, round(len(drawn) * self.mixture.hard_scenes)):
            scene = contents.scenes[at]
            assert scene is not None
            changed = scene_captions.changed(scene, rng)
            language = self._language(rng)
            hard.append(scene_captions.caption(changed, contents.grounds[at], language, rng))
        for at in rng.permutation(drawn)[: round(len(drawn) * self.mixture.off_by_one)]:
            scene = contents.scenes[at]
            assert scene is not None
            hard += scene_captions.miscounted(scene, self._language(rng), rng)
        return hard

    def _hard_art(
        self, concept: int, appearance: Appearance, rng: np.random.Generator
    ) -> TrainingCaption:
        """Write a caption with another effect or colour, or of another concept of the subgroup."""
        chance = rng.random()
        if chance < 0.3:
            effect = (appearance.effect + 1 + int(rng.integers(2))) % len(EFFECTS)
            appearance, emphasis = Appearance(effect), 50.0
        elif chance < 0.6 and appearance.colour >= 0:
            appearance, emphasis = Appearance(0, int(rng.integers(len(COLOURS)))), 50.0
        else:
            similar = self._concepts_by_subgroup[self._subgroup[concept]]
            concept = int(similar[int(rng.integers(len(similar)))])
            appearance, emphasis = Appearance(), 0.0
        language = self._language(rng)
        return self._art.captions.caption(
            concept, language, rng, appearance, name=0.9, emphasis=emphasis
        )

    def _language(self, rng: np.random.Generator) -> Language:
        return _LANGUAGES[int(rng.random() >= self.mixture.english)]

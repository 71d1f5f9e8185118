"""Batches: pictures and phrases that belong together, the same ones for the same step."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPTokenizer

from training.batching.maker import Art, Batch, BatchMaker, Mixture
from training.batching.pools import GroundPool, ScenePool
from training.batching.prefetch import prefetched
from training.captions.art_captions import ArtCaptions
from training.captions.scene_captions import FITS
from training.drawing import grounds, shapes
from training.drawing.painting import paint
from training.drawing.shapes import CANVAS
from training.emoji import artwork
from training.emoji.artwork import Artwork
from training.emoji.concepts import Concept, families, meanings
from training.learning.data_parallel import Team
from training.learning.trainer import Schedule, Trainer
from training.model import architecture as model
from training.model import tokenizer
from training.words.lexicon import Language

NAMES = (("cat", "gato"), ("dog", "perro"), ("cow", "vaca"), ("car", "coche"), ("bus", "autobús"))
KNOWN = [
    Concept(
        codes=english,
        group="group",
        subgroup="animal-mammal" if at < 3 else "transport-ground",
        names={Language.ENGLISH: (english,), Language.SPANISH: (spanish,)},
        keywords={Language.ENGLISH: (), Language.SPANISH: ()},
        titles=(english,),
    )
    for at, (english, spanish) in enumerate(NAMES)
]
MEANINGS = meanings(KNOWN)


def drawings() -> Artwork:
    """Two of each concept, in one style: discs whose colour tells them apart."""
    rgba = np.zeros((2 * len(KNOWN), CANVAS, CANVAS, 4), np.uint8)
    for at, picture in enumerate(rgba):
        picture[20:-20, 20:-20] = (25 * at, 120, 255 - 25 * at, 255)
    concepts = np.arange(len(rgba)) % len(KNOWN)
    return Artwork(rgba, concepts, ["noto"] * len(rgba))


@pytest.fixture(scope="module")
def words() -> CLIPTokenizer:
    return tokenizer.learn([name for pair in NAMES for name in pair], vocabulary=600)


@pytest.fixture(scope="module")
def maker(words: CLIPTokenizer) -> BatchMaker:
    rng = np.random.default_rng(1)
    drawn = [shapes.draw(shapes.random_scene(rng), rng) for _ in range(24)]
    scenes = ScenePool(
        [drawing.scene for drawing in drawn],
        np.stack([drawing.rgba for drawing in drawn]),
        np.array([(drawing.paints * 4)[:4] for drawing in drawn], np.float32),
    )
    rgb, names = grounds.pool(24, seed=2)
    pool = GroundPool(rgb, names, rgb.mean(axis=(1, 2), dtype=np.float32))
    art = Art(drawings(), KNOWN, ArtCaptions(KNOWN, MEANINGS))
    return BatchMaker(scenes, pool, art, words, Mixture(pictures=24, spoken=8), seed=3)


def tensors(batch: Batch) -> dict[str, torch.Tensor]:
    values = vars(batch) | vars(batch.arrangement)
    return {name: value for name, value in values.items() if isinstance(value, torch.Tensor)}


def assert_equal(one: Batch, other: Batch) -> None:
    assert one.arrangement.seed == other.arrangement.seed
    for name, value in tensors(one).items():
        assert torch.equal(value, tensors(other)[name]), name


def test_a_step_has_its_batch_and_no_other(maker: BatchMaker) -> None:
    assert_equal(maker.batch(5), maker.batch(5))
    assert not torch.equal(maker.batch(5).arrangement.drawings, maker.batch(6).arrangement.drawings)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_another_process_makes_the_same_batch(maker: BatchMaker) -> None:
    [there] = prefetched(maker.batch, [(5, 0.5)], workers=1)
    assert_equal(there, maker.batch(5, 0.5))


def test_another_mixture_of_the_same_pools(maker: BatchMaker) -> None:
    few = maker.with_mixture(Mixture(pictures=6, spoken=2)).batch(5)
    assert len(few.concepts) == 6
    assert len(maker.batch(5).concepts) == 24


@pytest.mark.parametrize("ease", [0.0, 1.0])
def test_each_picture_has_what_a_step_needs_to_know(maker: BatchMaker, ease: float) -> None:
    batch = maker.batch(7, ease)
    is_art = batch.concepts >= 0
    assert int(is_art.sum()) == len(batch.arrangement.mixes) == (16 if ease == 0 else 2)
    assert bool(is_art[: int(is_art.sum())].all())  # artwork first: see Arrangement
    own = batch.own >= 0
    assert bool(own[~is_art].all())
    drawn = torch.nonzero(~is_art)[:, 0]
    assert (batch.fits[drawn, batch.own[drawn]] == FITS).all()
    named = torch.nonzero(is_art & own)[:, 0]
    rows = MEANINGS.matrix()[batch.rows[batch.own[named]].numpy()]
    assert (rows[np.arange(len(named)), batch.concepts[named].numpy()] == FITS).all()
    painted = paint(batch.arrangement)
    assert painted.pixels.shape == (24, 3, model.IMAGE_SIDE, model.IMAGE_SIDE)
    assert torch.isfinite(painted.pixels).all()


def test_it_moves_to_a_device_whole(maker: BatchMaker) -> None:
    moved = tensors(maker.batch(5).to(torch.device("meta")))
    assert {value.device.type for value in moved.values()} == {"meta"}


def test_a_drawings_mean_colour_is_that_of_what_is_painted() -> None:
    paints = artwork.mean_paints(drawings())
    assert paints.shape == (10, 4, 3)
    np.testing.assert_allclose(paints[3], np.tile((75, 120, 180), (4, 1)), atol=1e-3)


def trainer(maker: BatchMaker, words: CLIPTokenizer, folder: Path, steps: int) -> Trainer:
    torch.manual_seed(1)
    return Trainer(
        model.new_model(words),
        maker,
        Schedule(steps),
        folder / "run.pt",
        torch.from_numpy(MEANINGS.matrix()),
        torch.from_numpy(families(KNOWN)),
        torch.device("cpu"),
        Team(),
    )


def test_a_run_goes_on_where_it_stopped_and_ends_with_its_schedule(
    maker: BatchMaker, words: CLIPTokenizer, tmp_path: Path
) -> None:
    first = trainer(maker, words, tmp_path, steps=2)
    seen: list[int] = []
    first.run(every=1, report=lambda _, step: seen.append(step))
    assert (first.step, seen) == (2, [1, 2])
    second = trainer(maker, words, tmp_path, steps=3)
    assert second.step == 2
    before = second.averaged().text_projection.weight
    second.run()
    assert second.step == 3
    assert torch.dist(second.averaged().text_projection.weight, before) > 0


def test_a_run_whose_time_is_over_takes_no_step(
    maker: BatchMaker, words: CLIPTokenizer, tmp_path: Path
) -> None:
    late = trainer(maker, words, tmp_path, steps=2)
    late.run(until=1.0)
    assert (late.step, late.done) == (0, 1.0)

"""The text tower learns alone: from a bank of pictures, which stays as it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import CLIPModel, CLIPTextConfig

from training.batching.maker import BatchMaker, Said, Views, token_ids
from training.captions.art_captions import Look
from training.captions.scene_captions import FITS, WRONG
from training.drawing.painting import Arrangement, paint
from training.drawing.shapes import CANVAS
from training.learning import locked_image_tuning as locked
from training.learning.data_parallel import Team
from training.learning.trainer import Schedule, Trainer
from training.model import architecture as model
from training.model import tokenizer

NAMES = ("a red cat", "a blue dog", "a green tree")
MEANINGS = torch.eye(3, dtype=torch.int8) * (FITS - WRONG) + WRONG


class TwoOfEach(BatchMaker):
    """Pictures of three things, two of each, and their names."""

    def __init__(self) -> None:
        self.words = tokenizer.learn(NAMES, vocabulary=600)

    def shown(self, step: int) -> tuple[Arrangement, Views]:
        concepts = np.arange(6) % 3
        colours = 255 * torch.eye(3, dtype=torch.uint8)[concepts]
        side = model.IMAGE_SIDE
        none = torch.zeros(6, dtype=torch.bool)
        arrangement = Arrangement(
            drawings=torch.zeros(6, CANVAS, CANVAS, 4, dtype=torch.uint8),
            grounds=colours[:, None, None].expand(-1, side, side, -1),
            sizes=torch.full((6, 2), float(side)),
            mixes=torch.eye(3).expand(6, -1, -1),
            stickers=none,
            speeding=none,
            blurred=none,
            smallest=1.0,
            seed=step,
        )
        return arrangement, Views([None] * 6, [None] * 6, concepts, [Look()] * 6)

    def said(self, views: Views, rng: np.random.Generator) -> Said:
        concepts = torch.from_numpy(views.concepts)
        return Said(
            ids=token_ids(self.words, list(NAMES)),
            fits=MEANINGS[concepts],
            own=concepts,
            neutral=torch.zeros(3, dtype=torch.bool),
            concepts=concepts,
            rows=torch.arange(3),
        )


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Beside other tests, two threads wait for each other at each of many small products."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def maker() -> TwoOfEach:
    return TwoOfEach()


@pytest.fixture
def trainer(maker: TwoOfEach, tmp_path: Path) -> Trainer:
    torch.manual_seed(1)
    return Trainer(
        model.new_model(maker.words),
        maker,
        Schedule(steps=1),
        tmp_path / "run.pt",
        MEANINGS,
        torch.arange(3),
        torch.device("cpu"),
        Team(),
    )


def test_names_find_their_pictures_and_the_picture_tower_stays(
    trainer: Trainer, maker: TwoOfEach
) -> None:
    seeing = {name: at.clone() for name, at in trainer.model.vision_model.state_dict().items()}
    bank = locked.Bank.of(trainer.averaged(), maker, batches=2, first=0)
    assert bank.pooled.shape == (12, 192)
    assert len(bank.views.looks) == 12
    locked.tune(trainer, maker, bank, steps=40, pictures=6)
    assert trainer.tuned == 1
    after = trainer.model  # what was learnt; half way from noise there is but noise
    after.train(False)
    for name, weights in after.vision_model.state_dict().items():
        assert torch.equal(weights, seeing[name])
    arrangement, views = maker.shown(0)
    with torch.inference_mode():
        pictures = model.image_features(after, paint(arrangement).pixels).projected
        texts = model.text_features(after, token_ids(maker.words, list(NAMES)))
    scores = functional.normalize(pictures, dim=1) @ functional.normalize(texts, dim=1).T
    assert scores.argmax(dim=1).tolist() == views.concepts.tolist()


def test_a_new_run_may_begin_late_in_the_schedule(trainer: Trainer) -> None:
    trainer.rewind(0.4)
    assert (trainer.done, trainer.tuned, trainer.step) == (0.4, 0, 0)


def test_it_is_gone_on_with_where_it_stopped(trainer: Trainer, maker: TwoOfEach) -> None:
    bank = locked.Bank.of(trainer.averaged(), maker, batches=1, first=0)
    trainer.tuned = 0.5
    before = trainer.step
    locked.tune(trainer, maker, bank, steps=4, pictures=6)
    assert (trainer.tuned, trainer.step) == (1, before)
    trainer.rewind(0.2)
    assert trainer.tuned == 0


def test_a_model_with_fewer_text_layers_is_gone_on_with_unchanged(
    maker: TwoOfEach, tmp_path: Path
) -> None:
    small = model.configuration(maker.words)
    assert isinstance(small.text_config, CLIPTextConfig)
    small.text_config.num_hidden_layers -= 1
    torch.manual_seed(1)
    old = CLIPModel(small)
    old.train(False)
    old.save_pretrained(tmp_path)
    new = model.new_model(maker.words, tmp_path)
    new.train(False)
    ids = token_ids(maker.words, list(NAMES))
    with torch.inference_mode():
        assert torch.allclose(
            model.text_features(new, ids), model.text_features(old, ids), atol=1e-5
        )


def test_it_ends_half_way(trainer: Trainer, maker: TwoOfEach) -> None:
    bank = locked.Bank.of(trainer.averaged(), maker, batches=2, first=0)
    before = trainer.averaged().text_projection.weight
    locked.tune(trainer, maker, bank, steps=5, pictures=6)
    learnt = trainer.model.text_projection.weight.detach()
    middle = trainer.averaged().text_projection.weight
    # It is the average over the steps that is met half way, which lags behind the last one.
    assert 0 < torch.dist(middle, before) < torch.dist(learnt, before)

"""Locked-image tuning: the text encoder learns, and the image encoder stays as it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import CLIPModel, CLIPTextConfig

from training.batching.batch import CaptionBatch, PictureContents
from training.batching.maker import BatchMaker
from training.captions.art_captions import Appearance
from training.captions.matching import FITS, WRONG
from training.drawing.painting import Arrangement, paint
from training.drawing.rendering import CANVAS
from training.learning import locked_image_tuning
from training.learning.data_parallel import DataParallelGroup
from training.learning.schedule import Schedule
from training.learning.trainer import Trainer
from training.model import architecture
from training.model import tokenizer as tokenizers
from training.model.tokenizer import token_ids

NAMES = ("a red cat", "a blue dog", "a green tree")
MEANINGS = torch.eye(3, dtype=torch.int8) * (FITS - WRONG) + WRONG


class ThreeThings(BatchMaker):
    """Makes pictures of three things, two of each, and captions with their names."""

    def __init__(self) -> None:
        self.tokenizer = tokenizers.learn(NAMES, vocabulary=600)

    def pictures(self, step: int) -> tuple[Arrangement, PictureContents]:
        concepts = np.arange(6) % 3
        colours = 255 * torch.eye(3, dtype=torch.uint8)[concepts]
        side = architecture.IMAGE_SIDE
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
        return arrangement, PictureContents([None] * 6, [None] * 6, concepts, [Appearance()] * 6)

    def captions_for(self, contents: PictureContents, rng: np.random.Generator) -> CaptionBatch:
        concepts = torch.from_numpy(contents.concepts)
        return CaptionBatch(
            ids=token_ids(self.tokenizer, list(NAMES)),
            fits=MEANINGS[concepts],
            own=concepts,
            neutral=torch.zeros(3, dtype=torch.bool),
            concepts=concepts,
            meanings=torch.arange(3),
        )


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Use one thread: beside other tests, threads spend most of the time waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def maker() -> ThreeThings:
    return ThreeThings()


@pytest.fixture
def trainer(maker: ThreeThings, tmp_path: Path) -> Trainer:
    torch.manual_seed(1)
    return Trainer(
        architecture.new_model(maker.tokenizer),
        maker,
        Schedule(steps=1),
        tmp_path / "run.pt",
        MEANINGS,
        torch.arange(3),
        torch.device("cpu"),
        DataParallelGroup(),
    )


def test_names_find_their_pictures_and_the_image_encoder_stays(
    trainer: Trainer, maker: ThreeThings
) -> None:
    image_weights = {
        name: at.clone() for name, at in trainer.model.vision_model.state_dict().items()
    }
    bank = locked_image_tuning.FeatureBank.encode(trainer.averaged(), maker, batches=2, first=0)
    assert bank.pooled.shape == (12, 192)
    assert len(bank.contents.appearances) == 12
    locked_image_tuning.tune(trainer, maker, bank, steps=40, pictures=6)
    assert trainer.text_progress == 1
    after = trainer.model  # not the averaged one, which is half noise
    after.train(False)
    for name, weights in after.vision_model.state_dict().items():
        assert torch.equal(weights, image_weights[name])
    arrangement, contents = maker.pictures(0)
    with torch.inference_mode():
        pictures = architecture.image_features(after, paint(arrangement).pixels).projected
        texts = architecture.text_features(after, token_ids(maker.tokenizer, list(NAMES)))
    scores = functional.normalize(pictures, dim=1) @ functional.normalize(texts, dim=1).T
    assert scores.argmax(dim=1).tolist() == contents.concepts.tolist()


def test_a_new_run_can_begin_late_in_the_schedule(trainer: Trainer) -> None:
    trainer.rewind(0.4)
    assert (trainer.progress, trainer.text_progress, trainer.step) == (0.4, 0, 0)


def test_tuning_continues_where_it_stopped(trainer: Trainer, maker: ThreeThings) -> None:
    bank = locked_image_tuning.FeatureBank.encode(trainer.averaged(), maker, batches=1, first=0)
    trainer.text_progress = 0.5
    before = trainer.step
    locked_image_tuning.tune(trainer, maker, bank, steps=4, pictures=6)
    assert (trainer.text_progress, trainer.step) == (1, before)
    trainer.rewind(0.2)
    assert trainer.text_progress == 0


def test_text_layers_that_are_added_change_nothing_at_first(
    maker: ThreeThings, tmp_path: Path
) -> None:
    small = architecture.configuration(maker.tokenizer)
    assert isinstance(small.text_config, CLIPTextConfig)
    small.text_config.num_hidden_layers -= 1
    torch.manual_seed(1)
    old = CLIPModel(small)
    old.train(False)
    old.save_pretrained(tmp_path)
    new = architecture.new_model(maker.tokenizer, tmp_path)
    new.train(False)
    ids = token_ids(maker.tokenizer, list(NAMES))
    with torch.inference_mode():
        assert torch.allclose(
            architecture.text_features(new, ids), architecture.text_features(old, ids), atol=1e-5
        )


def test_the_result_lies_between_the_weights_before_and_after(
    trainer: Trainer, maker: ThreeThings
) -> None:
    bank = locked_image_tuning.FeatureBank.encode(trainer.averaged(), maker, batches=2, first=0)
    before = trainer.averaged().text_projection.weight
    locked_image_tuning.tune(trainer, maker, bank, steps=5, pictures=6)
    learnt = trainer.model.text_projection.weight.detach()
    middle = trainer.averaged().text_projection.weight
    # The result is the mean of the start and the averaged weights, which lag behind the last step.
    assert 0 < torch.dist(middle, before) < torch.dist(learnt, before)

"""A checkpoint with the shape of ViT-B/32, CLIP's vocabulary and random weights: 600 MB."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from tests.inference.model import checkpoints
from tests.inference.model.reference import LABELS, ReferenceModel, pictures

pytestmark = pytest.mark.skipif(
    not checkpoints.CLIP_VOCABULARY.is_file(),
    reason="CLIP's vocabulary is not beside this checkout (shared/clip-bpe)",
)

TWO_PICTURES = pictures()[:2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.clip_vit_b_32(tmp_path_factory.mktemp("vit-b-32"))


@pytest.fixture(scope="module")
def reference(folder: Path) -> ReferenceModel:
    return ReferenceModel(folder)


@pytest.fixture(scope="module")
def engine(folder: Path, reference: ReferenceModel) -> Engine:
    """Load the engine after the reference, then delete the weights from the disk.

    In float32, like the reference: `auto` takes bfloat16 on processors that have it natively.
    """
    engine = Engine.load(str(folder), device="cpu", dtype="float32")
    shutil.rmtree(folder)
    return engine


def test_its_shape_is_that_of_the_default_model(engine: Engine, reference: ReferenceModel) -> None:
    # openai/clip-vit-base-patch32: 151,277,313 parameters
    assert sum(each.numel() for each in reference.model.parameters()) == 151_277_313
    assert engine.image_size == 224
    assert engine.runs_towers_apart


def test_its_vocabulary_is_that_of_clip(engine: Engine) -> None:
    # The tokens of "a photo of a cat" in the documentation of openai/CLIP and transformers.
    assert engine.encoder.tokenizer.tokens(["a photo of a cat", "Hello  WORLD!"]) == [
        (49406, 320, 1125, 539, 320, 2368, 49407),
        (49406, 3306, 1002, 256, 49407),
    ]


def test_ours_equals_the_reference(engine: Engine, reference: ReferenceModel) -> None:
    got = engine.classify(TWO_PICTURES, [LabelSet(LABELS)] * 2)
    np.testing.assert_allclose(got, reference.classify(TWO_PICTURES, LABELS), atol=1e-4)


def test_a_batch_of_different_label_sets_equals_the_reference_one_by_one(
    engine: Engine, reference: ReferenceModel
) -> None:
    rows = engine.classify(
        TWO_PICTURES, [LabelSet(("cat", "x")), LabelSet(("cat", "dog"), "a photo of {}")]
    )
    texts = (("cat", "x"), ("a photo of cat", "a photo of dog"))
    for row, image, asked in zip(rows, TWO_PICTURES, texts, strict=True):
        expected = reference.classify([image], asked)[0, : len(row)]
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_a_text_without_padding_equals_one_padded_to_77_tokens(
    engine: Engine, reference: ReferenceModel
) -> None:
    texts = list(LABELS[:3])
    tokenizer = reference.processor.tokenizer
    padded = tokenizer(texts, padding="max_length", max_length=77, return_tensors="pt")
    with torch.inference_mode():
        expected = reference.model.get_text_features(**padded).pooler_output
        expected = expected / expected.norm(dim=-1, keepdim=True)
    tokens = engine.encoder.tokenizer.tokens(texts)
    got = np.concatenate([engine.encoder.encode_tokens([text]) for text in tokens])
    assert len(tokens[0]) < 10 < padded["input_ids"].shape[1] == 77
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_cached_equals_fresh(engine: Engine) -> None:
    fresh = engine.encoder.text_features(LABELS[:2])
    np.testing.assert_array_equal(engine.encoder.text_features(LABELS[:2]), fresh)

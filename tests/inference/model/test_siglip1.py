"""SigLIP 1: sentencepiece reads its tokenizer, which lower-cases and removes punctuation."""

from pathlib import Path

import numpy as np
import pytest

from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from inference.protocol.errors import ModelUnavailable
from tests.inference.model import checkpoints
from tests.inference.model.reference import ReferenceModel, pictures

LABELS = ("a cat", "A Photo of a DOG!", "un perro", "a cat " * 70)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.tiny_siglip_of_sentencepiece(tmp_path_factory.mktemp("siglip"))


def test_answers_equal_the_reference(exporting_here: None, folder: Path) -> None:
    assert (folder / "spiece.model").is_file()
    engine = Engine.load(str(folder), device="cpu", dtype="float32")
    assert engine.sigmoid_scores
    got = engine.classify(pictures(), [LabelSet(LABELS)] * len(pictures()))
    expected = ReferenceModel(folder).classify(pictures(), LABELS)
    np.testing.assert_allclose(np.stack(got), expected, atol=1e-4)
    cat, shouted = engine.encoder.tokenizer.tokens(["a cat", "A CAT!"])
    assert cat == shouted


@pytest.mark.parametrize("library", ["SentencePiece", "protobuf"])
def test_missing_libraries_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ImportError(f"\nSiglipTokenizer requires the {library} library but it was not found")

    monkeypatch.setattr("transformers.AutoTokenizer.from_pretrained", fails)
    with pytest.raises(ModelUnavailable, match=r"install clipbot\[worker\] again\.$"):
        Engine.load(str(folder), device="cpu", dtype="float32")

"""SigLIP 2 was trained on lower-case text, so texts are lower-cased whatever its tokenizer does."""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from transformers import AutoTokenizer

from inference.model.backends import openvino_backend
from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from tests.inference.model import checkpoints
from tests.inference.model.reference import ReferenceModel, pictures

TYPED = ("UN PERRO", "Un Niño", "un gato")
LOWER = ("un perro", "un niño", "un gato")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.tiny_siglip2_of_fixed_size(tmp_path_factory.mktemp("siglip2"))


def scores(engine: Engine, labels: tuple[str, ...], template: str | None = None) -> Any:
    return np.stack(engine.classify(pictures()[:2], [LabelSet(labels, template)] * 2))


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_capitals_make_no_difference(
    exporting_here: None, folder: Path, runtime: Literal["torch", "openvino"]
) -> None:
    if runtime == "openvino" and not openvino_backend.is_installed():
        pytest.skip("OpenVINO is not installed (clipbot[fast])")
    reference = ReferenceModel(folder)
    assert not np.allclose(
        reference.classify(pictures()[:2], TYPED), reference.classify(pictures()[:2], LOWER)
    )
    expected = reference.classify(pictures()[:2], LOWER)
    engine = Engine.load(str(folder), device="cpu", runtime=runtime)
    assert engine.runtime == runtime
    np.testing.assert_allclose(scores(engine, TYPED), expected, atol=1e-4)
    np.testing.assert_array_equal(scores(engine, TYPED), scores(engine, LOWER))
    np.testing.assert_array_equal(
        scores(engine, TYPED, "Una Foto de {}"), scores(engine, LOWER, "una foto de {}")
    )
    # Labels in both cases share one entry of the cache.
    assert len(engine.encoder.text_cache) == 2 * len(LOWER)


def test_a_tokenizer_saved_under_a_general_class_is_recognised(tmp_path: Path) -> None:
    folder = checkpoints.tiny_siglip2_of_fixed_size(tmp_path / "siglip2")
    settings = folder / "tokenizer_config.json"
    said = json.loads(settings.read_text())
    settings.write_text(json.dumps({**said, "tokenizer_class": "PreTrainedTokenizerFast"}))
    assert "Gemma" not in type(AutoTokenizer.from_pretrained(folder)).__name__
    engine = Engine.load(str(folder), device="cpu", runtime="torch")
    np.testing.assert_array_equal(scores(engine, TYPED), scores(engine, LOWER))


@pytest.mark.parametrize(
    "make", [checkpoints.tiny_clip, checkpoints.tiny_siglip, checkpoints.tiny_siglip2]
)
def test_other_tokenizers_are_not_changed(make: Any, tmp_path: Path) -> None:
    """CLIP, SigLIP 1 and NaFlex lower-case by themselves."""
    folder = make(tmp_path / "model")
    engine = Engine.load(str(folder), device="cpu", runtime="torch")
    expected = AutoTokenizer.from_pretrained(folder)(list(TYPED))["input_ids"]
    assert [list(ids) for ids in engine.encoder.tokenizer.tokens(TYPED)] == expected

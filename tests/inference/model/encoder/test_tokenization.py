"""Texts become the same arrays as with transformers, padded on either side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from inference.model.encoder.tokenization import Tokenizer
from tests.inference.model import checkpoints
from tests.inference.model.reference import LABELS

LENGTH = 64


@pytest.fixture(scope="module", params=[checkpoints.tiny_clip, checkpoints.tiny_siglip])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    make: Callable[[Path], Path] = request.param
    return make(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("to_max", [False, True])
def test_arrays_equal_those_of_transformers(folder: Path, side: str, to_max: bool) -> None:
    theirs: Any = AutoTokenizer.from_pretrained(folder, padding_side=side)
    expected = theirs(
        list(LABELS),
        truncation=True,
        max_length=LENGTH,
        padding="max_length" if to_max else "longest",
        return_tensors="np",
    )
    made = Tokenizer.of(theirs, LENGTH, to_max=to_max)
    read = Tokenizer.read(folder / "tokenizer.json", made.padding)
    for ours in (made, read):
        batch = ours.batch(ours.tokens(LABELS))
        assert set(batch) == set(expected)
        for name, array in batch.items():
            assert array.dtype == np.int64
            np.testing.assert_array_equal(array, expected[name])


def test_a_tokenizer_without_padding_token_needs_an_attention_mask(folder: Path) -> None:
    theirs: Any = AutoTokenizer.from_pretrained(folder)
    theirs.pad_token = None
    theirs.model_input_names = ["input_ids", "attention_mask"]
    Tokenizer.of(theirs, LENGTH, to_max=False)  # the mask tells the model where the padding is
    theirs.model_input_names = ["input_ids"]
    with pytest.raises(ValueError, match="no padding token"):
        Tokenizer.of(theirs, LENGTH, to_max=False)


def test_a_damaged_tokenizer_file_is_a_value_error(tmp_path: Path, folder: Path) -> None:
    theirs: Any = AutoTokenizer.from_pretrained(folder)
    padding = Tokenizer.of(theirs, LENGTH, to_max=False).padding
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ValueError, match=r"tokenizer\.json"):
        Tokenizer.read(tmp_path / "tokenizer.json", padding)

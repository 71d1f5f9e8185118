"""The pruned last layer gives the same features as the whole one, or is not used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import CLIPModel

from inference.model.backends import checkpoint, token_pruning
from inference.model.backends.torch_backend import TorchModel
from inference.model.encoder.preprocessing import sample_images
from inference.model.engine import Engine
from inference.model.precision.equivalence import sample_features
from tests.inference.model import checkpoints


def loaded(folder: Path, dtype: torch.dtype = torch.float32) -> TorchModel:
    return TorchModel(checkpoint.load(str(folder), torch.device("cpu"), dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pruning_keeps_the_features(tiny_clip_folder: Path, dtype: torch.dtype) -> None:
    model = loaded(tiny_clip_folder, dtype)
    encoder = model.dual_encoder()
    pictures = encoder.preprocess(sample_images())
    whole = encoder.image_features(pictures)
    assert model.prune_tokens(encoder)
    pruned = encoder.image_features(pictures)
    np.testing.assert_allclose(pruned, whole, atol=1e-6 if dtype is torch.float32 else 0.02)


def test_the_pruned_layer_computes_one_token(tiny_clip_folder: Path) -> None:
    model: Any = CLIPModel.from_pretrained(tiny_clip_folder)
    pixels = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        whole = model.vision_model(pixels)
        assert token_pruning.prune_last_layer(model)
        pruned = model.vision_model(pixels)
        token_pruning.restore_last_layer(model)
        again = model.vision_model(pixels)
    assert whole.last_hidden_state.shape == (2, 17, 32)  # 4 x 4 patches and the class token
    assert pruned.last_hidden_state.shape == (2, 1, 32)
    torch.testing.assert_close(pruned.pooler_output, whole.pooler_output)
    assert again.last_hidden_state.equal(whole.last_hidden_state)


def test_a_model_that_reads_other_tokens_keeps_its_layer(tiny_clip_folder: Path) -> None:
    model = loaded(tiny_clip_folder)
    tower = model.checkpoint.model

    def reads_the_last(pixel_values: torch.Tensor) -> torch.Tensor:
        states = tower.vision_model(pixel_values).last_hidden_state
        projected: torch.Tensor = tower.visual_projection(states[:, -1])
        return projected

    tower.get_image_features = reads_the_last
    layer = tower.vision_model.encoder.layers[-1]
    assert not model.prune_tokens(model.dual_encoder())
    assert tower.vision_model.encoder.layers[-1] is layer


@pytest.mark.parametrize("make", [checkpoints.tiny_align, checkpoints.tiny_siglip])
def test_other_families_are_not_pruned(make: Any, tmp_path: Path) -> None:
    """ALIGN has no such layers; SigLIP's head attends to all tokens."""
    model = loaded(make(tmp_path / "model"))
    before = str(model.checkpoint.model)
    assert not model.prune_tokens(model.dual_encoder())
    assert str(model.checkpoint.model) == before


def test_other_features_are_noticed_even_if_all_probabilities_are_near_zero(tmp_path: Path) -> None:
    """A trained SigLIP gives probabilities near zero to all labels that do not fit."""
    folder = checkpoints.tiny_siglip(tmp_path / "siglip")
    model = loaded(folder)
    with torch.no_grad():
        model.checkpoint.model.logit_bias.fill_(-20.0)
    encoder = model.dual_encoder()
    before = sample_features(encoder)
    assert not model.prune_tokens(encoder)
    np.testing.assert_array_equal(sample_features(encoder), before)


def test_layers_with_other_arguments_are_not_pruned(
    tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wants_a_tuple(*_: object, **__: object) -> None:
        raise IndexError("too many indices")

    monkeypatch.setattr(token_pruning._ClassTokenLayer, "forward", wants_a_tuple)
    model = loaded(tiny_clip_folder)
    assert not model.prune_tokens(model.dual_encoder())


def test_an_engine_uses_the_pruned_layer(tiny_clip: Engine) -> None:
    assert tiny_clip.torch_model is not None
    layers = tiny_clip.torch_model.checkpoint.model.vision_model.encoder.layers
    assert isinstance(layers[-1], token_pruning._ClassTokenLayer)

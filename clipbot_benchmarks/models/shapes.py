"""Checkpoints with random weights in the shape of each model with a short name.

A forward pass takes as long with random weights as with trained ones.
"""

from pathlib import Path
from typing import Any

from inference.model.hub.checkpoint_files import DEMO_FOLDER
from inference.protocol.models import ModelPreset

# From each checkpoint's config.json; what is left out is transformers' default.
_BASE: dict[str, Any] = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
_LARGE: dict[str, Any] = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_attention_heads": 16,
    "num_hidden_layers": 24,
}
_CLIP_VOCABULARY, _CLIP_CONTEXT = 49_408, 77
_SIGLIP_VOCABULARY, _SIGLIP_CONTEXT = 256_000, 64


def config(preset: ModelPreset) -> Any:
    """Return transformers' configuration of a model."""
    from transformers import CLIPConfig, SiglipConfig

    is_large, patch = preset.tower.startswith("ViT-L"), int(preset.tower.rpartition("/")[2])
    seen: dict[str, Any] = {"image_size": preset.pixels, "patch_size": patch}
    seen |= _LARGE if is_large else _BASE
    if preset.family == "CLIP":
        side = 768 if is_large else 512
        read = {**(_BASE if is_large else {}), "projection_dim": side}
        seen["projection_dim"] = side
        return CLIPConfig(text_config=read, vision_config=seen, projection_dim=side)
    read = {**(_LARGE if is_large else _BASE), "vocab_size": _SIGLIP_VOCABULARY}
    read["projection_size"] = read["hidden_size"]
    return SiglipConfig(text_config=read, vision_config=seen)


def parameters(preset: ModelPreset) -> int:
    """Return how many weights a model has; none of them is made."""
    import torch

    with torch.device("meta"):
        return sum(weights.numel() for weights in _model(config(preset)).parameters())


def write(preset: ModelPreset, folder: Path) -> Path:
    """Write a checkpoint with seeded random weights, as large as the real one.

    It has the bundled model's tokenizer, which knows fewer words: a label has more tokens.
    """
    import torch
    from transformers import AutoTokenizer, CLIPImageProcessorPil, SiglipImageProcessorPil

    folder.mkdir(parents=True, exist_ok=True)
    is_clip = preset.family == "CLIP"
    context = _CLIP_CONTEXT if is_clip else _SIGLIP_CONTEXT
    tokenizer = AutoTokenizer.from_pretrained(DEMO_FOLDER, model_max_length=context)
    tokenizer.save_pretrained(folder)
    shape = config(preset)
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(shape.text_config, name, getattr(tokenizer, name))
    if is_clip:
        CLIPImageProcessorPil().save_pretrained(folder)
    else:
        side = {"height": preset.pixels, "width": preset.pixels}
        SiglipImageProcessorPil(size=side).save_pretrained(folder)
    torch.manual_seed(7)
    _model(shape).save_pretrained(folder)
    return folder


def _model(shape: Any) -> Any:
    from transformers import CLIPConfig, CLIPModel, SiglipModel

    return CLIPModel(shape) if isinstance(shape, CLIPConfig) else SiglipModel(shape)

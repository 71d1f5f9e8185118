"""The checkpoint to measure: the one that was asked for, or random weights in its shape.

A forward pass takes as long with random weights as with trained ones.
"""

from pathlib import Path
from typing import Any, Literal

from inference.model.hub import faults
from inference.model.hub.checkpoint_files import DEMO_FOLDER, locate
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import DEFAULT_MODEL, DEMO_MODEL

# The value of `--model` for random weights.
RANDOM = "random"

Shape = Literal["ViT-B/32", "ViT-L/14"]

# https://huggingface.co/openai/clip-vit-large-patch14/blob/main/config.json; transformers' defaults
# are those of openai/clip-vit-base-patch32.
_L_14: dict[str, dict[str, Any]] = {
    "text_config": {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12},
    "vision_config": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "patch_size": 14,
    },
}
_VOCABULARY = 49_408
_CONTEXT = 77  # tokens


def random_clip(folder: Path, shape: Shape = "ViT-B/32") -> Path:
    """Write a checkpoint of that shape with seeded random weights: 600 MB, or 1.7 GB for L/14.

    It has the bundled model's tokenizer, whose vocabulary is smaller than CLIP's own: a label can
    have more tokens.
    """
    import torch
    from transformers import AutoTokenizer, CLIPConfig, CLIPImageProcessorPil, CLIPModel

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(DEMO_FOLDER, model_max_length=_CONTEXT)
    tokenizer.save_pretrained(folder)
    large = _L_14 if shape == "ViT-L/14" else {}
    config = CLIPConfig(
        text_config={
            **large.get("text_config", {}),
            "vocab_size": _VOCABULARY,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config=large.get("vision_config", {}),
        projection_dim=768 if large else 512,
    )
    torch.manual_seed(7)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)
    return folder


def find(name: str, folder: Path) -> tuple[str, str]:
    """Return the checkpoint to load for `name`, and a note if it is a replacement, or "".

    The default model is replaced by random weights in its shape, written to `folder`, if it is
    not in the cache and the hub can't be reached.

    Raises:
        ModelUnavailable: another model can't be had, or the default one for another reason.
    """
    if name == RANDOM:
        return str(
            random_clip(folder)
        ), "Measuring random weights in the shape of ViT-B/32, as asked."
    if name == DEMO_MODEL or Path(name).expanduser().is_dir():
        return name, ""
    try:
        locate(name)
    except ModelUnavailable as error:
        out_of_reach = error.passing or faults.is_offline()
        if name != DEFAULT_MODEL or not out_of_reach:
            raise
        return str(random_clip(folder)), (
            f"{name} is not in the cache and the hub can't be reached. Random weights in its shape "
            "are measured instead: they are as fast, but their answers mean nothing."
        )
    return name, ""

"""The checkpoint to measure: the one asked for, or random weights in its shape.

A forward pass takes as long with random weights as with true ones.
"""

from pathlib import Path
from typing import Any, Literal

from inference.model.hub import faults
from inference.model.hub.checkpoint_files import DEMO_FOLDER, locate
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import DEFAULT_MODEL, DEMO_MODEL

# As `--model`: random weights even where the hub can be reached.
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
    """Writes a checkpoint of that shape with seeded random weights: 600 MB, or 1.7 GB for L/14.

    Its tokenizer is the bundled model's, whose words are fewer: a label may take some more tokens
    than with CLIP's own.
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
    """What to load for `name`, and a sentence where that is not what was asked for.

    The default model is replaced by random weights in its shape, in `folder`, where it is neither
    in the cache nor to be had from the hub.

    Raises:
        ModelUnavailable: any other model can't be had, or something else is the matter.
    """
    if name == RANDOM:
        return str(random_clip(folder)), "Random weights in the shape of ViT-B/32, as asked for."
    if name == DEMO_MODEL or Path(name).expanduser().is_dir():
        return name, ""
    try:
        locate(name)
    except ModelUnavailable as error:
        away = error.passing or faults.is_offline()
        if name != DEFAULT_MODEL or not away:
            raise
        return str(random_clip(folder)), (
            f"{name} is not in the cache and the hub is out of reach: measured with random weights "
            "in its shape, which takes as long. Its answers mean nothing."
        )
    return name, ""

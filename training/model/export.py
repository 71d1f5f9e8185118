"""The files that the package ships: float16 weights, configuration, tokenizer, preprocessor."""

import json
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save_file
from transformers import CLIPModel, CLIPTokenizer, PreTrainedConfig

from training.model.architecture import image_processor

DEMO_MODEL: Final = Path(__file__).parents[2] / "inference" / "demo_model"
LIMIT: Final = 10_000_000  # bytes, of all files together


def export(model: CLIPModel, tokenizer: CLIPTokenizer, folder: Path = DEMO_MODEL) -> int:
    """Write the model where `from_pretrained` finds it.

    Returns:
        The size of model, tokenizer and configuration together, in bytes.

    Raises:
        ValueError: they are over LIMIT.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Loaders make float32 of it on a CPU; the configuration says what the file holds.
    config = model.config
    for part in (config, config.text_config, config.vision_config):
        assert isinstance(part, PreTrainedConfig)
        part.dtype = torch.float16
    config.architectures = ["CLIPModel"]
    config.save_pretrained(folder)
    weights = {
        name: tensor.detach().to(torch.float16).contiguous()
        for name, tensor in model.state_dict().items()
        if tensor.is_floating_point()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # it is written for its owner alone
    tokenizer.save_pretrained(folder)
    _without_history(folder / "tokenizer_config.json")
    image_processor().save_pretrained(folder)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    if size > LIMIT:
        raise ValueError(f"{folder} holds {size} bytes, over {LIMIT}")
    return size


def _without_history(path: Path) -> None:
    """Leave what the tokenizer is, and take out how it was loaded and called here."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    its_own = {"backend", "model_max_length", "tokenizer_class"}
    kept = {k: v for k, v in settings.items() if k in its_own or k.endswith("_token")}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")

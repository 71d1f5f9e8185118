"""Export: write float16 weights, configuration, tokenizer and image processor for the package."""

import json
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save_file
from transformers import CLIPModel, CLIPTokenizer, PreTrainedConfig

from training.model.architecture import image_processor

DEMO_MODEL: Final = Path(__file__).parents[2] / "inference" / "demo_model"
LIMIT: Final = 10_000_000  # bytes, all files of the folder together


def export(model: CLIPModel, tokenizer: CLIPTokenizer, folder: Path = DEMO_MODEL) -> int:
    """Write the model where `from_pretrained` finds it.

    Returns:
        The size of the files in the folder, in bytes.

    Raises:
        ValueError: the files are larger than LIMIT.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The configuration says what the file holds. On a CPU, loaders convert it to float32.
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
    (folder / "model.safetensors").chmod(0o644)  # safetensors lets only the owner read it
    tokenizer.save_pretrained(folder)
    _keep_own_settings(folder / "tokenizer_config.json")
    image_processor().save_pretrained(folder)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    if size > LIMIT:
        raise ValueError(f"{folder} holds {size} bytes, more than the limit of {LIMIT}")
    return size


def _keep_own_settings(path: Path) -> None:
    """Keep what describes the tokenizer; remove how it was loaded and called here."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    own = {"backend", "model_max_length", "tokenizer_class"}
    kept = {k: v for k, v in settings.items() if k in own or k.endswith("_token")}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")

"""What the model hub's cache holds on this machine, read without the hub's client.

    models--OWNER--NAME/
        refs/main              the commit that was fetched last
        snapshots/COMMIT/      one revision: links by file name
        blobs/HASH             the files; HASH.incomplete is one that is still being fetched

Source of the layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

CONFIG = "config.json"

# The weights that transformers reads, in the order in which it looks for them. An index names the
# files ("shards") that a large model's weights are split into.
SAFETENSORS, SAFETENSORS_INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLE, PICKLE_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
WEIGHTS = (SAFETENSORS, SAFETENSORS_INDEX, PICKLE, PICKLE_INDEX)
INDEX_SUFFIX = ".index.json"

# Any one of these sets makes a tokenizer.
_TOKENIZERS = (
    ("tokenizer.json",),
    ("vocab.json", "merges.txt"),
    ("vocab.txt",),
    ("spiece.model",),
    ("tokenizer.model",),
    ("sentencepiece.bpe.model",),
)
# Either says how pictures are prepared.
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that all models of the hub share.

    Source: huggingface_hub's documentation, "Environment variables".
    """
    if cache := environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE"):
        folder = cache
    elif home := environment.get("HF_HOME"):
        folder = str(Path(home) / "hub")
    else:
        cache_home = environment.get("XDG_CACHE_HOME") or "~/.cache"
        folder = str(Path(cache_home) / "huggingface" / "hub")
    return Path(os.path.expandvars(folder)).expanduser()


def model_folder(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of one model, which need not exist.

    Args:
        name: a hub id such as `openai/clip-vit-base-patch32`.
    """
    return cache_folder(environment) / f"models--{name.replace('/', '--')}"


def find_complete(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the snapshot to load: the one that was fetched last, of those that are complete.

    `refs/main` may name a commit of which only some files have come; then an older complete
    snapshot is better than none.
    """
    folder = model_folder(name, environment)
    snapshots = folder / "snapshots"
    try:
        found = sorted(snapshots.iterdir(), key=lambda path: -path.stat().st_mtime)
    except OSError:
        return None
    newest = _commit(folder)
    found.sort(key=lambda path: path.name != newest)
    return next((snapshot for snapshot in found if is_complete(snapshot)), None)


def _commit(folder: Path) -> str:
    try:
        return (folder / "refs" / "main").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def is_complete(folder: Path) -> bool:
    """Return whether a model can be loaded from the files of this folder."""

    def has(name: str) -> bool:
        return (folder / name).is_file()

    return (
        has(CONFIG)
        and any(map(has, _PROCESSORS))
        and any(all(map(has, names)) for names in _TOKENIZERS)
        and weight_files(folder) is not None
    )


def weight_files(folder: Path) -> list[Path] | None:
    """Return the files of weights that transformers will read; None where some are missing."""
    for name in WEIGHTS:
        file = folder / name
        if not file.is_file():
            continue
        files = [folder / shard for shard in shards(file)] if is_index(name) else [file]
        return files if files and all(file.is_file() for file in files) else None
    return None


def is_index(name: str) -> bool:
    """Return whether a file names others that hold the weights."""
    return name.endswith(INDEX_SUFFIX)


def shards(index: Path) -> list[str]:
    """Return the names that an index of weights lists, sorted; empty where it can't be read."""
    try:
        names = set(json.loads(index.read_bytes())["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    # A name with a folder in it would lead out of the snapshot.
    return sorted(name for name in names if isinstance(name, str) and Path(name).name == name)

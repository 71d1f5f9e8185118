"""Reads what the model hub's cache on this machine holds, without the hub's client.

    models--OWNER--NAME/
        refs/main              the commit that was fetched last
        snapshots/COMMIT/      one revision: links by file name
        blobs/HASH             the files; HASH.incomplete is not complete yet

Source of the layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

CONFIG = "config.json"

# The weights that transformers reads, in its order of preference. An index names the files
# ("shards") that the weights of a large model are split into.
SAFETENSORS, SAFETENSORS_INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLE, PICKLE_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
WEIGHTS = (SAFETENSORS, SAFETENSORS_INDEX, PICKLE, PICKLE_INDEX)
INDEX_SUFFIX = ".index.json"

# A tokenizer needs all files of one of these sets.
_TOKENIZERS = (
    ("tokenizer.json",),
    ("vocab.json", "merges.txt"),
    ("vocab.txt",),
    ("spiece.model",),
    ("tokenizer.model",),
    ("sentencepiece.bpe.model",),
)
# An image processor needs one of these.
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the cache's folder, which holds one folder for each model.

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
    """Return the folder of one model in the cache; it may not exist.

    Args:
        name: a hub id such as `openai/clip-vit-base-patch32`.
    """
    return cache_folder(environment) / f"models--{name.replace('/', '--')}"


def find_complete(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the latest snapshot of a model that is complete; None if there is none.

    `refs/main` may name a commit with only some of its files; an older complete snapshot is
    returned then.
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
    """Return whether a folder has all files that loading a model needs."""

    def has(name: str) -> bool:
        return (folder / name).is_file()

    return (
        has(CONFIG)
        and any(map(has, _PROCESSORS))
        and any(all(map(has, names)) for names in _TOKENIZERS)
        and weight_files(folder) is not None
    )


def weight_files(folder: Path) -> list[Path] | None:
    """Return the files of weights that transformers reads; None if some are missing."""
    for name in WEIGHTS:
        file = folder / name
        if not file.is_file():
            continue
        files = [folder / shard for shard in shards(file)] if is_index(name) else [file]
        return files if files and all(file.is_file() for file in files) else None
    return None


def is_index(name: str) -> bool:
    """Return whether a file is an index, which names the files that hold the weights."""
    return name.endswith(INDEX_SUFFIX)


def shards(index: Path) -> list[str]:
    """Return the file names in an index of weights, sorted; empty if it can't be read."""
    try:
        names = set(json.loads(index.read_bytes())["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    # A name with a folder in it could lead out of the snapshot.
    return sorted(name for name in names if isinstance(name, str) and Path(name).name == name)

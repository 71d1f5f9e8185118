"""What the hub's own client has left on this machine, read without importing it."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def is_cached(model: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the hub's cache on this machine holds the model, weights included."""
    for snapshot in (hub_folder(model, environment) / "snapshots").glob("*"):
        weights = any(next(snapshot.glob(pattern), None) for pattern in _WEIGHTS)
        if weights and (snapshot / "config.json").is_file():
            return True
    return False


def hub_folder(model: str, environment: Mapping[str, str]) -> Path:
    """Where huggingface_hub keeps a model. Source: its documentation, "Environment variables"."""
    if cache := environment.get("HF_HUB_CACHE"):
        hub = Path(cache)
    elif home := environment.get("HF_HOME"):
        hub = Path(home) / "hub"
    else:
        cache_home = environment.get("XDG_CACHE_HOME") or "~/.cache"
        hub = Path(cache_home) / "huggingface" / "hub"
    return hub.expanduser() / f"models--{model.replace('/', '--')}"


def received_bytes(folder: Path, blobs: Iterable[str] | None = None) -> int:
    """How much of a model is on this machine by now, unfinished files included.

    Args:
        folder: the model's `hub_folder`.
        blobs: only of these files, named by their hashes. Of each, the newest attempt counts: one
            that was cut off stays as `HASH.*.incomplete`, and the next begins anew.
    """
    if blobs is None:
        return sum(size for _, size in _sizes(folder, "*"))
    newest = (max(_sizes(folder, f"{blob}*"), default=(0.0, 0)) for blob in blobs)
    return sum(size for _, size in newest)


def _sizes(folder: Path, pattern: str) -> list[tuple[float, int]]:
    """When each of these files was written to last, and how many bytes of it there are."""
    found = []
    for path in (folder / "blobs").glob(pattern):
        try:
            about = path.stat()
        except OSError:  # renamed between the two looks
            continue
        # A file may be laid out in full before it is filled, and have blocks in store for more.
        found.append((about.st_mtime, min(about.st_size, about.st_blocks * 512)))
    return found

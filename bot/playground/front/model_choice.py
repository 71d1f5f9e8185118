"""Which model answers in the playground.

The one that is set; else the default one, if a download has left it on this machine; else the
bundled `demo`, which the page then says in a banner.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.settings import DEFAULT_MODEL, DEMO_MODEL

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """`stands_in` is true where `demo` was taken because nobody chose and nothing is cached."""

    name: str
    stands_in: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "stands_in": self.stands_in,
            "demo": self.name == DEMO_MODEL,
            "command": f"clipbot playground --model {DEFAULT_MODEL}",
        }


def choose(wanted: str | None, environment: Mapping[str, str] = os.environ) -> ModelChoice:
    """The model for a playground in which `wanted` is set, or nothing is."""
    if wanted:
        return ModelChoice(wanted)
    if is_cached(DEFAULT_MODEL, environment):
        return ModelChoice(DEFAULT_MODEL)
    return ModelChoice(DEMO_MODEL, stands_in=True)


def is_cached(model: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the hub's cache on this machine holds the model, weights included."""
    for snapshot in (hub_folder(model, environment) / "snapshots").glob("*"):
        weights = any(next(snapshot.glob(pattern), None) for pattern in _WEIGHTS)
        if weights and (snapshot / "config.json").is_file():
            return True
    return False


def downloaded_bytes(model: str, environment: Mapping[str, str] = os.environ) -> int:
    """How much of the model is on this machine by now, unfinished files included."""
    total = 0
    for blob in (hub_folder(model, environment) / "blobs").glob("*"):
        try:
            # Blocks, not length: a file may be laid out in full before it is filled.
            total += blob.stat().st_blocks * 512
        except OSError:  # renamed between the two looks
            continue
    return total


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

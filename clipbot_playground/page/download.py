"""How far the download of a model is. The worker downloads; here is only looked and asked.

How large the weights are is known to the hub alone. Where it does not say, the page tells how much
has come, without a percentage.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, Final

import aiohttp
import msgspec

from bot.runtime.http import session
from clipbot_playground.page.hub_cache import received_bytes
from inference.model.hub import faults
from inference.model.hub.cache import model_folder
from inference.protocol.errors import SettingError

# What transformers looks for, in this order; other files of weights in a repository stay there.
_WEIGHTS: Final = (
    "model.safetensors",
    "model-*-of-*.safetensors",
    "pytorch_model.bin",
    "pytorch_model-*-of-*.bin",
)
_ASKS_FOR: Final = aiohttp.ClientTimeout(10.0)


class _Lfs(msgspec.Struct, frozen=True):
    sha256: str


class _File(msgspec.Struct, frozen=True):
    """One of the files that the hub lists: a small one has git's hash, a large one that of LFS."""

    rfilename: str
    size: int = 0
    blob: str = msgspec.field(name="blobId", default="")
    lfs: _Lfs | None = None


class _Listing(msgspec.Struct, frozen=True):
    siblings: tuple[_File, ...] = ()


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """Bytes; `size` is 0 as long as it is not known, and `received` never beyond a known one."""

    received: int = 0
    size: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"received": self.received, "size": self.size}


class Download:
    """Of one model's weights, from the hub into its cache on this machine."""

    def __init__(self, model: str, environment: Mapping[str, str] = os.environ) -> None:
        self._model = model
        self._environment = environment
        self._folder = model_folder(model, environment)
        self._began = time.time()
        self._weights: dict[str, int] = {}

    @property
    def is_measured(self) -> bool:
        """Whether the hub has told how large the weights are."""
        return bool(self._weights)

    def look(self) -> DownloadProgress:
        """How far it is; reads the disk."""
        if not self.is_measured:
            return DownloadProgress(received_bytes(self._folder, self._began))
        size = sum(self._weights.values())
        return DownloadProgress(
            min(size, received_bytes(self._folder, self._began, self._weights)), size
        )

    async def measure(self) -> None:
        """Asks the hub once how large the weights are; its silence is no harm."""
        if faults.is_offline(self._environment):
            return
        hub = faults.endpoint(self._environment)
        token = self._environment.get("HF_TOKEN")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            async with (
                session(hub) as client,
                client.get(
                    f"{hub}/api/models/{self._model}",
                    params={"blobs": "true"},
                    headers=headers,
                    timeout=_ASKS_FOR,
                    raise_for_status=True,
                ) as answer,
            ):
                listing = msgspec.json.decode(await answer.read(), type=_Listing)
        except (aiohttp.ClientError, OSError, ValueError, SettingError):
            return
        self._weights = _weights(listing.siblings)


def _weights(files: tuple[_File, ...]) -> dict[str, int]:
    """Of the files that will be fetched: the size in bytes by the hash."""
    for pattern in _WEIGHTS:
        found = {
            file.lfs.sha256 if file.lfs else file.blob: file.size
            for file in files
            if fnmatch(file.rfilename, pattern)
        }
        if found:
            return found if "" not in found else {}  # some hubs tell the names alone
    return {}

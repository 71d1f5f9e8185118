"""The progress of a model's download, which a worker or `clipbot download` makes.

The hub tells how large the weights are, the hub's cache on this machine how much of them has come.
If the hub does not tell the size, the page shows no percentage.
"""

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from bot.runtime.http import session
from inference.model.hub import faults
from inference.model.hub.cache import model_folder
from inference.protocol.errors import SettingError

# The files that transformers looks for, in this order. It downloads no other weights.
_WEIGHTS: Final = (
    "model.safetensors",
    "model-*-of-*.safetensors",
    "pytorch_model.bin",
    "pytorch_model-*-of-*.bin",
)
_HUB_TIMEOUT: Final = aiohttp.ClientTimeout(10.0)


class _Lfs(msgspec.Struct, frozen=True):
    sha256: str


class _File(msgspec.Struct, frozen=True):
    """A file in the hub's listing. Small files have a git hash, large ones a hash of Git LFS."""

    rfilename: str
    size: int = 0
    blob: str = msgspec.field(name="blobId", default="")
    lfs: _Lfs | None = None


class _Listing(msgspec.Struct, frozen=True):
    siblings: tuple[_File, ...] = ()


@dataclass(frozen=True, slots=True)
class DownloadedBytes:
    """Bytes. `size` is 0 while it is unknown, and otherwise at least `received`."""

    received: int = 0
    size: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the progress for the page."""
        return {"received": self.received, "size": self.size}


class Download:
    """The download of a model's weights from the hub into its cache on this machine."""

    def __init__(self, model: str, environment: Mapping[str, str] = os.environ) -> None:
        self._model = model
        self._environment = environment
        self._folder = model_folder(model, environment)
        self._began = time.time()
        self._weights: dict[str, int] = {}

    @property
    def is_measured(self) -> bool:
        """Whether the size of the weights is known."""
        return bool(self._weights)

    def look(self) -> DownloadedBytes:
        """Return the progress; reads the disk."""
        if not self.is_measured:
            return DownloadedBytes(_received_bytes(self._folder, self._began))
        size = sum(self._weights.values())
        return DownloadedBytes(
            min(size, _received_bytes(self._folder, self._began, self._weights)), size
        )

    async def measure(self) -> None:
        """Ask the hub once how large the weights are. Errors are ignored."""
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
                    timeout=_HUB_TIMEOUT,
                    raise_for_status=True,
                ) as answer,
            ):
                listing = msgspec.json.decode(await answer.read(), type=_Listing)
        except (aiohttp.ClientError, OSError, ValueError, SettingError):
            return
        self._weights = _weights(listing.siblings)


def _weights(files: tuple[_File, ...]) -> dict[str, int]:
    """Return the size in bytes, by hash, of the files that will be downloaded."""
    for pattern in _WEIGHTS:
        found = {
            file.lfs.sha256 if file.lfs else file.blob: file.size
            for file in files
            if fnmatch(file.rfilename, pattern)
        }
        if found:
            return found if "" not in found else {}  # some hubs list names only
    return {}


def _received_bytes(folder: Path, since: float, blobs: Collection[str] | None = None) -> int:
    """Return how many bytes of a model are on this machine, including unfinished files.

    Args:
        folder: of the model in the hub's cache; see `inference.model.hub.cache`.
        since: Unix time of the start. An unfinished file `HASH.incomplete` is continued. One with
            another name, `HASH.NUMBER.incomplete`, may be left over from an earlier attempt that
            is not continued, so it counts only if it has changed since the start.
        blobs: count only these files, named by their hashes.
    """
    found = [path for path in (folder / "blobs").glob("*") if blobs is None or _hash(path) in blobs]
    sizes: dict[str, int] = {}
    for path in found:
        try:
            stat = path.stat()
        except OSError:  # it has just been renamed
            continue
        is_continued = path.name.count(".") <= 1
        if is_continued or stat.st_mtime >= since:
            # A file can have its full size before its content comes, or blocks reserved for more.
            size = min(stat.st_size, stat.st_blocks * 512)
            sizes[_hash(path)] = max(size, sizes.get(_hash(path), 0))
    return sum(sizes.values())


def _hash(path: Path) -> str:
    return path.name.partition(".")[0]

"""Fetches a checkpoint from the hub into the cache that other programs use as well.

Only the files that transformers reads are fetched, the weights last. `refs/main` names a commit
once all its files are there. `inference.model.hub.blobs` fetches each file.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from inference.model.hub import cache, faults
from inference.model.hub.blobs import Blobs
from inference.model.hub.cache import CONFIG, WEIGHTS
from inference.model.hub.client import HubClient, RemoteFile
from inference.model.hub.faults import HubFault

# Small files that configure a model, a tokenizer or how pictures are prepared.
_SETTINGS = (".json", ".txt", ".model")
# Asked for one by one if the hub does not list a repository's files.
_USUAL = (
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "spiece.model",
    "tokenizer.model",
)
# A repository with more small files than this is not the checkpoint of one model.
_MOST_SETTINGS = 100

# An unfinished file that was not written to for this long belongs to a process that was killed.
_ABANDONED = 3_600.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How much of the weights is on this machine.

    Attributes:
        received: bytes on this machine.
        size: bytes in all; 0 if the hub does not say.
    """

    received: int
    size: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to fetch; False if the hub does not say the size."""
        return 0 < self.size <= self.received


ProgressListener = Callable[[FetchProgress], None]

_listener: ContextVar[ProgressListener] = ContextVar("listener", default=lambda _: None)


@contextlib.contextmanager
def reporting_to(listener: ProgressListener) -> Iterator[None]:
    """Call `listener` with the progress of downloads in this context, in the thread that fetches.

    It is called at the start of a download and whenever more bytes are there.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(progress: FetchProgress) -> None:
    """Call the listener of this context; see `reporting_to`."""
    _listener.get()(progress)


def fetch(name: str) -> Path:
    """Fetch the hub's latest revision of a model; return its folder with all files that it needs.

    Args:
        name: a hub id.

    Raises:
        HubFault: the hub or the disk fails.
    """
    hub = HubClient(name)
    folder = cache.model_folder(name)
    try:
        return _Download(hub, folder).run()
    except OSError as error:
        if fault := faults.of_disk(error, folder):
            raise fault from error
        raise


def local_progress(name: str) -> FetchProgress:
    """Return how much of the weights is on this machine and how much there is, without fetching.

    Returns:
        The size is 0 if the weights are in several files, or the hub does not say it.

    Raises:
        HubFault: the hub fails.
    """
    return _Download(HubClient(name), cache.model_folder(name)).progress()


def renew(name: str, loaded: Path) -> Path | None:
    """Fetch the hub's latest revision for the next start; return its folder if it is a new one.

    Args:
        loaded: the snapshot in use.

    Raises:
        HubFault: the hub or the disk fails.
    """
    if HubClient(name).describe(CONFIG).commit != loaded.name:
        return fetch(name)  # continues what an earlier attempt has left
    tidy(cache.model_folder(name))
    return None


def tidy(folder: Path) -> None:
    """Delete unfinished files of a model that no process continues.

    Args:
        folder: of the model in the cache.
    """
    for file in (folder / "blobs").glob("*.incomplete"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > _ABANDONED:
                file.unlink()


class _Download:
    """Fetches one revision of a model."""

    def __init__(self, hub: HubClient, folder: Path) -> None:
        self._hub = hub
        self._folder = folder
        self._blobs = Blobs(hub, folder)

    def run(self) -> Path:
        config = self._config()
        names = self._hub.files()
        wanted = [CONFIG, *_settings(names)]
        snapshot = self._folder / "snapshots" / config.commit
        for file in wanted:
            remote = config if file == CONFIG else self._describe(file, config.commit)
            if remote is not None:
                self._blobs.put(file, remote, snapshot)
        weights = self._weights(names, config.commit, snapshot)
        progress = self._progress(weights.values())
        report(progress)
        if not progress.is_complete:
            log.info("Fetching %s: %s are on this machine.", self._hub.name, megabytes(progress))

        def report_progress() -> None:
            report(self._progress(weights.values()))

        for file, remote in weights.items():
            self._blobs.put(file, remote, snapshot, report_progress)
        self._remember(config.commit)
        return snapshot

    def progress(self) -> FetchProgress:
        commit = self._config().commit
        for file in WEIGHTS:
            if remote := self._describe(file, commit):
                return self._progress([] if cache.is_index(file) else [remote])
        raise _no_weights()

    def _config(self) -> RemoteFile:
        try:
            return self._hub.describe(CONFIG)
        except HubFault as fault:
            if fault.absent:
                raise HubFault(
                    "its repository holds no config.json: it is not a checkpoint in the format of "
                    "transformers"
                ) from fault
            raise

    def _describe(self, file: str, commit: str) -> RemoteFile | None:
        try:
            return self._hub.describe(file, commit)
        except HubFault as fault:
            # Some hubs give no reason for a 404. The repository exists, since it has a config.json.
            if fault.absent or fault.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _weights(
        self, names: frozenset[str] | None, commit: str, snapshot: Path
    ) -> dict[str, RemoteFile]:
        for file in WEIGHTS:
            if names is not None and file not in names:
                continue
            if (remote := self._describe(file, commit)) is None:
                continue
            if not cache.is_index(file):
                return {file: remote}
            self._blobs.put(file, remote, snapshot)
            return {
                shard: self._hub.describe(shard, commit) for shard in cache.shards(snapshot / file)
            }
        raise _no_weights()

    def _progress(self, weights: Iterable[RemoteFile]) -> FetchProgress:
        found = list(weights)
        size = sum(remote.size or 0 for remote in found)
        received = sum(map(self._blobs.received, found))
        return FetchProgress(min(received, size) if size else received, size)

    def _remember(self, commit: str) -> None:
        ref = self._folder / "refs" / "main"
        ref.parent.mkdir(parents=True, exist_ok=True)
        written = ref.with_name(f".main.{os.getpid()}")
        written.write_text(commit)
        written.replace(ref)
        tidy(self._folder)


def _no_weights() -> HubFault:
    return HubFault(
        "its repository holds no weights that transformers reads (model.safetensors or "
        "pytorch_model.bin)"
    )


def _settings(names: frozenset[str] | None) -> list[str]:
    """Return the names of the small files to fetch, besides config.json.

    Args:
        names: the files that the hub lists; None if it lists none.
    """
    if names is None:
        return list(_USUAL)
    found = sorted(
        name
        for name in names
        if name.endswith(_SETTINGS)
        and "/" not in name
        and not name.startswith(".")
        and not cache.is_index(name)
        and name != CONFIG
    )
    return found if len(found) <= _MOST_SETTINGS else [name for name in _USUAL if name in names]


def megabytes(progress: FetchProgress) -> str:
    """Return "84 of 605 MB", or "84 MB" if the size is not known."""
    places = 0 if max(progress.size, progress.received) >= 10e6 else 1
    received = f"{progress.received / 1e6:.{places}f}"
    if not progress.size:
        return f"{received} MB"
    return f"{received} of {progress.size / 1e6:.{places}f} MB"

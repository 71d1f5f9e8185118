"""A checkpoint of the hub, fetched into the cache that other programs use as well.

Only what transformers will read is fetched, the weights last. What was cut off goes on where it
stopped; `refs/main` names a commit when all of it is there.
"""

import contextlib
import errno
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from inference import hub_faults, snapshots
from inference.hub import About, Hub
from inference.hub_faults import HubFault
from inference.snapshots import CONFIG, WEIGHTS

# Small files that configure a model, a tokenizer or how pictures are prepared.
_SETTINGS = (".json", ".txt", ".model")
# Where the hub does not list a repository's files, these are asked for one by one.
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
# A repository with more small files than this is no checkpoint of one model.
_MOST_SETTINGS = 100

# A file that breaks off so often in a row, without a byte in between, is given up for now.
_BREAKS = 3
_PAUSE = 1.0  # seconds
# What does not fit together is fetched from its beginning, so often in all.
_WHOLE_AGAIN = 2
# Another process that fetches the same file is waited for as long as it gets on.
_IDLE = 60.0  # seconds
# An unfinished file that nobody has written to for so long is of a process that was killed.
_ABANDONED = 3_600.0  # seconds

_SHA256 = 64  # hexadecimal digits

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of the weights is there, in bytes."""

    received: int
    size: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to fetch; never where the hub does not tell the size."""
        return 0 < self.size <= self.received


Tell = Callable[[Progress], None]

_listener: ContextVar[Tell] = ContextVar("listener", default=lambda _: None)


@contextlib.contextmanager
def heard_by(tell: Tell) -> Iterator[None]:
    """Let `tell` hear of what is fetched in this context, in the thread that fetches.

    It is called when a download starts, and again and again while it gets on.
    """
    token = _listener.set(tell)
    try:
        yield
    finally:
        _listener.reset(token)


def report(progress: Progress) -> None:
    """Tell whoever listens; see `heard_by`."""
    _listener.get()(progress)


def fetch(name: str) -> Path:
    """Return the folder of the hub's latest revision, with all files that loading it needs.

    Args:
        name: a hub id.

    Raises:
        HubFault: the hub or the disk does not let it.
    """
    hub = Hub(name)
    folder = snapshots.model_folder(name)
    try:
        return _Fetch(hub, folder).all()
    except OSError as error:
        if fault := hub_faults.of_disk(error, folder):
            raise fault from error
        raise


def announced(name: str) -> Progress:
    """Ask the hub how large the weights are, and look how much is here; fetch nothing.

    Returns:
        Its size is 0 where the weights are in several files, or the hub does not say.

    Raises:
        HubFault: the hub does not let it.
    """
    return _Fetch(Hub(name), snapshots.model_folder(name)).announced()


def renew(name: str, loaded: Path) -> Path | None:
    """Fetch the hub's latest revision for the next start; return it where it is another one.

    Args:
        loaded: the snapshot in use.

    Raises:
        HubFault: the hub or the disk does not let it.
    """
    if Hub(name).about(CONFIG).commit != loaded.name:
        return fetch(name)  # which goes on with what an earlier attempt has left
    tidy(snapshots.model_folder(name))
    return None


def tidy(folder: Path) -> None:
    """Delete unfinished files of a model that nobody fetches any more."""
    for file in (folder / "blobs").glob("*.incomplete"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > _ABANDONED:
                file.unlink()


class _Fetch:
    """One revision on its way."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self._hub = hub
        self._folder = folder

    def all(self) -> Path:
        config = self._config()
        names = self._hub.files()
        wanted = [CONFIG, *_settings(names)]
        snapshot = self._folder / "snapshots" / config.commit
        for file in wanted:
            about = config if file == CONFIG else self._about(file, config.commit)
            if about is not None:
                self._keep(file, about, snapshot)
        weights = self._weights(names, config.commit, snapshot)
        progress = self._progress(weights.values())
        report(progress)
        if not progress.is_complete:
            log.info("Fetching %s: %s are there.", self._hub.name, megabytes(progress))
        for file, about in weights.items():
            self._keep(file, about, snapshot, lambda: report(self._progress(weights.values())))
        self._remember(config.commit)
        return snapshot

    def announced(self) -> Progress:
        commit = self._config().commit
        for file in WEIGHTS:
            if about := self._about(file, commit):
                return self._progress([] if snapshots.is_index(file) else [about])
        raise _no_weights()

    def _config(self) -> About:
        try:
            return self._hub.about(CONFIG)
        except HubFault as fault:
            if fault.absent:
                raise HubFault(
                    "its repository holds no config.json: it is no checkpoint in the format of "
                    "transformers"
                ) from fault
            raise

    def _about(self, file: str, commit: str) -> About | None:
        try:
            return self._hub.about(file, commit)
        except HubFault as fault:
            if fault.absent:
                return None
            raise

    def _weights(
        self, names: frozenset[str] | None, commit: str, snapshot: Path
    ) -> dict[str, About]:
        for file in WEIGHTS:
            if names is not None and file not in names:
                continue
            if (about := self._about(file, commit)) is None:
                continue
            if not snapshots.is_index(file):
                return {file: about}
            self._keep(file, about, snapshot)
            return {
                shard: self._hub.about(shard, commit) for shard in snapshots.shards(snapshot / file)
            }
        raise _no_weights()

    def _progress(self, weights: Iterable[About]) -> Progress:
        received = size = 0
        for about in weights:
            size += about.size or 0
            for path in (self._blob(about), self._partial(about)):
                with contextlib.suppress(OSError):
                    received += path.stat().st_size
                    break
        return Progress(min(received, size) if size else received, size)

    def _blob(self, about: About) -> Path:
        return self._folder / "blobs" / about.etag

    def _partial(self, about: About) -> Path:
        return self._folder / "blobs" / f"{about.etag}.incomplete"

    def _keep(
        self, file: str, about: About, snapshot: Path, came: Callable[[], None] = lambda: None
    ) -> None:
        """Put a file into a snapshot, fetching it unless an earlier revision had the same."""
        pointer = snapshot / file
        if pointer.is_file():
            return
        blob = self._blob(about)
        blob.parent.mkdir(parents=True, exist_ok=True)
        snapshot.mkdir(parents=True, exist_ok=True)
        with self._alone_with(about, came):
            if not blob.is_file():
                self._download(file, about, came)
            _link(blob, pointer)
        came()

    @contextlib.contextmanager
    def _alone_with(self, about: About, came: Callable[[], None]) -> Iterator[None]:
        """Hold the lock that every program takes which fetches this file into this cache."""
        from filelock import FileLock, Timeout

        lock = self._folder.parent / ".locks" / self._folder.name / f"{about.etag}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = FileLock(lock, mode=0o664)
        seen, since = -1, time.monotonic()
        while True:
            try:
                held.acquire(timeout=1.0)
                break
            except Timeout:
                now = self._written(about)
                if now != seen:
                    seen, since = now, time.monotonic()
                    came()
                elif time.monotonic() - since > _IDLE:
                    raise HubFault(
                        f"another process has been at it for {_IDLE:.0f} s without any progress "
                        f"(it holds {lock})",
                        passing=True,
                    ) from None
        try:
            yield
        finally:
            held.release()

    def _written(self, about: About) -> int:
        """Return how many bytes of a file anybody has written by now."""
        return sum(_size(path) for path in self._blob(about).parent.glob(f"{about.etag}*"))

    def _download(self, file: str, about: About, came: Callable[[], None]) -> None:
        partial = self._partial(about)
        # Other programs give each attempt a name of its own; nobody goes on with those.
        for leftover in partial.parent.glob(f"{about.etag}.*.incomplete"):
            leftover.unlink(missing_ok=True)
        for _ in range(_WHOLE_AGAIN):
            in_parts = self._receive_all(file, about, partial, came)
            if _fits(partial, about, in_parts=in_parts):
                partial.rename(self._blob(about))
                return
            log.warning("%s is not what the model hub says it is; it is fetched anew.", file)
            partial.unlink()
        raise HubFault(f"{file} comes otherwise than the model hub says it is", passing=True)

    def _receive_all(
        self, file: str, about: About, partial: Path, came: Callable[[], None]
    ) -> bool:
        """Fetch what is missing of a file; return whether it came in more than one part."""
        breaks, in_parts = 0, _size(partial) > 0
        while about.size is None or _size(partial) < about.size:
            have = _size(partial)
            _check_room(partial.parent, (about.size or 0) - have)
            try:
                if self._receive(file, about, have, partial, came):
                    break
                error = HubFault(f"{file} broke off on its way from the model hub", passing=True)
            except HubFault as fault:
                if fault.too_far:  # what is there does not fit what the hub has now
                    partial.unlink(missing_ok=True)
                error = fault
            except OSError as full:
                if full.errno in {errno.ENOSPC, errno.EDQUOT}:
                    partial.unlink(missing_ok=True)  # others on this disk need room, too
                raise
            breaks = 0 if _size(partial) > have else breaks + 1
            if breaks >= _BREAKS or not (error.passing or error.too_far):
                raise error
            in_parts = True
            time.sleep(_PAUSE)
        return in_parts

    def _receive(
        self, file: str, about: About, have: int, partial: Path, came: Callable[[], None]
    ) -> bool:
        """Append what the hub sends; return whether that was all there is."""
        with (
            self._hub.content(file, about.commit, have) as (start, pieces),
            partial.open("r+b" if have else "wb") as target,
        ):
            target.seek(start)
            target.truncate()
            for piece in pieces:
                target.write(piece)
                came()
        return about.size is None or _size(partial) >= about.size

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
    """Return the small files to fetch, of those that the hub lists."""
    if names is None:
        return list(_USUAL)
    found = sorted(
        name
        for name in names
        if name.endswith(_SETTINGS)
        and "/" not in name
        and not name.startswith(".")
        and not snapshots.is_index(name)
        and name != CONFIG
    )
    return found if len(found) <= _MOST_SETTINGS else [name for name in _USUAL if name in names]


def _link(blob: Path, pointer: Path) -> None:
    """Let a snapshot's file be one of the blobs; a copy where there are no links."""
    if pointer.is_file():
        return
    pointer.unlink(missing_ok=True)  # a link to what is gone
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        copy = pointer.with_name(f".{pointer.name}.{os.getpid()}")
        shutil.copyfile(blob, copy)
        copy.replace(pointer)


def _check_room(folder: Path, needed: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        if shutil.disk_usage(folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _fits(file: Path, about: About, *, in_parts: bool) -> bool:
    """Return whether a file is what the hub says it is; its parts may be of different ones."""
    if about.size is not None and _size(file) != about.size:
        return False
    return not in_parts or len(about.etag) != _SHA256 or _sha256(file) == about.etag


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def megabytes(progress: Progress) -> str:
    """Return "84 of 605 MB", or how much has come where nobody knows of how much."""
    places = 0 if max(progress.size, progress.received) >= 10e6 else 1
    received = f"{progress.received / 1e6:.{places}f}"
    if not progress.size:
        return f"{received} MB"
    return f"{received} of {progress.size / 1e6:.{places}f} MB"

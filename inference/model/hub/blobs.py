"""The files in the hub's cache, each fetched once, however many processes want it.

What was cut off goes on where it stopped, also in another process.
"""

import contextlib
import errno
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

from inference.model.hub.client import HubClient, RemoteFile
from inference.model.hub.faults import HubFault

# A file that breaks off so often in a row, without a byte in between, is given up for now.
_BREAKS = 3
_PAUSE = 1.0  # seconds
# What does not fit together is fetched from its beginning, so often in all.
_WHOLE_AGAIN = 2
# Another process that fetches the same file is waited for as long as it gets on.
_IDLE = 60.0  # seconds
_SHA256 = 64  # hexadecimal digits

log = logging.getLogger(__name__)


class Blobs:
    """The files of one model.

    All methods raise `HubFault`, or an `OSError` of the disk.

    Args:
        folder: of the model in the cache; see `inference.model.hub.cache`.
    """

    def __init__(self, hub: HubClient, folder: Path) -> None:
        self._hub = hub
        self._folder = folder

    def received(self, about: RemoteFile) -> int:
        """Return how many bytes of a file are here."""
        return _size(self._path(about)) or _size(self._partial(about))

    def _path(self, about: RemoteFile) -> Path:
        return self._folder / "blobs" / about.etag

    def _partial(self, about: RemoteFile) -> Path:
        return self._folder / "blobs" / f"{about.etag}.incomplete"

    def put(
        self, file: str, about: RemoteFile, snapshot: Path, came: Callable[[], None] = lambda: None
    ) -> None:
        """Put a file into a snapshot, fetching it unless an earlier revision had the same."""
        pointer = snapshot / file
        if pointer.is_file():
            return
        blob = self._path(about)
        blob.parent.mkdir(parents=True, exist_ok=True)
        snapshot.mkdir(parents=True, exist_ok=True)
        with self._alone_with(about, came):
            if not blob.is_file():
                self._download(file, about, came)
            _link(blob, pointer)
        came()

    @contextlib.contextmanager
    def _alone_with(self, about: RemoteFile, came: Callable[[], None]) -> Iterator[None]:
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

    def _written(self, about: RemoteFile) -> int:
        """Return how many bytes of a file anybody has written by now."""
        return sum(_size(path) for path in self._path(about).parent.glob(f"{about.etag}*"))

    def _download(self, file: str, about: RemoteFile, came: Callable[[], None]) -> None:
        partial = self._partial(about)
        # Other programs give each attempt a name of its own; nobody goes on with those.
        for leftover in partial.parent.glob(f"{about.etag}.*.incomplete"):
            leftover.unlink(missing_ok=True)
        for _ in range(_WHOLE_AGAIN):
            partial.touch()  # an empty file is one as well
            in_parts = self._receive_all(file, about, partial, came)
            if _fits(partial, about, in_parts=in_parts):
                partial.rename(self._path(about))
                return
            log.warning("%s is not what the model hub says it is; it is fetched anew.", file)
            partial.unlink()
        raise HubFault(f"{file} comes otherwise than the model hub says it is", passing=True)

    def _receive_all(
        self, file: str, about: RemoteFile, partial: Path, came: Callable[[], None]
    ) -> bool:
        """Fetch what is missing of a file; return whether it came in more than one part."""
        breaks, in_parts = 0, _size(partial) > 0
        while about.size is None or _size(partial) < about.size:
            have = _size(partial)
            too_far = False
            _check_room(partial.parent, (about.size or 0) - have)
            try:
                if self._receive(file, about, have, partial, came):
                    break
                error = HubFault(f"{file} broke off on its way from the model hub", passing=True)
            except HubFault as fault:
                too_far = fault.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
                if too_far:  # what is there does not fit what the hub has now
                    partial.unlink(missing_ok=True)
                error = fault
            except OSError as full:
                if full.errno in {errno.ENOSPC, errno.EDQUOT}:
                    partial.unlink(missing_ok=True)  # others on this disk need room, too
                raise
            breaks = 0 if _size(partial) > have else breaks + 1
            if breaks >= _BREAKS or not (error.passing or too_far):
                raise error
            in_parts = True
            time.sleep(_PAUSE)
        return in_parts

    def _receive(
        self, file: str, about: RemoteFile, have: int, partial: Path, came: Callable[[], None]
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


def _fits(file: Path, about: RemoteFile, *, in_parts: bool) -> bool:
    """Return whether a file is what the hub says it is; its parts may be of different ones."""
    if about.size is not None and _size(file) != about.size:
        return False
    return not in_parts or len(about.etag) != _SHA256 or _sha256(file) == about.etag


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

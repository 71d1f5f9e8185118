"""The files in the hub's cache, each fetched once, even if several processes need it.

A download that breaks off continues where it stopped, in this process or another.
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

from inference.model.hub import faults
from inference.model.hub.client import HubClient, RemoteFile
from inference.model.hub.faults import HubFault

# A download that breaks off this many times in a row without a new byte is given up for now.
_BREAKS = 3
_PAUSE = 1.0  # seconds after each break
# How often a file is fetched in all, if what arrives does not match the hub's description.
_ATTEMPTS = 2
# How long to wait for another process that fetches the same file and makes no progress.
_IDLE = 60.0  # seconds
_SHA256_LENGTH = 64  # hexadecimal digits
# Bytes that stay free on the disk, for the other programs that write to it.
_SPARE = 64 * 2**20
# Bytes after which the room on the disk is looked at again.
_LOOK_EVERY = 4 * 2**20

OnProgress = Callable[[], None]

log = logging.getLogger(__name__)


class Blobs:
    """The files of one model in the cache.

    All methods may raise `HubFault`, or an `OSError` of the disk.

    Args:
        folder: of the model in the cache; see `inference.model.hub.cache`.
    """

    def __init__(self, hub: HubClient, folder: Path) -> None:
        self._hub = hub
        self._folder = folder

    def received(self, remote: RemoteFile) -> int:
        """Return how many bytes of a file are on this machine."""
        return _size(self._path(remote)) or _size(self._partial(remote))

    def _path(self, remote: RemoteFile) -> Path:
        return self._folder / "blobs" / remote.etag

    def _partial(self, remote: RemoteFile) -> Path:
        return self._folder / "blobs" / f"{remote.etag}.incomplete"

    def put(
        self,
        file: str,
        remote: RemoteFile,
        snapshot: Path,
        on_progress: OnProgress = lambda: None,
    ) -> None:
        """Put a file into a snapshot; fetch it unless an earlier revision had the same file.

        Args:
            file: its name.
            remote: the hub's description of it.
            snapshot: the folder of the revision.
            on_progress: called whenever there are more bytes, also those of another process.
        """
        pointer = snapshot / file
        if pointer.is_file():
            return
        blob = self._path(remote)
        blob.parent.mkdir(parents=True, exist_ok=True)
        snapshot.mkdir(parents=True, exist_ok=True)
        with self._locked(remote, on_progress):
            if not blob.is_file():
                self._download(file, remote, on_progress)
            _link(blob, pointer)
        on_progress()

    @contextlib.contextmanager
    def _locked(self, remote: RemoteFile, on_progress: OnProgress) -> Iterator[None]:
        """Hold the lock of a file; wait while another program fetches it."""
        from filelock import FileLock, Timeout

        lock = _lock_file(self._folder, remote.etag)
        held = FileLock(lock, mode=0o664)
        seen, since = -1, time.monotonic()
        while True:
            try:
                held.acquire(timeout=1.0)
                break
            except Timeout:
                now = self._written(remote)
                if now != seen:
                    seen, since = now, time.monotonic()
                    on_progress()
                elif time.monotonic() - since > _IDLE:
                    raise HubFault(
                        f"another process has been fetching it for {_IDLE:.0f} s without progress "
                        f"(it holds {lock})",
                        passing=True,
                    ) from None
        try:
            yield
        finally:
            held.release()

    def _written(self, remote: RemoteFile) -> int:
        """Return how many bytes of a file all programs together have written."""
        return sum(_size(path) for path in self._path(remote).parent.glob(f"{remote.etag}*"))

    def _download(self, file: str, remote: RemoteFile, on_progress: OnProgress) -> None:
        partial = self._partial(remote)
        # Other programs use a new name for each attempt, and never continue an old one.
        for leftover in partial.parent.glob(f"{remote.etag}.*.incomplete"):
            leftover.unlink(missing_ok=True)
        for _ in range(_ATTEMPTS):
            partial.touch()  # the file may be empty, and then nothing else creates it
            in_parts = self._receive_all(file, remote, partial, on_progress)
            if _is_intact(partial, remote, in_parts=in_parts):
                partial.rename(self._path(remote))
                return
            log.warning("%s is not the file that the model hub describes; fetching it again.", file)
            partial.unlink()
        raise HubFault(f"{file} is not the file that the model hub describes", passing=True)

    def _receive_all(
        self, file: str, remote: RemoteFile, partial: Path, on_progress: OnProgress
    ) -> bool:
        """Fetch the missing rest of a file; return whether it consists of more than one part."""
        breaks, in_parts = 0, _size(partial) > 0
        while remote.size is None or _size(partial) < remote.size:
            have = _size(partial)
            too_far = False
            self._check_room((remote.size or 0) - have)
            try:
                if self._receive(file, remote, have, partial, on_progress):
                    break
                error = HubFault(
                    f"the download of {file} from the model hub broke off", passing=True
                )
            except HubFault as fault:
                too_far = fault.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
                if too_far:  # the part on this machine is longer than the file on the hub
                    partial.unlink(missing_ok=True)
                error = fault
            except OSError as disk_error:
                if disk_error.errno in {errno.ENOSPC, errno.EDQUOT}:
                    # The disk is full, and other programs need space as well.
                    partial.unlink(missing_ok=True)
                raise
            breaks = 0 if _size(partial) > have else breaks + 1
            if breaks >= _BREAKS or not (error.passing or too_far):
                raise error
            in_parts = True
            time.sleep(_PAUSE)
        return in_parts

    def _check_room(self, missing: int) -> None:
        """Raise `HubFault` if the disk has no room for bytes that are still to come.

        What was received stays: the disk is not really full yet, and the download can go on later.
        """
        with contextlib.suppress(FileNotFoundError):
            room = max(0, shutil.disk_usage(self._folder).free - _SPARE)
            if room < missing:
                raise faults.no_room(self._folder.parent, missing, room)

    def _receive(
        self,
        file: str,
        remote: RemoteFile,
        have: int,
        partial: Path,
        on_progress: OnProgress,
    ) -> bool:
        """Append what the hub sends; return whether the file is complete.

        Args:
            have: bytes on this machine.
        """
        with (
            self._hub.content(file, remote.commit, have) as (start, pieces),
            partial.open("r+b" if have else "wb") as target,
        ):
            target.seek(start)
            target.truncate()
            seen = start
            for piece in pieces:
                target.write(piece)
                on_progress()
                if (written := target.tell()) - seen >= _LOOK_EVERY:
                    seen = written
                    self._check_room((remote.size or 0) - written)
        return remote.size is None or _size(partial) >= remote.size


def discard_unfinished(folder: Path) -> None:
    """Delete the unfinished files of a model, except those that a process fetches now.

    Args:
        folder: of the model in the cache.
    """
    from filelock import FileLock, Timeout

    for partial in (folder / "blobs").glob("*.incomplete"):
        with contextlib.suppress(Timeout, OSError):
            lock = _lock_file(folder, partial.name.partition(".")[0])
            with FileLock(lock, mode=0o664, timeout=0):
                partial.unlink(missing_ok=True)


def _lock_file(folder: Path, etag: str) -> Path:
    """Return the lock of a file, which every program takes that fetches it into this cache."""
    lock = folder.parent / ".locks" / folder.name / f"{etag}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    return lock


def _link(blob: Path, pointer: Path) -> None:
    """Link a snapshot's file to a blob; copy it if the file system has no links."""
    if pointer.is_file():
        return
    pointer.unlink(missing_ok=True)  # a link to a blob that was deleted
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        copy = pointer.with_name(f".{pointer.name}.{os.getpid()}")
        shutil.copyfile(blob, copy)
        copy.replace(pointer)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_intact(file: Path, remote: RemoteFile, *, in_parts: bool) -> bool:
    """Return whether a file is what the hub says it is.

    Parts that were fetched at different times may be of different files, so their SHA-256 is
    checked.
    """
    if remote.size is not None and _size(file) != remote.size:
        return False
    return not in_parts or len(remote.etag) != _SHA256_LENGTH or _sha256(file) == remote.etag


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

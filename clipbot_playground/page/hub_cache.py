"""What the hub's own client has left on this machine, read without importing it."""

from collections.abc import Collection
from pathlib import Path


def received_bytes(folder: Path, since: float, blobs: Collection[str] | None = None) -> int:
    """How much of a model is on this machine by now, unfinished files included.

    Args:
        folder: of the model in the hub's cache; see `inference.model.hub.cache`.
        since: when the current attempts began, in Unix time. A program may leave an unfinished
            file of an older attempt, `HASH.NUMBER.incomplete`, and begin anew; only
            `HASH.incomplete` is gone on with.
        blobs: only of these files, named by their hashes.
    """
    found = [path for path in (folder / "blobs").glob("*") if blobs is None or _hash(path) in blobs]
    sizes: dict[str, int] = {}
    for path in found:
        try:
            about = path.stat()
        except OSError:  # renamed between the two looks
            continue
        goes_on = path.name.count(".") <= 1
        if goes_on or about.st_mtime >= since:
            # A file may be laid out in full before it is filled, and have blocks in store for more.
            size = min(about.st_size, about.st_blocks * 512)
            sizes[_hash(path)] = max(size, sizes.get(_hash(path), 0))
    return sum(sizes.values())


def _hash(path: Path) -> str:
    return path.name.partition(".")[0]

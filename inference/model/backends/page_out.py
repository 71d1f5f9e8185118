"""Memory that nothing will read again soon, handed back to the system."""

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# https://man7.org/linux/man-pages/man2/madvise.2.html
_MADV_DONTNEED: Final = 4

# A mapping's first line: addresses, rights, offset, device, inode, file.
# https://docs.kernel.org/filesystems/proc.html
_HEAD: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ *(.*)")
_UNCHANGED: Final = re.compile(r"Anonymous: +0 kB")


def set_aside(folder: Path) -> None:
    """Takes a folder's files out of resident memory, as far as this process has mapped them.

    Reading there again reads the file again. A file of which anything was changed in memory stays
    as it is. Does nothing but on Linux.
    """
    if sys.platform != "linux":
        return
    folder = folder.resolve()  # as the kernel names it
    libc = ctypes.CDLL(None)
    for first, end, file in _unchanged_files():
        if file.parent == folder:
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _MADV_DONTNEED)


def _unchanged_files() -> Iterator[tuple[int, int, Path]]:
    """First address, end and path of each file that this process has mapped and not changed."""
    mapping = None
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if head := _HEAD.match(line):
            mapping = (int(head[1], 16), int(head[2], 16), Path(head[3])) if head[3] else None
        elif mapping and _UNCHANGED.match(line):
            yield mapping

"""Gives back to the system the memory of mapped files that nothing will read again soon."""

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# https://man7.org/linux/man-pages/man2/madvise.2.html
_MADV_DONTNEED: Final = 4

# The first line of a mapping: addresses, rights, offset, device, inode, file.
# https://docs.kernel.org/filesystems/proc.html
_MAPPING: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ *(.*)")
_UNCHANGED: Final = re.compile(r"Anonymous: +0 kB")


def page_out(folder: Path) -> None:
    """Remove the files of a folder from resident memory, if this process has mapped them.

    A later read of that memory reads the file again. Files whose mapped memory was changed stay.
    Does nothing on other systems than Linux.
    """
    if sys.platform != "linux":
        return
    folder = folder.resolve()  # as the kernel names it
    libc = ctypes.CDLL(None)
    for start, end, file in _unchanged_files():
        if file.parent == folder:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)


def _unchanged_files() -> Iterator[tuple[int, int, Path]]:
    """Yield start, end and path of each file that this process has mapped and not changed."""
    mapping = None
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if match := _MAPPING.match(line):
            named = bool(match[3])
            mapping = (int(match[1], 16), int(match[2], 16), Path(match[3])) if named else None
        elif mapping and _UNCHANGED.match(line):
            yield mapping

"""Memory that nothing will read again soon, handed back to the system."""

import ctypes
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import torch

# https://man7.org/linux/man-pages/man2/madvise.2.html
_MADV_DONTNEED: Final = 4

# A mapping's first line: addresses, rights, offset, device, inode. https://docs.kernel.org/filesystems/proc.html
_HEAD: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+)")
_UNCHANGED: Final = re.compile(r"Anonymous: +0 kB")


def set_aside(tensors: Iterable[torch.Tensor]) -> None:
    """Takes tensors that lie in a file out of resident memory, as a checkpoint's weights do.

    Reading one again reads the file again. Tensors that lie elsewhere, or in a file of which
    anything was changed in memory, stay as they are. Does nothing but on Linux.

    Args:
        tensors: any; those that share memory count once.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    starts = {tensor.untyped_storage().data_ptr() for tensor in tensors}
    for first, end in _unchanged_files():
        if any(first <= start < end for start in starts):
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _MADV_DONTNEED)


def _unchanged_files() -> Iterator[tuple[int, int]]:
    """First address and end of each file that this process has mapped and not changed."""
    mapping = None
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if head := _HEAD.match(line):
            first, end, inode = int(head[1], 16), int(head[2], 16), int(head[3])
            mapping = (first, end) if inode else None
        elif mapping and _UNCHANGED.match(line):
            yield mapping

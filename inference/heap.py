"""The C library's heap, so set that what is freed goes back to the system."""

import ctypes
import sys
from typing import Final

# https://man7.org/linux/man-pages/man3/mallopt.3.html
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

# Each thread would have its own, which keeps what pictures and messages have left there.
_ARENAS: Final = 2


def give_back(blocks: int) -> None:
    """Lets large blocks be mapped by themselves from now on, and all threads share two arenas.

    Without a limit of ours glibc raises its own to the largest block that was ever freed, and
    blocks below it stay in the process. Does nothing where the C library is not glibc.

    Args:
        blocks: of so many bytes and more; to map one takes a page fault for each 4 KiB.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
        mallopt(_M_MMAP_THRESHOLD, blocks)

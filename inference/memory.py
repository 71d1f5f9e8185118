"""Memory that nothing will read again soon, handed back to the system."""

import ctypes
import os
import sys
from collections.abc import Iterable
from typing import Final

import torch

# Linux 5.4 and newer; older kernels refuse it, and nothing is lost.
# https://man7.org/linux/man-pages/man2/madvise.2.html
_MADV_PAGEOUT: Final = 21


def set_aside(tensors: Iterable[torch.Tensor]) -> None:
    """Takes tensors out of resident memory. Reading one again brings it back, unchanged.

    The weights of a checkpoint are mapped from its file, so that their pages need no writing to be
    dropped; pages that were changed stay, or go to the swap. Pages that other processes have mapped
    stay as well, and those of files that this user may not write. Does nothing but on Linux.

    Args:
        tensors: on the CPU; of those that share memory, and of other devices, the rest is skipped.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    page = os.sysconf("SC_PAGE_SIZE")
    storages = (tensor.untyped_storage() for tensor in tensors if tensor.device.type == "cpu")
    for start, size in {(storage.data_ptr(), storage.nbytes()) for storage in storages}:
        first, end = -(-start // page) * page, (start + size) // page * page
        if end > first:
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _MADV_PAGEOUT)

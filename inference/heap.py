"""The C library's heap."""

import ctypes
import sys


def give_back() -> None:
    """Hands pages that hold nothing any more back to the system, those of all threads.

    glibc keeps what pictures and messages leave behind, since asking for it anew takes time: so
    this is for moments of rest. Does nothing where the C library is not glibc.
    """
    if sys.platform != "linux":
        return
    # https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)

"""Ports for programs that have to be told theirs before they listen."""

import contextlib
import socket
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """A port on loopback that nobody else is given until the block is left.

    It is bound and never listens, which on Linux lets a server have it all the same: both ask for
    SO_REUSEADDR, as servers do. Elsewhere it is free, and with luck still is a moment later.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield port

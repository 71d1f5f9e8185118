"""Free ports for programs that must know their port before they listen."""

import contextlib
import socket
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port on loopback that the system gives to no other program inside the block.

    A socket is bound to it and never listens. On Linux, a server can still listen on it, because
    both set SO_REUSEADDR. On other systems the port is only free at the start of the block.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield port

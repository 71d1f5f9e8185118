"""A connection to NATS that stays: a server that goes away is looked for until it is back."""

import asyncio
import logging
import ssl

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.protocol.parser import PERMISSIONS_ERR

from inference.protocol import tasks
from inference.protocol.broker.addresses import Credentials, servers
from inference.protocol.errors import QueueUnavailable

log = logging.getLogger(__name__)

# Seconds for a server to answer; where there are others, one that is dead costs a start no more.
_LONE_PATIENCE, _CONNECT_PATIENCE = 5, 2

# Seconds that a client which never got through is given to close its connection.
_CLOSE_PATIENCE = 1.0


class _StayingClient(Client):
    """A client that comes back after whatever error a server ends its connection with.

    nats-py's own then leaves for good: after a subject that is too long, too many connections, a
    login that ended. The process would live on and hear nothing.
    """

    async def _process_err(self, err_msg: str) -> None:
        if not self.is_connected or PERMISSIONS_ERR in err_msg:
            await super()._process_err(err_msg)
            return
        log.warning("The NATS server ends our connection: %s", err_msg)
        await self._process_op_err(NatsError(f"nats: {err_msg}"))


async def open_client(url: str, *, name: str, patience: float = 20.0) -> Client:
    """Connects, and stays connected: a server that goes away is looked for until it is back.

    Args:
        url: as in NATS_URL: one server, or several of one cluster.
        patience: seconds to wait for a server that is still starting (containers start together).

    Raises:
        QueueUnavailable: nobody answers at `url`, or it refuses us. The text holds no password.
    """
    last: Exception | None = None
    is_refused = False

    async def on_error(error: Exception) -> None:
        nonlocal last, is_refused
        last = error
        # The connection that breaks after a refusal is an error of its own.
        is_refused = is_refused or "authorization" in str(error).lower()
        log.debug("NATS: %r", error)

    async def on_disconnect() -> None:
        if not client.is_closed:  # else it was us who left
            log.warning("NATS went away; looking for it.")

    async def on_reconnect() -> None:
        log.info("NATS is back.")

    client = _StayingClient()
    try:
        found = servers(url)
        known = found.credentials or Credentials()
        connecting = asyncio.create_task(
            client.connect(
                list(found.urls),
                name=name,
                connect_timeout=_CONNECT_PATIENCE if len(found.urls) > 1 else _LONE_PATIENCE,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                pending_size=64 * 2**20,
                error_cb=on_error,
                disconnected_cb=on_disconnect,
                reconnected_cb=on_reconnect,
                user=known.user,
                password=known.password,
                token=known.token,
            )
        )
        await _within(patience, connecting)
    except (TimeoutError, NatsError, OSError, ValueError) as error:
        await _give_up(client)
        if is_refused:
            raise QueueUnavailable(
                "The NATS server at NATS_URL refuses us; are user and password, or token, right?"
            ) from error
        if isinstance(last, ssl.SSLError):
            raise QueueUnavailable(
                f"TLS with the NATS server at NATS_URL fails ({last.reason or last}); of a "
                "certificate authority of your own, SSL_CERT_FILE names the certificate."
            ) from error
        raise QueueUnavailable(
            f"No NATS server answers at NATS_URL ({type(last or error).__name__}); "
            "is it running, and are its user and password right?"
        ) from error
    return client


async def _within(seconds: float, task: "asyncio.Task[None]") -> None:
    """Wait for a task; one that takes longer is ended.

    Not by `asyncio.wait_for`, whose cancellation may get lost: see `tasks.end`.

    Raises:
        TimeoutError: it took longer.
        Exception: what the task raises.
    """
    try:
        await asyncio.wait([task], timeout=seconds)
        if not task.done():
            raise TimeoutError
        await task
    finally:
        await tasks.end(task)


async def _give_up(client: Client) -> None:
    """Close a client that never got through: after a failed TLS handshake that may never end."""
    closing = asyncio.create_task(client.close())
    await asyncio.wait([closing], timeout=_CLOSE_PATIENCE)
    await tasks.end(closing)

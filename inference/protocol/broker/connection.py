"""A connection to NATS that reconnects until the server is back."""

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

# How long one server may take to answer: shorter if there are others to try.
_ONE_SERVER_TIMEOUT, _SEVERAL_SERVERS_TIMEOUT = 5, 2  # seconds

# How long a client that never connected may take to close.
_CLOSE_TIMEOUT = 1.0  # seconds


class _ReconnectingClient(Client):
    """A client that reconnects after every error with which a server closes the connection.

    After some of these errors nats-py's own client closes for good: a subject that is too long, too
    many connections, a login that expired. The process would go on and receive nothing.
    """

    async def _process_err(self, err_msg: str) -> None:
        if not self.is_connected or PERMISSIONS_ERR in err_msg:
            await super()._process_err(err_msg)
            return
        log.warning("The NATS server closed the connection: %s", err_msg)
        await self._process_op_err(NatsError(f"nats: {err_msg}"))


async def open_client(url: str, *, name: str, timeout: float = 20.0) -> Client:
    """Connect, and reconnect whenever the server was away.

    Args:
        url: as NATS_URL: one server, or several of one cluster.
        timeout: seconds to wait for a server that is still starting, as when containers start
            together.

    Raises:
        QueueUnavailable: no server answers at `url`, or it refuses the login. The text shows no
            password.
    """
    last: Exception | None = None
    is_refused = False

    async def on_error(error: Exception) -> None:
        nonlocal last, is_refused
        last = error
        # After a refusal the connection breaks, which is reported as a second error.
        is_refused = is_refused or "authorization" in str(error).lower()
        log.debug("NATS: %r", error)

    async def on_disconnect() -> None:
        if not client.is_closed:
            log.warning("The connection to NATS is lost; reconnecting.")

    async def on_reconnect() -> None:
        log.info("Connected to NATS again.")

    client = _ReconnectingClient()
    try:
        found = servers(url)
        known = found.credentials or Credentials()
        connecting = asyncio.create_task(
            client.connect(
                list(found.urls),
                name=name,
                connect_timeout=(
                    _SEVERAL_SERVERS_TIMEOUT if len(found.urls) > 1 else _ONE_SERVER_TIMEOUT
                ),
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
        await _within(timeout, connecting)
    except (TimeoutError, NatsError, OSError, ValueError) as error:
        await _give_up(client)
        if is_refused:
            raise QueueUnavailable(
                "The NATS server at NATS_URL refuses the login; check the user and password, or "
                "the token."
            ) from error
        if isinstance(last, ssl.SSLError):
            raise QueueUnavailable(
                f"TLS with the NATS server at NATS_URL fails ({last.reason or last}). If you use "
                "your own certificate authority, set SSL_CERT_FILE to its certificate."
            ) from error
        raise QueueUnavailable(
            f"No NATS server answers at NATS_URL ({type(last or error).__name__}); "
            "check that it is running, and its user and password."
        ) from error
    return client


async def _within(seconds: float, task: "asyncio.Task[None]") -> None:
    """Wait for a task, and cancel it if it takes longer.

    `asyncio.wait_for` is not used because its cancellation can get lost: see `tasks.end`.

    Raises:
        TimeoutError: it takes longer.
        Exception: whatever the task raises.
    """
    try:
        await asyncio.wait([task], timeout=seconds)
        if not task.done():
            raise TimeoutError
        await task
    finally:
        await tasks.end(task)


async def _give_up(client: Client) -> None:
    """Close a client that never connected; after a failed TLS handshake closing may never end."""
    closing = asyncio.create_task(client.close())
    await asyncio.wait([closing], timeout=_CLOSE_TIMEOUT)
    await tasks.end(closing)

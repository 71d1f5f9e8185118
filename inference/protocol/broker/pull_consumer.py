"""Pulling messages from a consumer, at once and limited in number and bytes.

nats-server closes the connection of a client to which more than 64 MB are on the way ("slow
consumer", max_pending), and later delivers all of these messages again. So each request limits the
bytes that it brings, and the next request is sent when all of them have arrived.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from inference.protocol import tasks
from inference.protocol.broker.streams import ACK_WAIT
from inference.protocol.errors import QueueUnavailable

log = logging.getLogger(__name__)

# The limit of one request, in bytes. A bot pulls updates and results at the same time: together
# they stay below nats-server's 64 MB.
REQUEST_BYTES = 24 * 2**20
# The limit of one pull, in bytes: the pictures of a batch are in memory at the same time.
PULL_BYTES = 64 * 2**20
# The pause before the next pull while the server is away.
_AWAY_PAUSE = 0.2  # seconds
# How often a waiting request checks whether the connection is still the same.
_CHECK_INTERVAL = 0.5  # seconds
# The server sends waiting messages at once; a large one takes time on a busy machine.
_NO_WAIT_TIMEOUT = 2.0  # seconds
# Status 503: the consumer does not exist. Status 409: it was deleted during the request, …
_LOST = {"503", "409"}
# … or the next message is larger than what is left of the request's limit.
_TOO_LARGE = "Message Size Exceeds MaxBytes"


class _ConsumerLost(Exception):
    """The consumer does not exist any more."""


class Delivery:
    """A message that this process holds until it acknowledges it or gives it back (nak)."""

    def __init__(self, message: Msg, ack_wait: float = ACK_WAIT) -> None:
        self._message = message
        self._ack_wait = ack_wait

    @property
    def data(self) -> bytes:
        """The message's body."""
        return self._message.data

    @property
    def attempt(self) -> int:
        """1 at the first delivery, 2 at the first redelivery, …"""
        return self._message.metadata.num_delivered

    @property
    def sequence(self) -> str:
        """The stream's name and the message's number in it: the same at each redelivery."""
        return f"{self._message.metadata.stream}.{self._message.metadata.sequence.stream}"

    async def ack(self) -> None:
        """Acknowledge: the server removes the message. Return when it has confirmed that.

        If the server is away, the message is delivered again later; message ids keep what it led
        to from being stored twice.
        """
        with contextlib.suppress(NatsError, asyncio.TimeoutError):
            await self._message.ack_sync(timeout=ACK_WAIT)

    async def nak(self, delay: float = 0.0) -> None:
        """Give the message back: it is delivered again after `delay` seconds."""
        with contextlib.suppress(NatsError):
            await self._message.nak(delay=delay or None)

    @contextlib.asynccontextmanager
    async def in_progress(self) -> AsyncIterator[Self]:
        """Tell the server "in progress" while the block runs, so that it does not deliver again."""
        telling = asyncio.create_task(self._tell_in_progress())
        try:
            yield self
        finally:
            await tasks.end(telling)

    async def _tell_in_progress(self) -> None:
        while True:
            await asyncio.sleep(self._ack_wait / 3)
            with contextlib.suppress(NatsError):
                await self._message.in_progress()


@dataclass
class _Taken:
    """What one request brought.

    Attributes:
        is_full: True if the next message did not fit into the request's limit of bytes.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    is_full: bool = False


class PullConsumer:
    """A consumer whose messages are pulled without added delay.

    nats-py's `fetch(n)` waits for all n messages if it has to wait for the first. So this sends the
    requests of the pull protocol itself: one with `no_wait` for what is there, one that waits for
    a single message, then one with `no_wait` for the rest.

    Args:
        revive: creates the stream and the consumer again if the server has lost them.
    """

    def __init__(
        self,
        client: Client,
        inbox: Subscription,
        subject: str,
        reply: str,
        ack_wait: float,
        revive: Callable[[], Awaitable[None]],
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._subject = subject
        self._reply = reply
        self._ack_wait = ack_wait
        self._revive = revive
        self._requests = 0

    async def pull(self, limit: int, wait: float) -> list[Delivery]:
        """Return up to `limit` messages, at once if any are there.

        Args:
            limit: messages; fewer are returned if they have more than `PULL_BYTES`.
            wait: seconds to wait for the first message. With 0, take only messages that are
                there already, never one that an idle client waits for.

        Returns:
            An empty list if none came, or while the server is away.
        """
        if not self._client.is_connected:
            # Requests made now would be buffered, and all sent when the server is back.
            await asyncio.sleep(_AWAY_PAUSE)
            return []
        taken: list[Delivery] = []
        try:
            await self._take_waiting(taken, limit)
            if not taken and wait:
                first = await self._request(1, no_wait=False, timeout=wait)
                taken += first.deliveries
                if taken:
                    await self._take_waiting(taken, limit)
        except _ConsumerLost:
            await asyncio.sleep(_AWAY_PAUSE)
            with contextlib.suppress(QueueUnavailable):
                await self._revive()
        return taken

    async def _take_waiting(self, taken: list[Delivery], limit: int) -> None:
        """Add what is there, request by request, up to `limit` messages and `PULL_BYTES`."""
        while (rest := limit - len(taken)) > 0:
            left = PULL_BYTES - sum(len(delivery.data) for delivery in taken)
            if left <= 0:
                return
            few = min(REQUEST_BYTES, left)
            found = await self._request(rest, no_wait=True, timeout=_NO_WAIT_TIMEOUT, max_bytes=few)
            if found.is_full and not found.deliveries:
                if taken and few < REQUEST_BYTES:
                    return  # the next one is for another pull
                # A single message that is larger than the limit of a request.
                found = await self._request(1, no_wait=True, timeout=_NO_WAIT_TIMEOUT)
                found.is_full = bool(found.deliveries)
            taken += found.deliveries
            if not found.is_full:
                return

    async def _request(
        self, batch: int, *, no_wait: bool, timeout: float, max_bytes: int = 0
    ) -> _Taken:
        self._requests += 1
        address = f"{self._reply}.{self._requests}"
        request: dict[str, int | bool] = {"batch": batch}
        if no_wait:
            request["no_wait"] = True
        else:
            request["expires"] = int(timeout * 1e9)  # nanoseconds
        if max_bytes:
            request["max_bytes"] = max_bytes
        reconnects = self._client.stats["reconnects"]
        deadline = time.monotonic() + timeout + (0.0 if no_wait else 1.0)
        taken = _Taken()
        with contextlib.suppress(NatsError):
            await self._client.publish(self._subject, json.dumps(request).encode(), address)
            while len(taken.deliveries) < batch and time.monotonic() < deadline:
                try:
                    message = await self._inbox.next_msg(timeout=_CHECK_INTERVAL)
                except TimeoutError:
                    if self._client.stats["reconnects"] != reconnects:
                        break  # the server has forgotten the request
                    continue
                headers = message.headers or {}
                status = headers.get("Status")
                if status is None or message.data:
                    # Also a message that answers an earlier request.
                    taken.deliveries.append(Delivery(message, self._ack_wait))
                    if no_wait:  # more time while messages come
                        deadline = time.monotonic() + timeout
                elif message.subject == address:
                    taken.is_full = headers.get("Description") == _TOO_LARGE
                    if status in _LOST and not taken.is_full and not taken.deliveries:
                        raise _ConsumerLost
                    break  # 404 no messages, 408 expired
        return taken

    async def close(self) -> None:
        """Stop receiving. Messages that are still held are delivered again after `ACK_WAIT`."""
        with contextlib.suppress(NatsError):
            await self._inbox.unsubscribe()

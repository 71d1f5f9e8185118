"""Pulling from a consumer: what waits at once, bounded in number and in bytes.

nats-server ends the connection of a client that has more than 64 MB on the way to it ("slow
consumer", max_pending), and everything that was on the way comes again later. So each request
names the bytes that it may bring, and the next is made when all of them are here.
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

# Bytes that one request may bring. A bot pulls updates and results at once: together they stay
# under nats-server's 64 MB.
REQUEST_BYTES = 24 * 2**20
# Bytes after which a pull asks for no more: the pictures of a batch are in memory at once.
PULL_BYTES = 64 * 2**20
# While a server is away, and while we wait for an answer, look up this often (seconds).
_AWAY_PAUSE = 0.2
_LOOK_UP = 0.5
# What the server has waiting, it sends at once; a large message takes its time on a busy machine.
_AT_ONCE = 2.0
# 503: nobody listens where the consumer was; 409: it was deleted under a waiting request, …
_LOST = {"503", "409"}
# … or the next message has more bytes than the request has left.
_TOO_LARGE = "Message Size Exceeds MaxBytes"


class _ConsumerLost(Exception):
    """The consumer that we pull from is no longer there."""


class Delivery:
    """A message that is ours until it is acknowledged or handed back."""

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
        """The message's number in its stream: the same at each redelivery."""
        return f"{self._message.metadata.stream}.{self._message.metadata.sequence.stream}"

    async def ack(self) -> None:
        """Done: the message is removed. Waits until the server has noted it."""
        with contextlib.suppress(NatsError, asyncio.TimeoutError):
            # If the server is away the message comes back, and ids keep it from counting twice.
            await self._message.ack_sync(timeout=ACK_WAIT)

    async def nak(self, delay: float = 0.0) -> None:
        """Not done: somebody gets it again, after `delay` seconds."""
        with contextlib.suppress(NatsError):
            await self._message.nak(delay=delay or None)

    @contextlib.asynccontextmanager
    async def in_progress(self) -> AsyncIterator[Self]:
        """Tells the server "still working" for as long as the block runs."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield self
        finally:
            await tasks.end(keeper)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._ack_wait / 3)
            with contextlib.suppress(NatsError):
                await self._message.in_progress()


@dataclass
class _Taken:
    """What one request brought.

    Attributes:
        is_full: more may wait, which the request had no bytes left for.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    is_full: bool = False


class PullConsumer:
    """Takes what waits for one consumer, with no added delay.

    nats-py's own `fetch(n)` waits for all n once it had to wait for the first, so this speaks the
    pull protocol itself: `no_wait` for what is there, a lingering request for one, then `no_wait`
    for the rest.

    Args:
        revive: makes the stream and the consumer again, should the server have lost them.
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
        self._serial = 0

    async def pull(self, limit: int, wait: float) -> list[Delivery]:
        """Up to `limit` messages: at once if any wait, else the first that comes in `wait` seconds.

        A `wait` of 0 takes only what waits, and never what somebody idle would have got. Fewer
        than wait are taken where they have more than `PULL_BYTES`.

        Returns an empty list when none came, or while the server is away.
        """
        if not self._client.is_connected:
            # Requests made now would all be sent at once when the server is back.
            await asyncio.sleep(_AWAY_PAUSE)
            return []
        taken: list[Delivery] = []
        try:
            await self._take_waiting(taken, limit)
            if not taken and wait:
                first = await self._request(1, no_wait=False, patience=wait)
                taken += first.deliveries
                if taken:
                    await self._take_waiting(taken, limit)
        except _ConsumerLost:
            await asyncio.sleep(_AWAY_PAUSE)
            with contextlib.suppress(QueueUnavailable):
                await self._revive()
        return taken

    async def _take_waiting(self, taken: list[Delivery], limit: int) -> None:
        """Adds what waits, request by request, up to `limit` messages and `PULL_BYTES`."""
        while (rest := limit - len(taken)) > 0:
            left = PULL_BYTES - sum(len(delivery.data) for delivery in taken)
            if left <= 0:
                return
            few = min(REQUEST_BYTES, left)
            found = await self._request(rest, no_wait=True, patience=_AT_ONCE, max_bytes=few)
            if found.is_full and not found.deliveries:
                if taken and few < REQUEST_BYTES:
                    return  # the next one is for another pull
                # A single message of more bytes than a request of several may bring.
                found = await self._request(1, no_wait=True, patience=_AT_ONCE)
                found.is_full = bool(found.deliveries)
            taken += found.deliveries
            if not found.is_full:
                return

    async def _request(
        self, batch: int, *, no_wait: bool, patience: float, max_bytes: int = 0
    ) -> _Taken:
        self._serial += 1
        address = f"{self._reply}.{self._serial}"
        request: dict[str, int | bool] = {"batch": batch}
        if no_wait:
            request["no_wait"] = True
        else:
            request["expires"] = int(patience * 1e9)  # nanoseconds
        if max_bytes:
            request["max_bytes"] = max_bytes
        reconnects = self._client.stats["reconnects"]
        deadline = time.monotonic() + patience + (0.0 if no_wait else 1.0)
        taken = _Taken()
        with contextlib.suppress(NatsError):
            await self._client.publish(self._subject, json.dumps(request).encode(), address)
            while len(taken.deliveries) < batch and time.monotonic() < deadline:
                try:
                    message = await self._inbox.next_msg(timeout=_LOOK_UP)
                except TimeoutError:
                    if self._client.stats["reconnects"] != reconnects:
                        break  # the server that knew of our request is gone
                    continue
                headers = message.headers or {}
                status = headers.get("Status")
                if status is None or message.data:
                    # also one that an earlier request left behind
                    taken.deliveries.append(Delivery(message, self._ack_wait))
                    if no_wait:  # while they come there is no need to give up
                        deadline = time.monotonic() + patience
                elif message.subject == address:
                    taken.is_full = headers.get("Description") == _TOO_LARGE
                    if status in _LOST and not taken.is_full and not taken.deliveries:
                        raise _ConsumerLost
                    break  # 404 no messages, 408 expired
        return taken

    async def close(self) -> None:
        """Stops listening; what was pulled and not acknowledged comes back after `ACK_WAIT`."""
        with contextlib.suppress(NatsError):
            await self._inbox.unsubscribe()

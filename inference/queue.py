"""The queue between bot and workers: JetStream streams and a bucket of worker statuses.

    updates   what the chat platform handed over       clipbot.updates.<bot>
    jobs      pictures waiting for a worker            clipbot.jobs
    results   answers waiting to be delivered          clipbot.results.<bot>
    dead      what failed by our fault, for a person   clipbot.dead.<kind>

All but the last are work queues: a message is gone once acknowledged, and comes back `ACK_WAIT`
seconds after its holder fell silent. Publishing is idempotent for `DUPLICATE_WINDOW`: the same id
is stored once.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js import errors as js_errors
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    KeyValueConfig,
    RetentionPolicy,
    StreamConfig,
)
from nats.js.kv import KeyValue

from inference import tasks
from inference.contract import WorkerStatus, decode_status, encode
from inference.errors import QueueFull, QueueUnavailable

log = logging.getLogger(__name__)

UPDATES = "clipbot-updates"
JOBS = "clipbot-jobs"
RESULTS = "clipbot-results"
DEAD = "clipbot-dead"
JOBS_SUBJECT = "clipbot.jobs"
WORKERS_BUCKET = "clipbot-workers"

# A holder says "still working" three times in this span; a killed one is noticed after it.
ACK_WAIT = 9.0
# A restart after a crash must not store the same update or job twice.
DUPLICATE_WINDOW = 3_600.0
STATUS_INTERVAL = 5.0
STATUS_TTL = 3 * STATUS_INTERVAL
# Far more than anything that is ever in flight: only a bot that nobody runs would fill it.
MAX_UPDATES = 100_000
# JetStream: "maximum messages exceeded", "maximum bytes exceeded"
_STREAM_FULL = {10_077, 10_054}
_BYTES_LIMIT = 2 * 2**30
_DEAD_LIMIT = 1_000
_DEAD_AGE = 7 * 24 * 3_600.0


def updates_subject(bot_id: int) -> str:
    """Subject of the updates that came for one bot."""
    return f"clipbot.updates.{bot_id}"


def results_subject(bot_id: int) -> str:
    """Subject of the results that one bot waits for."""
    return f"clipbot.results.{bot_id}"


# While a server is away, and while we wait for an answer, look up this often (seconds).
_AWAY_PAUSE = 0.2
_LOOK_UP = 0.5
# 503: nobody listens where the consumer was; 409: it was deleted under a waiting request.
_LOST = {"503", "409"}


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
    def serial(self) -> str:
        """The message's number in its stream: the same at each redelivery."""
        return f"{self._message.metadata.stream}.{self._message.metadata.sequence.stream}"

    async def ack(self) -> None:
        """Done: the message is removed. Waits until the server has noted it."""
        with contextlib.suppress(NatsError, asyncio.TimeoutError):
            # If the server is away the message comes back, and ids keep it from counting twice.
            await self._message.ack_sync(timeout=ACK_WAIT)

    async def hand_back(self, delay: float = 0.0) -> None:
        """Not done: somebody gets it again, after `delay` seconds."""
        with contextlib.suppress(NatsError):
            await self._message.nak(delay=delay or None)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[Self]:
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


class Puller:
    """Takes what waits for one consumer, with no added delay.

    nats-py's own `fetch(n)` waits for all n once it had to wait for the first, so this speaks the
    pull protocol itself: a lingering request for one, then `no_wait` for the rest (ADR-13).

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

        A `wait` of 0 takes only what waits, and never what somebody idle would have got.

        Returns an empty list when none came, or while the server is away.
        """
        if not self._client.is_connected:
            # Requests made now would all be sent at once when the server is back.
            await asyncio.sleep(_AWAY_PAUSE)
            return []
        try:
            taken = await self._request(limit, no_wait=True, patience=2.0)
            if taken or not wait:
                return taken
            first = await self._request(1, no_wait=False, patience=wait)
            if not first or limit == 1:
                return first
            return first + await self._request(limit - 1, no_wait=True, patience=2.0)
        except _ConsumerLost:
            await asyncio.sleep(_AWAY_PAUSE)
            with contextlib.suppress(QueueUnavailable):
                await self._revive()
            return []

    async def _request(self, batch: int, *, no_wait: bool, patience: float) -> list[Delivery]:
        self._serial += 1
        address = f"{self._reply}.{self._serial}"
        request: dict[str, int | bool] = {"batch": batch}
        if no_wait:
            request["no_wait"] = True
        else:
            request["expires"] = int(patience * 1e9)  # nanoseconds
        reconnects = self._client.stats["reconnects"]
        deadline = time.monotonic() + patience + (0.0 if no_wait else 1.0)
        taken: list[Delivery] = []
        with contextlib.suppress(NatsError):
            await self._client.publish(self._subject, json.dumps(request).encode(), address)
            while len(taken) < batch and time.monotonic() < deadline:
                try:
                    message = await self._inbox.next_msg(timeout=_LOOK_UP)
                except TimeoutError:
                    if self._client.stats["reconnects"] != reconnects:
                        break  # the server that knew of our request is gone
                    continue
                status = (message.headers or {}).get("Status")
                if status is None or message.data:
                    # also one that an earlier request left behind
                    taken.append(Delivery(message, self._ack_wait))
                elif message.subject == address:
                    if status in _LOST:
                        raise _ConsumerLost
                    break  # 404 no messages, 408 expired
        return taken

    async def close(self) -> None:
        """Stops listening; what was pulled and not acknowledged comes back after `ACK_WAIT`."""
        with contextlib.suppress(NatsError):
            await self._inbox.unsubscribe()


class Queue:
    """A connection to NATS with clipbot's streams on it. Make one with `connect`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=5.0)
        self._statuses: KeyValue | None = None
        self._prepared = (0, False)

    @property
    def max_payload(self) -> int:
        """Largest message, in bytes, that the server takes."""
        return self._client.max_payload

    @property
    def connected(self) -> bool:
        """False while the client looks for a server that went away."""
        return self._client.is_connected

    async def prepare(self, max_queue: int, *, owner: bool) -> None:
        """Makes the streams; `owner` (the bot) also brings existing ones to today's limits.

        Raises:
            QueueUnavailable: the server has no JetStream, or refuses.
        """
        self._prepared = (max_queue, owner)
        try:
            for config in _streams(max_queue):
                try:
                    await self._js.add_stream(config)
                except js_errors.BadRequestError:  # it exists with other limits
                    if owner:
                        await self._js.update_stream(config)
            self._statuses = await self._js.create_key_value(
                KeyValueConfig(bucket=WORKERS_BUCKET, ttl=STATUS_TTL)
            )
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(
                f"NATS answers, but its JetStream does not ({error or 'no answer'}); "
                "start nats-server with --jetstream and enough room for its files."
            ) from error

    async def publish(self, subject: str, data: bytes, message_id: str) -> None:
        """Stores a message; returns once the server has it. The same id is stored once.

        Raises:
            QueueFull: the stream is at its limit.
            QueueUnavailable: the server did not take it.
        """
        try:
            await self._js.publish(subject, data, headers={"Nats-Msg-Id": message_id})
        except js_errors.APIError as error:
            if error.err_code in _STREAM_FULL:
                raise QueueFull("the queue is full") from error
            raise QueueUnavailable(f"NATS did not store a message: {error}") from error
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(f"NATS did not answer: {error or 'timeout'}") from error

    async def set_aside(self, kind: str, delivery: Delivery) -> None:
        """Keeps a message that failed by our fault, where a person can look at it for a week.

        Raises as `publish` does; the caller acknowledges the message afterwards.
        """
        await self.publish(f"clipbot.dead.{kind}", delivery.data, delivery.serial)

    async def puller(
        self, stream: str, durable: str, subject: str, *, ack_wait: float = ACK_WAIT
    ) -> Puller:
        """A consumer of one subject; all who use the same `durable` share its messages.

        Args:
            ack_wait: seconds after which a silent holder's messages go to somebody else; the same
                for all who share the consumer.
        """
        config = ConsumerConfig(
            durable_name=durable,
            filter_subject=subject,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ack_wait,
            max_ack_pending=10_000,
        )

        async def make() -> None:
            try:
                await self._js.add_consumer(stream, config)
            except (TimeoutError, NatsError, js_errors.Error) as error:
                raise QueueUnavailable(f"NATS refuses consumer {durable}: {error}") from error

        async def revive() -> None:
            max_queue, owner = self._prepared
            await self.prepare(max_queue, owner=owner)
            await make()

        await make()
        reply = self._client.new_inbox()
        inbox = await self._client.subscribe(
            f"{reply}.*", pending_msgs_limit=0, pending_bytes_limit=0
        )
        address = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        return Puller(self._client, inbox, address, reply, ack_wait, revive)

    async def jobs_waiting(self) -> int:
        """How many jobs are stored: those that wait and those in a worker's hands."""
        return (await self._js.stream_info(JOBS)).state.messages

    async def overhear(self, subject: str, hear: Callable[[bytes], Awaitable[None]]) -> None:
        """Hands over copies of what is published from now on; nothing is taken from the stream.

        For onlookers: what is published while the server is away is missed.
        """

        async def on_message(message: Msg) -> None:
            await hear(message.data)

        await self._client.subscribe(subject, cb=on_message)

    async def tell_status(self, status: WorkerStatus) -> None:
        """Publishes a worker's status, valid for `STATUS_TTL` seconds."""
        if self._statuses is None:
            raise RuntimeError("prepare() comes first")
        with contextlib.suppress(NatsError, js_errors.Error, asyncio.TimeoutError):
            await self._statuses.put(status.worker, encode(status))

    async def workers(self) -> list[WorkerStatus]:
        """The workers that spoke in the last `STATUS_TTL` seconds."""
        if self._statuses is None:
            raise RuntimeError("prepare() comes first")
        found = []
        with contextlib.suppress(js_errors.NoKeysError):
            for key in await self._statuses.keys():
                with contextlib.suppress(js_errors.KeyNotFoundError):
                    found.append(decode_status((await self._statuses.get(key)).value or b""))
        return found

    async def forget_worker(self, worker: str) -> None:
        """Removes a worker that leaves in good order."""
        if self._statuses is not None:
            with contextlib.suppress(NatsError, js_errors.Error, asyncio.TimeoutError):
                await self._statuses.delete(worker)

    async def close(self) -> None:
        """Flushes acknowledgements and leaves."""
        # nats-py writes to a dead socket too: OSError, and RuntimeError of uvloop's.
        gone = (NatsError, OSError, RuntimeError)
        with contextlib.suppress(*gone, asyncio.TimeoutError):
            await self._client.flush(timeout=2)
        with contextlib.suppress(*gone):
            await self._client.close()


def _streams(max_queue: int) -> list[StreamConfig]:
    def work_queue(name: str, subject: str, max_msgs: int, max_bytes: int) -> StreamConfig:
        return StreamConfig(
            name=name,
            subjects=[subject],
            retention=RetentionPolicy.WORK_QUEUE,
            discard=DiscardPolicy.NEW,
            max_msgs=max_msgs,
            max_bytes=max_bytes,
            duplicate_window=DUPLICATE_WINDOW,
        )

    return [
        work_queue(UPDATES, "clipbot.updates.*", MAX_UPDATES, -1),
        work_queue(JOBS, JOBS_SUBJECT, max_queue, _BYTES_LIMIT),
        work_queue(RESULTS, "clipbot.results.*", -1, -1),
        StreamConfig(
            name=DEAD,
            subjects=["clipbot.dead.*"],
            discard=DiscardPolicy.OLD,
            max_msgs=_DEAD_LIMIT,
            max_bytes=_BYTES_LIMIT,
            max_age=_DEAD_AGE,
        ),
    ]


async def connect(url: str, *, name: str, patience: float = 20.0) -> Queue:
    """Connects, and stays connected: a server that goes away is looked for until it is back.

    Args:
        patience: seconds to wait for a server that is still starting (containers start together).

    Raises:
        QueueUnavailable: nobody answers at `url`, or it refuses us. The text holds no password.
    """

    async def on_error(error: Exception) -> None:
        log.debug("NATS: %r", error)

    async def on_disconnect() -> None:
        if not client.is_closed:  # else it was us who left
            log.warning("NATS went away; looking for it.")

    async def on_reconnect() -> None:
        log.info("NATS is back.")

    client = Client()
    connecting = client.connect(
        url,
        name=name,
        connect_timeout=5,
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        pending_size=64 * 2**20,
        error_cb=on_error,
        disconnected_cb=on_disconnect,
        reconnected_cb=on_reconnect,
    )
    try:
        await asyncio.wait_for(connecting, patience)
    except (TimeoutError, NatsError, OSError) as error:
        with contextlib.suppress(NatsError):
            await client.close()
        raise QueueUnavailable(
            f"No NATS server answers at NATS_URL ({type(error).__name__}); "
            "is it running, and are its user and password right?"
        ) from error
    return Queue(client)

"""The queue between bot and workers: a connection to NATS, with clipbot's streams on it.

`streams` names the streams; what is taken from them comes by a `PullConsumer`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js import errors as js_errors
from nats.js.api import AckPolicy, ConsumerConfig, KeyValueConfig, StreamConfig
from nats.js.kv import KeyValue

from inference.protocol.broker import models_asked
from inference.protocol.broker.connection import open_client
from inference.protocol.broker.pull_consumer import Delivery, PullConsumer
from inference.protocol.broker.readdressing import readdress
from inference.protocol.broker.streams import (
    ACK_WAIT,
    ALL_STREAMS,
    DEAD,
    DUPLICATE_WINDOW,
    JOBS,
    JOBS_SUBJECT,
    JOBS_SUBJECTS,
    MAX_STORED,
    MAX_UPDATES,
    RESULTS,
    STATUS_INTERVAL,
    STATUS_TTL,
    UPDATES,
    WORKERS_BUCKET,
    jobs_consumer,
    jobs_subject,
    results_subject,
    streams,
    updates_subject,
)
from inference.protocol.broker.write_checks import refused_writes, stream_of
from inference.protocol.errors import MessageTooLarge, NoStream, QueueFull, QueueUnavailable
from inference.protocol.messages import WorkerStatus, decode_status, encode

__all__ = [
    "ACK_WAIT",
    "ALL_STREAMS",
    "DEAD",
    "DUPLICATE_WINDOW",
    "JOBS",
    "JOBS_SUBJECT",
    "JOBS_SUBJECTS",
    "MAX_UPDATES",
    "RESULTS",
    "STATUS_INTERVAL",
    "STATUS_TTL",
    "UPDATES",
    "Delivery",
    "PullConsumer",
    "Queue",
    "connect",
    "jobs_consumer",
    "jobs_subject",
    "results_subject",
    "updates_subject",
]

log = logging.getLogger(__name__)

# JetStream's one code for all that keeps a message from being stored; its text tells which.
_STORE_FAILED = 10_077
_FULL = {"maximum messages exceeded", "maximum bytes exceeded"}
_TOO_LARGE = "message too large"
# "message size exceeds maximum allowed": the stream's own limit of a message;
# "header size exceeds maximum allowed of 64k": the message's id is in its header
_EXCEED_MAXIMUM = {10_054, 10_097}
_TIMEOUT = 5.0
_NO_STATUS = (js_errors.KeyNotFoundError, js_errors.InvalidKeyError, msgspec.DecodeError)
# Bytes of a message from which on it is sent alone: on the way it holds up what else we send, and
# several would hold up our looks at the queue, and one another, for longer than anybody waits.
_LARGE = 2**20
# NATS counts headers towards its limit: the message id, and names of headers.
_HEADERS = 1_024  # bytes


@dataclass(frozen=True)
class StreamState:
    """Where a stream stands.

    Attributes:
        made: when it was made; a stream whose files were lost is made anew.
        first: number of the oldest message that it holds; where it is empty, of the next one.
        last: number of the newest message that it was ever given.
    """

    made: str
    first: int
    last: int


class Queue:
    """A connection to NATS with clipbot's streams on it. Make one with `connect`.

    Attributes:
        jobs_made: `StreamState.made` of the jobs stream, as it was last seen.
        timeout: seconds to wait until a message is stored.
    """

    def __init__(self, client: Client) -> None:
        self.timeout = _TIMEOUT
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=_TIMEOUT)
        self._statuses: KeyValue | None = None
        self._prepared = (0, False)
        self.jobs_made = ""
        self._suspects: set[str] = set()
        self._large = asyncio.Lock()

    @property
    def max_payload(self) -> int:
        """Largest message, in bytes, that the server takes."""
        return self._client.max_payload

    @property
    def max_message(self) -> int:
        """Largest body of a message, in bytes, that can be stored."""
        return min(self.max_payload - _HEADERS, MAX_STORED)

    @property
    def connected(self) -> bool:
        """False while the client looks for a server that went away."""
        return self._client.is_connected

    @property
    def unstored(self) -> frozenset[str]:
        """Streams that did not store the last message that we had for them."""
        return frozenset(self._suspects)

    async def prepare(self, max_queue: int, *, owner: bool) -> None:
        """Makes the streams; `owner` (the bot) also brings existing ones to today's limits.

        Raises:
            QueueUnavailable: the server has no JetStream, or refuses.
        """
        self._prepared = (max_queue, owner)
        try:
            for config in streams(max_queue):
                try:
                    await self._js.add_stream(config)
                except js_errors.BadRequestError:  # it exists with other limits
                    if owner:
                        await self._js.update_stream(config)
                    else:
                        await self._widen(config)
            self._statuses = await self._js.create_key_value(
                KeyValueConfig(bucket=WORKERS_BUCKET, ttl=STATUS_TTL)
            )
            await self._look_at(JOBS)
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(
                f"NATS answers, but its JetStream does not ({error or 'no answer'}); "
                "start nats-server with --jetstream and enough room for its files."
            ) from error

    async def _widen(self, config: StreamConfig) -> None:
        """Adds the subjects that an older bot's stream lacks; its limits stay."""
        found = (await self._js.stream_info(config.name or "")).config
        known = found.subjects or []
        if missing := [subject for subject in config.subjects or [] if subject not in known]:
            await self._js.update_stream(found.evolve(subjects=[*known, *missing]))

    async def publish(self, subject: str, data: bytes, message_id: str) -> None:
        """Stores a message; returns once the server has it. The same id is stored once.

        Raises:
            QueueFull: the stream is at its limit.
            MessageTooLarge: no message of that size is ever stored.
            NoStream: nothing is stored of that subject.
            QueueUnavailable: the server did not take it.
        """
        stream = stream_of(subject) or ""
        turn = self._large if len(data) >= _LARGE else contextlib.nullcontext()
        try:
            async with turn:
                await self._publish(subject, data, message_id)
        except (QueueFull, MessageTooLarge):
            raise
        except QueueUnavailable:
            self._suspects.add(stream)
            raise
        self._suspects.discard(stream)

    async def _publish(self, subject: str, data: bytes, message_id: str) -> None:
        try:
            await self._js.publish(
                subject, data, timeout=self.timeout, headers={"Nats-Msg-Id": message_id}
            )
        except js_errors.APIError as error:
            raise _refusal(error, len(data)) from error
        except js_errors.NoStreamResponseError as error:
            raise NoStream(f"NATS has no stream for {subject}") from error
        except MaxPayloadError as error:
            raise MessageTooLarge(_too_large(len(data))) from error
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(f"NATS did not answer: {error or 'timeout'}") from error

    async def refused_writes(self) -> dict[str, str]:
        """The streams that store nothing, and what the server says of each.

        All are tried but the jobs, which have a limit in number: that stream only where a job was
        not stored lately.
        """
        tried = [name for name in ALL_STREAMS if name != JOBS or JOBS in self._suspects]
        refused = await refused_writes(self._js, tried)
        self._suspects = {name for name in self._suspects if name in refused or name not in tried}
        return refused

    async def prepare_again(self) -> None:
        """Makes what a server has lost; raises as `prepare` does."""
        max_queue, owner = self._prepared
        await self.prepare(max_queue, owner=owner)

    async def dead_letter(self, kind: str, delivery: Delivery) -> None:
        """Keeps a message that failed by our fault, where a person can look at it for a week.

        Raises as `publish` does; the caller acknowledges the message afterwards.
        """
        await self.publish(f"clipbot.dead.{kind}", delivery.data, delivery.sequence)

    async def pull_consumer(
        self, stream: str, durable: str, subject: str, *, ack_wait: float = ACK_WAIT
    ) -> PullConsumer:
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
            await self.prepare_again()
            await make()

        await make()
        reply = self._client.new_inbox()
        inbox = await self._client.subscribe(
            f"{reply}.*", pending_msgs_limit=0, pending_bytes_limit=0
        )
        address = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        return PullConsumer(self._client, inbox, address, reply, ack_wait, revive)

    async def state(self, stream: str) -> StreamState:
        """Where a stream stands.

        Raises:
            QueueUnavailable: the server does not say, or lost it.
        """
        try:
            return await self._look_at(stream)
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(
                f"NATS does not tell about {stream}: {error or 'timeout'}"
            ) from (error)

    async def _look_at(self, stream: str) -> StreamState:
        info = await self._js.stream_info(stream)
        last = info.state.last_seq
        first = info.state.first_seq if info.state.messages else last + 1
        if stream == JOBS:
            self.jobs_made = str(info.created)
        return StreamState(str(info.created), first, last)

    async def jobs_waiting(self) -> int:
        """How many jobs are stored: those that wait and those in a worker's hands."""
        return await self.stored(JOBS)

    async def stored(self, stream: str) -> int:
        """How many messages a stream holds."""
        return (await self._js.stream_info(stream)).state.messages

    async def readdress_jobs(self, model: str, bot_id: int) -> None:
        """Gives the jobs of one bot that wait for another model to the workers of `model`.

        Where that fails it is logged: those jobs wait for a worker of their model.
        """
        try:
            moved = await readdress(self._js, model, results_subject(bot_id))
        except (TimeoutError, NatsError, js_errors.Error) as error:
            log.warning("Jobs that wait for another model stay there: %s", error or "no answer")
            return
        if moved:
            log.info("%d jobs that waited for another model now wait for %s.", moved, model)

    async def answer_model(self, model: str) -> None:
        """Tells workers that ask which model a bot wants, from now on."""
        await models_asked.answer(self._client, model)

    async def models_asked(self) -> set[str]:
        """The models that bots want, as far as they answer within a second."""
        return await models_asked.ask(self._client)

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
        """The workers that spoke in the last `STATUS_TTL` seconds, as far as they can be read."""
        if self._statuses is None:
            raise RuntimeError("prepare() comes first")
        found = []
        with contextlib.suppress(js_errors.NoKeysError):
            for key in await self._statuses.keys():
                # One that can't be read, of a newer clipbot say, hides none of the others.
                with contextlib.suppress(*_NO_STATUS):
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


def _refusal(error: js_errors.APIError, size: int) -> QueueFull | QueueUnavailable:
    """Why JetStream did not store a message of `size` bytes."""
    if error.err_code == _STORE_FAILED and error.description in _FULL:
        return QueueFull("the queue is full")
    if error.err_code in _EXCEED_MAXIMUM or error.description == _TOO_LARGE:
        return MessageTooLarge(_too_large(size))
    return QueueUnavailable(f"NATS did not store a message: {error.description or error}")


def _too_large(size: int) -> str:
    return f"NATS stores no message of {size / 2**20:.1f} MB"


async def connect(url: str, *, name: str, patience: float = 20.0) -> Queue:
    """Connects to NATS_URL, and stays connected; arguments and errors are `open_client`'s."""
    return Queue(await open_client(url, name=name, patience=patience))

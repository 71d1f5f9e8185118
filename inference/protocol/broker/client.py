"""The queue between bot and workers: a connection to NATS with clipbot's streams on it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js import errors as js_errors
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig

from inference.protocol.broker import models_asked
from inference.protocol.broker.connection import open_client
from inference.protocol.broker.publishing import Publisher
from inference.protocol.broker.pull_consumer import Delivery, PullConsumer
from inference.protocol.broker.readdressing import readdress
from inference.protocol.broker.status_bucket import StatusBucket
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
    jobs_consumer,
    jobs_subject,
    results_subject,
    streams,
    updates_subject,
)
from inference.protocol.errors import QueueUnavailable
from inference.protocol.messages import WorkerStatus

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

# How long a call of JetStream may take.
_TIMEOUT = 5.0  # seconds
# NATS counts headers as part of a message: their names, and the message's id.
_HEADERS = 1_024  # bytes


@dataclass(frozen=True)
class StreamState:
    """Which messages a stream holds.

    Attributes:
        made: when it was created; differs if its files were lost and it was created again.
        first: number of its oldest message; of the next message if it is empty.
        last: number of the newest message that it ever stored.
    """

    made: str
    first: int
    last: int


class Queue:
    """A connection to NATS with clipbot's streams on it. Make one with `connect`.

    Each hop stores its own message before it acknowledges the one that it was given:

        update   acknowledged by the bot once its job is stored (or its answer is sent)
        job      acknowledged by the worker once its result is stored
        result   acknowledged by the bot once its reply is sent and recorded

    A process that is killed in between has acknowledged nothing: its messages are delivered again
    after `ACK_WAIT` seconds, and message ids keep what it had stored from being stored twice.

    Attributes:
        jobs_made: `StreamState.made` of the jobs stream, as it was last seen.
        timeout: seconds that storing a message may take.
    """

    def __init__(self, client: Client) -> None:
        self.timeout = _TIMEOUT
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=_TIMEOUT)
        self._publisher = Publisher(self._js)
        self._statuses: StatusBucket | None = None
        self._prepared = (0, False)
        self.jobs_made = ""

    @property
    def max_payload(self) -> int:
        """Size in bytes of the largest message, headers included, that the server takes."""
        return self._client.max_payload

    @property
    def max_message(self) -> int:
        """Size in bytes of the largest message body that can be stored."""
        return min(self.max_payload - _HEADERS, MAX_STORED)

    @property
    def connected(self) -> bool:
        """False while the server is away and the client tries to connect again."""
        return self._client.is_connected

    @property
    def unstored(self) -> frozenset[str]:
        """Streams that did not store the last message that this process published to them."""
        return self._publisher.unstored

    async def prepare(self, max_queue: int, *, owner: bool) -> None:
        """Create the streams that are missing.

        Args:
            max_queue: MAX_QUEUE, the jobs that can wait.
            owner: True for the bot, which also updates the limits of existing streams.

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
                        await self._add_subjects(config)
            self._statuses = await StatusBucket.open(self._js)
            await self._look_at(JOBS)
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(
                f"NATS answers, but its JetStream does not ({error or 'no answer'}); "
                "start nats-server with --jetstream and enough room for its files."
            ) from error

    async def _add_subjects(self, config: StreamConfig) -> None:
        """Add the subjects that an older bot's stream lacks; its limits stay."""
        found = (await self._js.stream_info(config.name or "")).config
        known = found.subjects or []
        if missing := [subject for subject in config.subjects or [] if subject not in known]:
            await self._js.update_stream(found.evolve(subjects=[*known, *missing]))

    async def publish(self, subject: str, data: bytes, message_id: str) -> int:
        """Store a message; return its number in the stream when the server has stored it.

        A second message with the same id within `DUPLICATE_WINDOW` seconds is not stored.

        Raises:
            QueueFull: the stream is at its limit.
            MessageTooLarge: no message of that size is ever stored.
            NoStream: no stream stores that subject.
            QueueUnavailable: the server did not store it.
        """
        return await self._publisher.publish(subject, data, message_id, self.timeout)

    async def withdraw(self, stream: str, number: int) -> None:
        """Delete a message that nobody needs any more; do nothing if that can't be done.

        A consumer that holds it can still acknowledge it.
        """
        with contextlib.suppress(TimeoutError, NatsError, js_errors.Error):
            await self._js.delete_msg(stream, number)

    async def refused_writes(self) -> dict[str, str]:
        """Return the streams that store nothing, each with the server's reason."""
        return await self._publisher.refused_writes()

    async def prepare_again(self) -> None:
        """Create what the server has lost; raises as `prepare` does."""
        max_queue, owner = self._prepared
        await self.prepare(max_queue, owner=owner)

    async def dead_letter(self, kind: str, delivery: Delivery) -> None:
        """Store a message that failed by our fault, so that a person can look at it for a week.

        The caller acknowledges the message afterwards. Raises as `publish` does.
        """
        await self.publish(f"clipbot.dead.{kind}", delivery.data, delivery.sequence)

    async def pull_consumer(
        self, stream: str, durable: str, subject: str, *, ack_wait: float = ACK_WAIT
    ) -> PullConsumer:
        """Return a consumer of one subject.

        Args:
            durable: the consumer's name. All clients that use the same name share its messages.
            ack_wait: seconds after which a message is delivered again if its holder is silent; the
                same for all clients of the consumer.

        Raises:
            QueueUnavailable: the server refuses.
        """
        config = ConsumerConfig(
            durable_name=durable,
            filter_subject=subject,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ack_wait,
            max_ack_pending=10_000,
        )

        async def create() -> None:
            try:
                await self._js.add_consumer(stream, config)
            except (TimeoutError, NatsError, js_errors.Error) as error:
                raise QueueUnavailable(f"NATS refuses consumer {durable}: {error}") from error

        async def revive() -> None:
            await self.prepare_again()
            await create()

        await create()
        reply = self._client.new_inbox()
        inbox = await self._client.subscribe(
            f"{reply}.*", pending_msgs_limit=0, pending_bytes_limit=0
        )
        address = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        return PullConsumer(self._client, inbox, address, reply, ack_wait, revive)

    async def state(self, stream: str) -> StreamState:
        """Return which messages a stream holds.

        Raises:
            QueueUnavailable: the server does not answer, or has lost the stream.
        """
        try:
            return await self._look_at(stream)
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(
                f"NATS does not show the stream {stream}: {error or 'timeout'}"
            ) from error

    async def _look_at(self, stream: str) -> StreamState:
        info = await self._js.stream_info(stream)
        last = info.state.last_seq
        first = info.state.first_seq if info.state.messages else last + 1
        if stream == JOBS:
            self.jobs_made = str(info.created)
        return StreamState(str(info.created), first, last)

    async def jobs_waiting(self) -> int:
        """Return how many jobs are stored: those that wait and those that workers hold."""
        return await self.stored(JOBS)

    async def jobs_for(self, model: str) -> int:
        """Return how many jobs are stored for the workers of one model."""
        subject = jobs_subject(model)
        subjects = (await self._js.stream_info(JOBS, subjects_filter=subject)).state.subjects
        return (subjects or {}).get(subject, 0)

    async def stored(self, stream: str) -> int:
        """Return how many messages a stream holds."""
        return (await self._js.stream_info(stream)).state.messages

    async def readdress_jobs(self, model: str, bot_id: int) -> None:
        """Move the jobs of one bot that wait for another model to the workers of `model`.

        A failure is logged: those jobs go on waiting for a worker of their model.
        """
        try:
            moved = await readdress(self._js, model, results_subject(bot_id))
        except (TimeoutError, NatsError, js_errors.Error) as error:
            log.warning(
                "Jobs that wait for another model could not be moved: %s", error or "no answer"
            )
            return
        if moved:
            log.info("%d jobs that waited for another model now wait for %s.", moved, model)

    async def answer_model(self, model: str) -> None:
        """Answer workers that ask for the bot's model, from now on."""
        await models_asked.answer(self._client, model)

    async def models_asked(self) -> set[str]:
        """Return the models of all bots that answer within a second."""
        return await models_asked.ask(self._client)

    async def subscribe(self, subject: str, handle: Callable[[bytes], Awaitable[None]]) -> None:
        """Call `handle` with a copy of each message from now on; the stream keeps the message.

        Messages that are published while the connection is lost are missed.
        """

        async def on_message(message: Msg) -> None:
            await handle(message.data)

        await self._client.subscribe(subject, cb=on_message)

    async def tell_status(self, status: WorkerStatus) -> None:
        """Store a worker's status for `STATUS_TTL` seconds; lost if the server is away."""
        await self._prepared_statuses.tell(status)

    async def workers(self) -> list[WorkerStatus]:
        """Return the workers that told their status in the last `STATUS_TTL` seconds."""
        return await self._prepared_statuses.all()

    async def forget_worker(self, worker: str) -> None:
        """Remove the status of a worker that stops."""
        if self._statuses is not None:
            await self._statuses.forget(worker)

    @property
    def _prepared_statuses(self) -> StatusBucket:
        if self._statuses is None:
            raise RuntimeError("prepare() comes first")
        return self._statuses

    async def close(self) -> None:
        """Send what is buffered, acknowledgements included, and disconnect."""
        # nats-py also writes to a closed socket: OSError, or RuntimeError with uvloop.
        gone = (NatsError, OSError, RuntimeError)
        with contextlib.suppress(*gone, asyncio.TimeoutError):
            await self._client.flush(timeout=2)
        with contextlib.suppress(*gone):
            await self._client.close()


async def connect(url: str, *, name: str, timeout: float = 20.0) -> Queue:
    """Connect to NATS_URL and stay connected; arguments and errors as of `open_client`."""
    return Queue(await open_client(url, name=name, timeout=timeout))

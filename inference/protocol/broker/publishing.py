"""Storing messages in JetStream, and what keeps one from being stored."""

import asyncio
import contextlib

from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js import errors as js_errors

from inference.protocol.broker import write_checks
from inference.protocol.broker.streams import ALL_STREAMS, JOBS
from inference.protocol.errors import MessageTooLarge, NoStream, QueueFull, QueueUnavailable

# JetStream has one code for everything that keeps a message from being stored; its text differs.
_STORE_FAILED = 10_077
_FULL = {"maximum messages exceeded", "maximum bytes exceeded"}
_TOO_LARGE = "message too large"
# 10054 "message size exceeds maximum allowed": the stream's own limit for a message.
# 10097 "header size exceeds maximum allowed of 64k": the header holds the message's id.
_EXCEED_MAXIMUM = {10_054, 10_097}
# A message of at least this many bytes is sent alone. On the way it blocks everything else that
# this client sends; several at once would delay each other, and the checks of the queue, too long.
_LARGE = 2**20


class Publisher:
    """A publisher that remembers which streams did not store their last message."""

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js
        self._suspects: set[str] = set()
        self._large = asyncio.Lock()

    @property
    def unstored(self) -> frozenset[str]:
        """Streams that did not store the last message for them."""
        return frozenset(self._suspects)

    async def publish(self, subject: str, data: bytes, message_id: str, timeout: float) -> int:
        """Store a message, as `Queue.publish` says; `timeout` is in seconds."""
        stream = write_checks.stream_of(subject) or ""
        turn = self._large if len(data) >= _LARGE else contextlib.nullcontext()
        try:
            async with turn:
                number = await self._publish(subject, data, message_id, timeout)
        except (QueueFull, MessageTooLarge):
            raise
        except QueueUnavailable:
            self._suspects.add(stream)
            raise
        self._suspects.discard(stream)
        return number

    async def _publish(self, subject: str, data: bytes, message_id: str, timeout: float) -> int:
        try:
            stored = await self._js.publish(
                subject, data, timeout=timeout, headers={"Nats-Msg-Id": message_id}
            )
        except js_errors.APIError as error:
            raise _refusal(error, len(data)) from error
        except js_errors.NoStreamResponseError as error:
            raise NoStream(f"NATS has no stream for {subject}") from error
        except MaxPayloadError as error:
            raise MessageTooLarge(_too_large(len(data))) from error
        except (TimeoutError, NatsError, js_errors.Error) as error:
            raise QueueUnavailable(f"NATS did not answer: {error or 'timeout'}") from error
        return stored.seq

    async def refused_writes(self) -> dict[str, str]:
        """Return the streams that store nothing, each with the server's reason.

        Writes to all streams but the jobs, whose number is limited: to that stream only if it did
        not store a job lately.
        """
        tried = [name for name in ALL_STREAMS if name != JOBS or JOBS in self._suspects]
        refused = await write_checks.refused_writes(self._js, tried)
        self._suspects = {name for name in self._suspects if name in refused or name not in tried}
        return refused


def _refusal(error: js_errors.APIError, size: int) -> QueueFull | QueueUnavailable:
    """Return why JetStream did not store a message of `size` bytes."""
    if error.err_code == _STORE_FAILED and error.description in _FULL:
        return QueueFull("the queue is full")
    if error.err_code in _EXCEED_MAXIMUM or error.description == _TOO_LARGE:
        return MessageTooLarge(_too_large(size))
    return QueueUnavailable(f"NATS did not store a message: {error.description or error}")


def _too_large(size: int) -> str:
    return f"NATS stores no message of {size / 2**20:.1f} MB"

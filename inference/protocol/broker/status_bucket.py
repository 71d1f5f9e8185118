"""The status of every worker, in a key-value bucket whose entries expire."""

import asyncio
import contextlib

import msgspec
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js import errors as js_errors
from nats.js.api import KeyValueConfig
from nats.js.kv import KeyValue

from inference.protocol.broker.streams import STATUS_TTL, WORKERS_BUCKET
from inference.protocol.messages import WorkerStatus, decode_status, encode

_UNREADABLE = (js_errors.KeyNotFoundError, js_errors.InvalidKeyError, msgspec.DecodeError)
_AWAY = (NatsError, js_errors.Error, asyncio.TimeoutError)


class StatusBucket:
    """The statuses of all workers. Make one with `open`."""

    def __init__(self, bucket: KeyValue) -> None:
        self._bucket = bucket

    @classmethod
    async def open(cls, js: JetStreamContext) -> "StatusBucket":
        """Open the bucket, and create it if there is none; raises what nats-py raises."""
        return cls(await js.create_key_value(KeyValueConfig(bucket=WORKERS_BUCKET, ttl=STATUS_TTL)))

    async def tell(self, status: WorkerStatus) -> None:
        """Store a worker's status for `STATUS_TTL` seconds; lost if the server is away."""
        with contextlib.suppress(*_AWAY):
            await self._bucket.put(status.worker, encode(status))

    async def all(self) -> list[WorkerStatus]:
        """Return all statuses that can be read.

        A status that can't be read, for example from a newer clipbot, hides no other.
        """
        found = []
        with contextlib.suppress(js_errors.NoKeysError):
            for key in await self._bucket.keys():
                with contextlib.suppress(*_UNREADABLE):
                    found.append(decode_status((await self._bucket.get(key)).value or b""))
        return found

    async def forget(self, worker: str) -> None:
        """Remove a worker that stops."""
        with contextlib.suppress(*_AWAY):
            await self._bucket.delete(worker)

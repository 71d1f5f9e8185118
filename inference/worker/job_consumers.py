"""A worker's two consumers: jobs of its model, and jobs that name none, as an older bot's."""

import time

from inference.protocol.broker.client import JOBS, Queue, jobs_consumer, jobs_subject
from inference.protocol.broker.pull_consumer import Delivery, PullConsumer

# Seconds between looks at the consumer that had no jobs lately.
_LOOK_EVERY = 1.0


class JobConsumers:
    """Takes from both as from one. Make one with `open`."""

    def __init__(self, named: PullConsumer, nameless: PullConsumer) -> None:
        self._busy, self._quiet = named, nameless
        self._looked = 0.0

    @classmethod
    async def open(cls, queue: Queue, model: str, ack_wait: float) -> "JobConsumers":
        """Opens the consumers that all workers of `model` share, and all of any model.

        Raises:
            QueueUnavailable: the server refuses.
        """
        named, nameless = [
            await queue.pull_consumer(
                JOBS, jobs_consumer(name), jobs_subject(name), ack_wait=ack_wait
            )
            for name in (model, "")
        ]
        return cls(named, nameless)

    async def pull(self, limit: int, wait: float) -> list[Delivery]:
        """Up to `limit` jobs, as `PullConsumer.pull`: it lingers where jobs came from lately."""
        taken = await self._busy.pull(limit, 0.0)
        due = time.monotonic() - self._looked >= _LOOK_EVERY
        if len(taken) < limit and (due or (wait and not taken)):
            self._looked = time.monotonic()
            others = await self._quiet.pull(limit - len(taken), 0.0)
            if others and not taken:
                self._busy, self._quiet = self._quiet, self._busy
            taken += others
        if taken or not wait:
            return taken
        return await self._busy.pull(limit, wait)

    async def close(self) -> None:
        """Stops listening."""
        await self._busy.close()
        await self._quiet.close()

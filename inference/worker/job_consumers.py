"""A worker's two consumers: jobs for its model, and jobs of older bots, which name no model."""

import time

from inference.protocol.broker.client import JOBS, Queue, jobs_consumer, jobs_subject
from inference.protocol.broker.pull_consumer import Delivery, PullConsumer

# How often to ask the consumer that had no jobs lately.
_QUIET_INTERVAL = 1.0  # seconds


class JobConsumers:
    """Both consumers, pulled as if they were one. Make one with `open`."""

    def __init__(self, named: PullConsumer, nameless: PullConsumer) -> None:
        self._busy, self._quiet = named, nameless
        self._asked_quiet_at = 0.0

    @classmethod
    async def open(cls, queue: Queue, model: str, ack_wait: float) -> "JobConsumers":
        """Open the consumer that all workers of `model` share, and the one that all workers share.

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
        """Return up to `limit` jobs, as `PullConsumer.pull`.

        It waits only for the consumer that had jobs lately.
        """
        taken = await self._busy.pull(limit, 0.0)
        due = time.monotonic() - self._asked_quiet_at >= _QUIET_INTERVAL
        if len(taken) < limit and (due or (wait and not taken)):
            self._asked_quiet_at = time.monotonic()
            others = await self._quiet.pull(limit - len(taken), 0.0)
            if others and not taken:
                self._busy, self._quiet = self._quiet, self._busy
            taken += others
        if taken or not wait:
            return taken
        return await self._busy.pull(limit, wait)

    async def close(self) -> None:
        """Stop receiving."""
        await self._busy.close()
        await self._quiet.close()

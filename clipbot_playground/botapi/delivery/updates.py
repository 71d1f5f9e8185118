"""The queue of updates that the bot has not confirmed yet, and getUpdates.

An update stays in the queue until a later call names a higher offset, or the webhook answers 2xx.
So a bot that is killed while it polls gets its updates again.
"""

import asyncio
import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from clipbot_playground.botapi.delivery.notifier import Notifier
from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.errors import ConflictError

# "Specify an empty list to receive all update types except chat_member, message_reaction, and
# message_reaction_count (default)." (getUpdates)
_NOT_BY_DEFAULT: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_FIRST_ID: Final = 700_000_001


@dataclass(frozen=True, slots=True)
class Update:
    """An update. `payload` is the object under the key `type`, as it was when it was queued."""

    update_id: int
    type: str
    payload: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"update_id": self.update_id, self.type: self.payload}


@dataclass(slots=True, eq=False)
class _Poll:
    """A getUpdates that waits. `interrupted_by` is the error that ends it early."""

    interrupted_by: ConflictError | None = None


@dataclass(slots=True)
class UpdateQueue:
    """Updates, oldest first.

    Attributes:
        allowed: the types that are queued; None stands for the default ones.
        webhook_url: where updates go instead; "" without a webhook.
        closed: whether the server is stopping.
    """

    notifier: Notifier
    allowed: frozenset[str] | None = None
    webhook_url: str = ""
    closed: bool = False
    _pending: list[Update] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(_FIRST_ID))
    _poll: _Poll | None = None

    @property
    def pending(self) -> tuple[Update, ...]:
        """The updates that the bot has not confirmed."""
        return tuple(self._pending)

    @property
    def is_polled(self) -> bool:
        """Whether a getUpdates is waiting."""
        return self._poll is not None

    def allow(self, types: Collection[str]) -> None:
        """Queue only these types from now on; an empty collection stands for the default ones."""
        self.allowed = frozenset(types) or None

    def push(self, kind: str, payload: dict[str, Any]) -> None:
        """Queue an update if its type is allowed."""
        wanted = kind not in _NOT_BY_DEFAULT if self.allowed is None else kind in self.allowed
        if wanted:
            self._pending.append(Update(next(self._ids), kind, payload))
            self.notifier.notify()

    def confirm(self, below: int) -> None:
        """Forget all updates with an id lower than `below`."""
        self._pending = [update for update in self._pending if update.update_id >= below]
        self.notifier.notify()

    def drop_pending(self) -> None:
        """Forget all updates."""
        self._pending.clear()
        self.notifier.notify()

    def interrupt(self, reason: str) -> None:
        """End the waiting getUpdates, if there is one, with status 409."""
        if self._poll is not None:
            self._poll.interrupted_by = ConflictError(reason)
            self.notifier.notify()

    def close(self) -> None:
        """End the waiting getUpdates: the server stops."""
        self.closed = True
        self.notifier.notify()

    async def poll(self, offset: int, limit: int, timeout: float) -> list[Update]:
        """Return what getUpdates gives, after up to `timeout` seconds for the first update.

        Raises:
            ConflictError: a webhook is set, or another getUpdates began meanwhile.
        """
        if self.webhook_url:
            raise ConflictError(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        self.interrupt(
            "terminated by other getUpdates request; "
            "make sure that only one bot instance is running"
        )
        if offset < 0:
            self._pending = self._pending[offset:]
        else:
            self.confirm(offset)
        poll = self._poll = _Poll()
        self.notifier.notify()

        def ready() -> bool | None:
            return True if poll.interrupted_by or self._pending or self.closed else None

        try:
            if timeout:
                await self.notifier.until(ready, within=timeout)
            else:
                await asyncio.sleep(0)
        except TimeoutError:
            return []
        finally:
            if self._poll is poll:
                self._poll = None
                self.notifier.notify()
        if poll.interrupted_by is not None:
            raise poll.interrupted_by
        return self._pending[: min(limit, limits.UPDATES_PER_POLL)]

"""Faults on demand: flood limits, gateway errors, lost connections."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

Drop = Literal["before", "after"]


@dataclass(slots=True)
class InjectedFault:
    """What goes wrong with the next `times` calls of a method.

    Attributes:
        status: the HTTP status to answer, such as 429 or 502, without executing the call; 0 if
            the connection is dropped.
        retry_after: seconds in the answer, for status 429.
        description: the answer's description, such as "Bad Request: TOPIC_CLOSED"; with "" it is
            the phrase of the status.
        migrate_to_chat_id: the new id in the answer, as for a group that became a supergroup.
        drop: close the connection without an answer, before or after the call is executed.
    """

    method: str
    status: int
    retry_after: int | None
    drop: Drop | None
    times: int
    description: str = ""
    migrate_to_chat_id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the answer's body."""
        reason = HTTPStatus(self.status).phrase
        answer: dict[str, Any] = {"ok": False, "error_code": self.status}
        answer["description"] = self.description or reason
        if self.retry_after is not None:
            answer["description"] = self.description or f"{reason}: retry after {self.retry_after}"
            answer["parameters"] = {"retry_after": self.retry_after}
        if self.migrate_to_chat_id is not None:
            answer["parameters"] = {"migrate_to_chat_id": self.migrate_to_chat_id}
        return answer


@dataclass(slots=True)
class FaultInjector:
    """The faults that have not happened yet, in the order of `next`."""

    _waiting: list[InjectedFault] = field(default_factory=list)

    def next(
        self,
        method: str,
        *,
        status: int = 0,
        retry_after: int | None = None,
        drop: Drop | None = None,
        times: int = 1,
        description: str = "",
        migrate_to_chat_id: int | None = None,
    ) -> InjectedFault:
        """Let the next `times` calls of a method fail.

        Args:
            method: "*" stands for any method, "file" for a download.

        Raises:
            ValueError: neither a status nor a drop was given, or both.
        """
        if (status == 0) == (drop is None):
            raise ValueError("a fault is either a status or a drop")
        if status == HTTPStatus.TOO_MANY_REQUESTS and retry_after is None:
            retry_after = 1
        fault = InjectedFault(
            method.lower(), status, retry_after, drop, times, description, migrate_to_chat_id
        )
        self._waiting.append(fault)
        return fault

    def take(self, method: str) -> InjectedFault | None:
        """Return the fault for this call, if there is one, and count it."""
        for fault in self._waiting:
            if fault.method in {"*", method.lower()}:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()

"""Faults on demand: flood limits, broken gateways, lost connections."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

Drop = Literal["before", "after"]


@dataclass(slots=True)
class InjectedFault:
    """How the next `times` calls of a method go wrong.

    Attributes:
        status: HTTP status to answer without carrying the call out, e.g. 429 or 502; 0 for none.
        retry_after: seconds, told to the bot with 429.
        description: what the answer says, e.g. "Bad Request: TOPIC_CLOSED"; "": the status's.
        migrate_to_chat_id: told to the bot, as for a group that became a supergroup.
        drop: close the connection without an answer, before or after carrying the call out.
    """

    method: str
    status: int
    retry_after: int | None
    drop: Drop | None
    times: int
    description: str = ""
    migrate_to_chat_id: int | None = None

    def to_json(self) -> dict[str, Any]:
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
    """The faults that are still to come, in the order in which they were asked for."""

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
        """Spoil the next `times` calls of a method; "*" means any, "file" a download.

        Raises:
            ValueError: neither a status nor a drop, or both.
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
        """The fault for this call, used up once more."""
        for fault in self._waiting:
            if fault.method in {"*", method.lower()}:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self._waiting.clear()

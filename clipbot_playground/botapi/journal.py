"""What happened on the wire: every call, and every call that a right bot would not make."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clipbot_playground.botapi.delivery.notifier import Notifier


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was answered.

    Attributes:
        method: as Telegram spells it; "file" for a download.
        parameters: JSON values decoded; an uploaded file as its name and size in bytes.
        status: HTTP status; 0 when the connection was dropped on purpose.
        at: when it was answered, seconds since 1970.
        seconds: how long the answer took.
        size: bytes of the request's body, or of the file for a download.
        description: Telegram's complaint, "" when the call went well.
    """

    method: str
    parameters: dict[str, Any]
    status: int
    at: float
    seconds: float
    size: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """A call that breaks the protocol: refused with 400, or with a parameter nobody knows."""

    method: str
    reason: str
    parameters: dict[str, Any]


@dataclass(slots=True)
class Journal:
    notifier: Notifier
    calls: list[Call] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def note(self, call: Call, *, is_fault: bool = False) -> None:
        """Enters a call.

        Args:
            is_fault: what went wrong was asked for, so the bot did nothing wrong.
        """
        self.calls.append(call)
        is_expected = is_fault or any(text in call.description for text in self._expected)
        if call.status == 400 and not is_expected:
            self.violate(call.method, call.description, call.parameters)
        self.notifier.notify()

    def violate(self, method: str, reason: str, parameters: dict[str, Any]) -> None:
        self.violations.append(Violation(method, reason, parameters))

    @contextlib.contextmanager
    def expecting(self, description: str = "") -> Iterator[None]:
        """Within this block, a 400 whose description holds this text is no violation."""
        self._expected.append(description)
        try:
            yield
        finally:
            self._expected.remove(description)

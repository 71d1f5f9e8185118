"""Every call of the bot, and those that break the protocol."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clipbot_playground.botapi.delivery.notifier import Notifier


@dataclass(frozen=True, slots=True)
class Call:
    """A call and how it was answered.

    Attributes:
        method: in Telegram's spelling; "file" for a download.
        parameters: with JSON values decoded; an uploaded file is its name and size in bytes.
        status: HTTP status; 0 when the connection was dropped on purpose.
        at: Unix time of the answer.
        seconds: duration of the call.
        size: bytes of the request's body; for a download, of the file.
        description: of the error, in Telegram's words; "" when the call succeeded.
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
    """A call that breaks the protocol: refused with 400, or with an unknown parameter."""

    method: str
    reason: str
    parameters: dict[str, Any]


@dataclass(slots=True)
class Journal:
    """All calls and violations since the server's start, oldest first."""

    notifier: Notifier
    calls: list[Call] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def note(self, call: Call, *, is_fault: bool = False) -> None:
        """Add a call.

        Args:
            is_fault: whether it failed on demand, so that the bot is not to blame.
        """
        self.calls.append(call)
        is_expected = is_fault or any(text in call.description for text in self._expected)
        if call.status == 400 and not is_expected:
            self.violate(call.method, call.description, call.parameters)
        self.notifier.notify()

    def violate(self, method: str, reason: str, parameters: dict[str, Any]) -> None:
        """Add a violation."""
        self.violations.append(Violation(method, reason, parameters))

    @contextlib.contextmanager
    def expecting(self, description: str = "") -> Iterator[None]:
        """Accept, within this block, status 400 with this text in its description."""
        self._expected.append(description)
        try:
            yield
        finally:
            self._expected.remove(description)

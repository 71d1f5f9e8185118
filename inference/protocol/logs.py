"""Logging for bot and worker: one line per record, as text or JSON, without secrets."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, TextIO

HIDDEN = "•••"

# Libraries that log too much at INFO. httpx logs every URL; the model hub's client uses it, since
# its version 2.0 under the name httpx2.
_CHATTY = (
    "alembic",
    "httpx",
    "httpx2",
    "httpcore",
    "apscheduler",
    "asyncio",
    "urllib3",
    "filelock",
    "PIL",
    "matplotlib",
)


class _Redacting(logging.Formatter):
    """A formatter that replaces secrets in the finished text, traceback included.

    A secret can come from an argument, an exception or a URL: the finished text has all of them.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._secrets = sorted((s for s in secrets if s), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = self.render(record)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def render(self, record: logging.LogRecord) -> str:
        return super().format(record)


class _Json(_Redacting):
    """A formatter of JSON lines. The names of the fields must not change.

    python-json-logger (4.2, measured in December 2026) would not be shorter here, because it needs
    settings for the names and the time; and it costs 8 ms and 1.3 MB in each process.
    """

    def render(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def configure(
    level: str,
    style: Literal["text", "json"] = "text",
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Write all log records to standard error, with every secret replaced.

    Args:
        level: LOG_LEVEL; libraries that log too much stay at WARNING.
        secrets: texts that a log must never show: the bot's token, passwords, webhook secrets.
        stream: written to instead of standard error.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json(secrets) if style == "json" else _Redacting(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)

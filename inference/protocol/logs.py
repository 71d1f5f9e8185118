"""Logging for bot and worker: one line a record, as text or JSON, with secrets blotted out."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, TextIO

HIDDEN = "•••"

# httpx logs every URL at INFO, and the hub's client speaks it, since its 2.0 as httpx2.
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
    """Formats a record, traceback included, then blots secrets out of the finished text.

    The finished text, since a secret may come from arguments, exception texts or URLs alike.
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
    """Sends all records to standard error, with every secret replaced.

    Args:
        level: of clipbot's own loggers; chatty libraries stay at WARNING.
        secrets: texts that must never be seen: the bot's token, passwords, webhook secrets.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json(secrets) if style == "json" else _Redacting(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)

"""Telegram's messages, as JSON and as PTB reads them."""

from typing import Any

from telegram import Message

ALICE = {"id": 7, "is_bot": False, "first_name": "Alice", "language_code": "en"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Alice"}


def message(**fields: Any) -> Message:
    """Return a message of Alice's in private, unless the fields say otherwise."""
    return Message.de_json(
        {"message_id": 1, "date": 1, "chat": PRIVATE, "from": ALICE, **fields}, None
    )


def file(name: str, **fields: Any) -> dict[str, Any]:
    return {"file_id": f"{name}-id", "file_unique_id": f"{name}-unique", "file_size": 10, **fields}


def size(width: int, height: int) -> dict[str, Any]:
    return file(f"{width}x{height}", width=width, height=height)

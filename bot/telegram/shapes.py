"""Cuts the Bot API's objects to what the bot uses, before PTB reads them.

PTB reads all fields, and raises if an object is older or newer than its own Bot API: for example
a poll from last year's server, in a message that is replied to. So fields that the bot does not use
are left out, as are used fields of a wrong type. Fields that only PTB requires are filled in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
# Returns the value as PTB can read it, or None if it is of another kind.
Reader = Callable[[Any], Any]

# For messages without a date; 0 would mean an inaccessible message (Bot API, InaccessibleMessage).
_SOME_TIME = 1
_LATEST = 2**32
_MAX_INTEGER = 2**63
# Content that the bot can't use. It only needs to know that there is some: a dice stands for all
# kinds.
_OTHER_CONTENT = {"dice": {"emoji": "", "value": 1}}
_OTHER_CONTENTS = (
    "audio", "checklist", "contact", "dice", "game", "giveaway", "giveaway_winners", "invoice",
    "live_photo", "location", "paid_media", "poll", "rich_message", "story", "venue", "voice",
)  # fmt: skip


def text(value: Any) -> str | None:
    """Return a text."""
    return value if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    """Return a number that fits into 64 bits."""
    is_one = isinstance(value, int) and not isinstance(value, bool)
    return value if is_one and -_MAX_INTEGER <= value < _MAX_INTEGER else None


def moment(value: Any) -> int | None:
    """Return Unix seconds."""
    number = integer(value)
    return number if number is not None and 0 <= number < _LATEST else None


def flag(value: Any) -> bool | None:
    """Return True or False; None for all else."""
    return value if isinstance(value, bool) else None


@dataclass(frozen=True)
class Shape:
    """Which fields of an object are kept.

    Attributes:
        needs: without one of these, the whole object is left out.
        fills: PTB requires these, the bot does not; each with a default.
        keeps: these can be missing.
    """

    needs: Mapping[str, Reader] = field(default_factory=dict)
    fills: Mapping[str, tuple[Reader, Any]] = field(default_factory=dict)
    keeps: Mapping[str, Reader] = field(default_factory=dict)

    def __call__(self, value: Any) -> Json | None:
        """Return the object with only these fields; None if it lacks a needed one."""
        if not isinstance(value, dict):
            return None
        found: Json = {}
        for name, reader in self.needs.items():
            if (read := reader(value.get(name))) is None:
                return None
            found[name] = read
        for name, (reader, default) in self.fills.items():
            read = reader(value.get(name))
            found[name] = default if read is None else read
        for name, reader in self.keeps.items():
            if (read := reader(value.get(name))) is not None:
                found[name] = read
        return found


def list_of(shape: Reader) -> Reader:
    """Return a reader of lists: of the items that `shape` can read; None if there are none."""

    def read(value: Any) -> list[Any] | None:
        items = [shape(item) for item in value] if isinstance(value, list) else []
        return [item for item in items if item is not None] or None

    return read


_FILE: dict[str, Reader] = {"file_id": text, "file_unique_id": text}
_SIZED = {"width": (integer, 1), "height": (integer, 1)}
_USER = Shape(
    {"id": integer},
    {"is_bot": (flag, False), "first_name": (text, "")},
    {"last_name": text, "username": text, "language_code": text},
)
_CHAT = Shape(
    {"id": integer, "type": text},
    keeps={"title": text, "username": text, "first_name": text, "is_forum": flag},
)
_PHOTO_SIZE = Shape(_FILE, _SIZED, {"file_size": integer})
_PREVIEWED: dict[str, Reader] = {"thumbnail": _PHOTO_SIZE}
_MEDIA: dict[str, Reader] = {
    "photo": list_of(_PHOTO_SIZE),
    "sticker": Shape(
        _FILE,
        {**_SIZED, "is_animated": (flag, False), "is_video": (flag, False), "type": (text, "")},
        {"file_size": integer, **_PREVIEWED},
    ),
    "document": Shape(
        _FILE,
        keeps={"file_name": text, "mime_type": text, "file_size": integer, **_PREVIEWED},
    ),
    # Of these, the bot needs no more than their kind and their first frame.
    "animation": Shape(_FILE, {**_SIZED, "duration": (integer, 0)}, _PREVIEWED),
    "video": Shape(_FILE, {**_SIZED, "duration": (integer, 0)}, _PREVIEWED),
    "video_note": Shape(_FILE, {"length": (integer, 1), "duration": (integer, 0)}, _PREVIEWED),
}
_ENTITIES = list_of(Shape({"type": text, "offset": integer, "length": integer}))
_KEYBOARD = Shape(
    {
        "inline_keyboard": list_of(
            list_of(Shape(fills={"text": (text, "")}, keeps={"callback_data": text}))
        )
    }
)
_DATED = {"date": (moment, _SOME_TIME)}
_ORIGINS = {
    "user": Shape({"type": text, "sender_user": _USER}, _DATED),
    "hidden_user": Shape({"type": text}, {**_DATED, "sender_user_name": (text, "")}),
    "chat": Shape({"type": text, "sender_chat": _CHAT}, _DATED),
    "channel": Shape({"type": text, "chat": _CHAT, "message_id": integer}, _DATED),
}


def _origin(value: Any) -> Json | None:
    """Return where a forwarded message came from, also if that is of an unknown kind."""
    if not isinstance(value, dict):
        return None
    shape = _ORIGINS.get(text(value.get("type")) or "")
    return (shape(value) if shape else None) or {"type": "", "date": _SOME_TIME}


_EXTERNAL_REPLY = Shape(
    fills={"origin": (_origin, {"type": "", "date": _SOME_TIME})},
    keeps={"chat": _CHAT, "message_id": integer, "has_media_spoiler": flag, **_MEDIA},
)
_MESSAGE = Shape(
    {"message_id": integer, "chat": _CHAT},
    _DATED,
    {
        "from": _USER,
        "sender_chat": _CHAT,
        "via_bot": _USER,
        "edit_date": moment,
        "text": text,
        "entities": _ENTITIES,
        "caption": text,
        "caption_entities": _ENTITIES,
        **_MEDIA,
        "has_media_spoiler": flag,
        "media_group_id": text,
        "message_thread_id": integer,
        "is_topic_message": flag,
        "is_automatic_forward": flag,
        "migrate_to_chat_id": integer,
        "forward_origin": _origin,
        "external_reply": _EXTERNAL_REPLY,
        "reply_markup": _KEYBOARD,
    },
)


def message(value: Any) -> Json | None:
    """Return what the bot needs of a `Message`, and of the one that it replies to."""
    found = _alone(value)
    if found is not None and (replied_to := _alone(value.get("reply_to_message"))) is not None:
        found["reply_to_message"] = replied_to
    return found


def _alone(value: Any) -> Json | None:
    found = _MESSAGE(value)
    if found is None or any(name in found for name in _MEDIA):
        return found
    has_other = any(value.get(name) for name in (*_OTHER_CONTENTS, *_MEDIA))
    return found | _OTHER_CONTENT if has_other else found


_ANY_MEMBER = Shape({"user": _USER, "status": text}, keeps={"is_member": flag})


def _member(value: Any) -> Json | None:
    """Return a member as `member` or `left`; PTB requires more fields for other kinds."""
    found = _ANY_MEMBER(value)
    if found is None:
        return None
    # Who is restricted may be in the chat or not (Bot API, ChatMemberRestricted).
    is_out = found["status"] in {"left", "kicked"} or found.get("is_member") is False
    return {"user": found["user"], "status": "left" if is_out else "member"}


_UPDATE = Shape(
    {"update_id": integer},
    keeps={
        "message": message,
        "edited_message": message,
        "callback_query": Shape(
            {"id": text, "from": _USER},
            {"chat_instance": (text, "")},
            {"message": message, "data": text},
        ),
        "inline_query": Shape({"id": text, "from": _USER, "query": text}, {"offset": (text, "")}),
        "my_chat_member": Shape(
            {"chat": _CHAT, "from": _USER, "old_chat_member": _member, "new_chat_member": _member},
            {"date": (moment, _SOME_TIME)},
        ),
    },
)


def update(value: Any) -> Json | None:
    """Return what the bot needs of an `Update`; without content if it is of an unknown kind."""
    return _UPDATE(value)


_WHOSE = Shape(keeps={"id": integer})
_LANE = Shape(keeps={"chat": _WHOSE, "from": _WHOSE, "message": Shape(keeps={"chat": _WHOSE})})


def chat_and_person(value: Any, kinds: Iterable[str]) -> tuple[int | None, int | None] | None:
    """Return the ids of the chat and the person of an update; None for other kinds of updates.

    Without a person for changes of the bot's membership, which a chat must get in order.
    """
    content = next((found for kind in kinds if (found := _LANE(value.get(kind)))), None)
    if content is None:
        return None
    chat, person = content.get("message", content).get("chat", {}), content.get("from", {})
    return chat.get("id"), None if "my_chat_member" in value else person.get("id")


# What the bot reads of answers, by method. Of a sent message that is only its id.
_SENT = Shape({"message_id": integer, "chat": _CHAT}, _DATED)
_ADMINISTRATORS = list_of(
    # As plain members: PTB's administrators require a field for each right.
    Shape({"user": _USER}, {"status": (lambda _: None, "member")})
)
_ANSWERS: dict[str, Reader] = {
    "sendmessage": _SENT,
    "sendphoto": _SENT,
    "senddocument": _SENT,
    "editmessagetext": _SENT,
    "editmessagemedia": _SENT,
    "getchatadministrators": _ADMINISTRATORS,
}


def is_cut(method: str) -> bool:
    """Return whether `answer` leaves out part of a method's result."""
    return method.lower() in _ANSWERS


def answer(method: str, result: Any) -> Any:
    """Return what the bot needs of a method's result; all of it if it can't be read."""
    reader = _ANSWERS.get(method.lower())
    read = reader(result) if reader else None
    return result if read is None else read

"""Objects of unknown, older or broken shape: unused fields can't fail a message."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Message, Update

from bot.telegram import shapes
from bot.telegram.incoming import ALLOWED_UPDATES, command_in
from tests.bot.telegram.messages import ALICE, PRIVATE, file, size
from tests.playground.botapi.specification import needs_specification, specification

# What the bot reads of a message; all else may be anything.
USED = {
    "message_id", "date", "edit_date", "chat", "from", "sender_chat", "via_bot", "text", "entities",
    "caption", "caption_entities", "photo", "sticker", "document", "animation", "video",
    "video_note", "media_group_id", "message_thread_id", "is_topic_message",
    "is_automatic_forward", "migrate_to_chat_id", "forward_origin", "external_reply",
    "reply_markup", "reply_to_message", "has_media_spoiler",
}  # fmt: skip
ODD: list[Any] = [None, True, 7, -1.5, 10**30, "x", [], {}, [None], [[{}]], {"id": {}}, [{"x": 1}]]
# Telegram's polls before Bot API 9.6 had no `allows_revoting`, on which PTB insists.
OLD_POLL = {
    "id": "1", "question": "?", "options": [{"text": "a", "voter_count": 0}], "type": "regular",
    "is_closed": False, "total_voter_count": 0, "is_anonymous": True,
    "allows_multiple_answers": True,
}  # fmt: skip


def a_photo(**fields: Any) -> dict[str, Any]:
    """Return a photo of Alice's in private with the caption `/classify a, b`."""
    return {
        "message_id": 5,
        "date": 1_700_000_000,
        "chat": PRIVATE,
        "from": ALICE,
        "photo": [size(90, 60), size(900, 600)],
        "caption": "/classify a, b",
        "caption_entities": [{"type": "bot_command", "offset": 0, "length": 9}],
        **fields,
    }


def parsed(message: dict[str, Any], kind: str = "message") -> Message:
    raw = json.loads(json.dumps({"update_id": 1, kind: message}))
    found = Update.de_json(shapes.update(raw) or {}, None).effective_message
    assert isinstance(found, Message)
    return found


def is_understood(message: Message) -> bool:
    command, _ = command_in(message, "clip_bot")
    return (
        command is not None
        and command.argument == "a, b"
        and [one.width for one in message.photo] == [90, 900]
        and message.from_user is not None
        and message.from_user.language_code == "en"
    )


def instance(kind: str, depth: int = 0) -> Any:
    """Return the smallest object that the specification allows."""
    if kind.startswith("Array of "):
        return [instance(kind.removeprefix("Array of "), depth)]
    simple: dict[str, Any] = {
        "Integer": 1,
        "Float": 1.0,
        "String": "x",
        "Boolean": True,
        "True": True,
    }
    if kind in simple:
        return simple[kind]
    described = specification()["types"][kind]
    if subtypes := described.get("subtypes"):
        return instance(subtypes[0], depth)
    needed = [one for one in described.get("fields", []) if one["required"]]
    return {one["name"]: instance(one["types"][0], depth + 1) for one in needed if depth < 4}


def spoiled(value: Any) -> list[Any]:
    """Return the object as older, newer or broken servers may send it."""
    if isinstance(value, list):
        return [value, *([one] for one in spoiled(value[0]))]
    if not isinstance(value, dict):
        return ODD
    without = [{k: v for k, v in value.items() if k != name} for name in value]
    strange = [value | {name: {"type": "unheard of"}} for name in value]
    return [value, value | {"type": "unheard of", "status": "?", "new": [1]}, *without, *strange]


@needs_specification
def test_no_field_that_is_not_used_can_fail_a_message() -> None:
    fields = {one["name"]: one for one in specification()["types"]["Message"]["fields"]}
    assert set(fields) >= USED - {"message_id"}
    for name in fields.keys() - USED:
        for value in [*ODD, *spoiled(instance(fields[name]["types"][0]))]:
            replied_to = {"message_id": 4, "date": 1, "chat": PRIVATE, name: value}
            message = parsed(a_photo(reply_to_message=replied_to, **{name: value}))
            assert is_understood(message), (name, value)
            assert message.reply_to_message
            assert message.reply_to_message.message_id == 4


@needs_specification
@pytest.mark.parametrize("kind", ["Chat", "User", "PhotoSize", "MessageEntity"])
def test_no_unknown_field_of_a_used_object_can_fail_a_message(kind: str) -> None:
    where = {
        "Chat": "chat",
        "User": "from",
        "PhotoSize": "photo",
        "MessageEntity": "caption_entities",
    }
    used: Any = a_photo()[where[kind]]
    names = {one["name"] for one in specification()["types"][kind]["fields"]}
    extra = names - set(used[0] if isinstance(used, list) else used)
    for name in extra | {"something_new"}:
        for value in ODD:
            wider = (
                [one | {name: value} for one in used]
                if isinstance(used, list)
                else used | {name: value}
            )
            assert is_understood(parsed(a_photo(**{where[kind]: wider}))), (name, value)


@pytest.mark.parametrize("name", sorted(USED - {"message_id", "chat"}))
def test_an_optional_field_of_the_wrong_kind_is_as_good_as_none(name: str) -> None:
    for value in ODD:
        assert parsed(a_photo(**{name: value})).message_id == 5


def test_a_photo_in_reply_to_a_poll_of_an_older_server() -> None:
    replied_to = {"message_id": 4, "date": 1, "chat": PRIVATE, "poll": OLD_POLL}
    message = parsed(a_photo(reply_to_message=replied_to))
    assert is_understood(message)
    assert message.reply_to_message
    assert message.reply_to_message.effective_attachment  # something, if nothing that we look at


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("photo", {"width": None}),
        ("sticker", {"type": "hologram"}),
        ("document", {"thumbnail": 7}),
        ("video", {"duration": "long", "qualities": [{}]}),
        ("video_note", {}),
        ("animation", {"cover": 7}),
    ],
)
def test_a_file_is_known_by_its_ids_alone(kind: str, fields: dict[str, Any]) -> None:
    it = file("a", **fields)
    message = parsed(
        {"message_id": 5, "chat": PRIVATE, "from": ALICE, kind: [it] if kind == "photo" else it}
    )
    found = getattr(message, kind)
    assert (found[0] if kind == "photo" else found).file_id == "a-id"


@pytest.mark.parametrize("content", ["poll", "voice", "checklist", "giveaway", "photo"])
def test_unusable_content_still_counts_as_content(content: str) -> None:
    nothing = {"message_id": 5, "date": 1, "chat": PRIVATE, "from": ALICE}
    assert not parsed(nothing).effective_attachment
    odd = {**nothing, content: {"type": "unheard of"}}
    assert parsed(odd).effective_attachment
    assert not parsed(odd).photo
    again = shapes.message(json.loads(parsed(odd).to_json()))  # as albums keep it
    assert Message.de_json(again or {}, None).effective_attachment


def test_a_forward_of_an_unknown_kind_is_still_a_forward() -> None:
    for origin in ({"type": "unheard of"}, {"type": "user"}, {"type": "channel", "chat": 7}, {}):
        assert parsed(a_photo(forward_origin=origin)).forward_origin
        reply = parsed(a_photo(external_reply={"origin": origin, "photo": [size(9, 9)], "poll": 7}))
        assert reply.external_reply
        assert reply.external_reply.photo
    known = {"type": "user", "date": 7, "sender_user": ALICE}
    assert parsed(a_photo(forward_origin=known)).forward_origin.sender_user.id == 7  # type: ignore[union-attr]


def test_a_press_needs_only_the_person_and_the_data() -> None:
    board = {
        "message_id": 9, "date": 1, "chat": PRIVATE, "poll": OLD_POLL,
        "reply_markup": {"inline_keyboard": [[{"callback_data": "y", "style": 7}, 7], 8]},
    }  # fmt: skip
    query = {"id": "1", "from": ALICE, "data": "y", "message": board, "game_short_name": 7}
    press = Update.de_json(shapes.update({"update_id": 1, "callback_query": query}) or {}, None)
    assert press.callback_query
    assert press.callback_query.data == "y"
    markup = press.callback_query.message.reply_markup  # type: ignore[union-attr]
    assert [[one.callback_data for one in row] for row in markup.inline_keyboard] == [["y"]]


@pytest.mark.parametrize("kind", ["channel_post", "chat_member", "poll", "unheard_of"])
def test_an_update_of_another_kind_is_ignored(kind: str) -> None:
    raw = {"update_id": 1, kind: {"poll": OLD_POLL}}
    assert Update.de_json(shapes.update(raw) or {}, None).effective_message is None


@pytest.mark.parametrize("method", ["sendMessage", "sendPhoto", "editMessageText", "SENDMESSAGE"])
def test_of_a_sent_message_only_the_id_is_read(method: str) -> None:
    sent = {"message_id": 9, "date": 1, "chat": PRIVATE, "reply_to_message": {"poll": OLD_POLL}}
    assert shapes.answer(method, sent) == {"message_id": 9, "date": 1, "chat": PRIVATE}
    assert shapes.answer(method, True) is True
    assert shapes.answer("getFile", sent) is sent


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*sorted(USED), "id", "type", "file_id"]), inner, max_size=6
        )
    ),
    max_leaves=20,
)


@given(_json, st.sampled_from(["message", "edited_message", "callback_query"]))
def test_any_json_is_read_or_left_out(value: Any, kind: str) -> None:
    for whole in (
        value,
        a_photo(reply_to_message=value, chat=value),
        a_photo(external_reply=value),
    ):
        raw = shapes.update({"update_id": 1, kind: whole})
        assert raw is not None
        Update.de_json(raw, None)
        shapes.chat_and_person({"update_id": 1, kind: whole}, ALLOWED_UPDATES)
    shapes.answer("sendMessage", value)
    shapes.update(value)

"""What the bot makes of Telegram's updates, from the JSON that Telegram sends."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from telegram import Bot, Message, User

from bot.platform.incoming import (
    Author,
    ButtonPress,
    ChatKind,
    ChatMoved,
    ChatTopic,
    Command,
    IncomingMessage,
    NotAPicture,
    Picture,
    PictureSize,
    ReferencedMessage,
)
from bot.platform.models import Media, MessageRef
from bot.queues.update_inbox import Update
from bot.telegram.incoming import (
    TelegramUpdateHandler,
    command_in,
    parse_update,
    restore_message,
)
from tests.bot.telegram.messages import ALICE, PRIVATE, file, message, size

GROUP = {"id": -100, "type": "supergroup", "title": "Friends", "is_forum": True}
OURS = {"id": 42, "is_bot": True, "first_name": "clipbot", "username": "clip_bot"}
PHOTO = Picture((PictureSize(Media("90x60-id", "90x60-unique", 10), 60),))


@pytest.fixture(scope="module")
def bot() -> Bot:
    bot = Bot("42:token")
    with bot._unfrozen():
        bot._bot_user = User.de_json(OURS, bot)
    return bot


def update(_kind: str = "message", /, **fields: Any) -> Update:
    content = {"message_id": 1, "date": 60, "chat": PRIVATE, "from": ALICE, **fields}
    return {"update_id": 900, _kind: content}


def parsed(bot: Bot, kind: str = "message", /, **fields: Any) -> IncomingMessage:
    found = parse_update(update(kind, **fields), bot)
    assert isinstance(found, IncomingMessage)
    return found


def forwarded() -> dict[str, Any]:
    return {"type": "user", "date": 1, "sender_user": OURS}


def test_a_captioned_photo(bot: Bot) -> None:
    command = [{"type": "bot_command", "offset": 0, "length": 9}]
    heard = parsed(bot, photo=[size(90, 60)], caption="/classify a, b", caption_entities=command)
    assert heard == IncomingMessage(
        ref=MessageRef(7, 1),
        topic=ChatTopic(ChatKind.PRIVATE, 7, 7),
        author=Author(7, "Alice", language="en"),
        sent_at=datetime.fromtimestamp(60, UTC),
        text="/classify a, b",
        is_caption=True,
        command=Command("classify", "a, b"),
        attachments=(PHOTO,),
        sequence=900,
    )
    assert heard.revision == 0
    assert heard.caption == "/classify a, b"


def test_an_edit_has_a_revision_and_a_command_for_others_is_ignored(bot: Bot) -> None:
    command = [{"type": "bot_command", "offset": 0, "length": 11}]
    heard = parsed(bot, "edited_message", text="/help@other", entities=command, edit_date=61)
    assert (heard.is_edit, heard.revision) == (True, 900)
    assert (heard.command, heard.is_for_another_bot) == (None, True)
    assert (heard.text, heard.caption, heard.is_caption) == ("/help@other", "", False)


def test_answers_stay_in_topics_and_threads_of_replies_are_not_topics(bot: Bot) -> None:
    in_topic = parsed(bot, text="x", chat=GROUP, message_thread_id=4, is_topic_message=True)
    assert in_topic.topic == ChatTopic(ChatKind.GROUP, -100, -100, 4)
    assert in_topic.ref == MessageRef(-100, 1, 4)
    assert parsed(bot, text="x", chat=GROUP, message_thread_id=4).ref == MessageRef(-100, 1, None)


def test_an_anonymous_admin_speaks_as_their_chat(bot: Bot) -> None:
    robot: dict[str, Any] = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    heard = parsed(bot, text="x", chat=GROUP, sender_chat=GROUP, **{"from": robot})
    assert heard.author == Author(-100, "Friends")


def test_an_invisible_name_is_replaced_by_the_last_name(bot: Bot) -> None:
    nameless: dict[str, Any] = {
        **ALICE,
        "first_name": "\u200b",
        "last_name": "Ann",
        "username": "ann",
    }
    assert parsed(bot, text="x", **{"from": nameless}).author == Author(7, "Ann", "ann", "en")


@pytest.mark.parametrize(
    "fields",
    [
        {"from": {"id": 9, "is_bot": True, "first_name": "Bot"}},
        {"chat": {"id": -5, "type": "channel", "title": "C"}},
        {"chat": GROUP, "is_automatic_forward": True},
        {"from": None},
    ],
)
def test_bots_and_channels_are_not_answered(bot: Bot, fields: dict[str, Any]) -> None:
    assert parse_update(update(text="x", **fields), bot) is None


def test_a_group_that_became_a_supergroup_has_moved(bot: Bot) -> None:
    group = {"id": -5, "type": "group", "title": "Friends"}
    moved = update(chat=group, migrate_to_chat_id=-100)
    assert parse_update(moved, bot) == ChatMoved(-5, -100)


def test_service_messages_have_no_content_and_unknown_files_have(bot: Bot) -> None:
    assert not parsed(bot, new_chat_title="Friends").has_content
    assert parsed(bot, text="x").has_content
    voice = parsed(bot, voice=file("v", duration=1))
    assert voice.has_content
    assert voice.attachments == ()


@pytest.mark.parametrize(
    "repeated", [{"forward_origin": forwarded()}, {"via_bot": OURS}, {"from": OURS}]
)
def test_our_own_messages_stay_ours_when_repeated(bot: Bot, repeated: dict[str, Any]) -> None:
    replied_to = {
        "message_id": 5, "date": 1, "chat": PRIVATE, "from": ALICE,
        "photo": [size(90, 60)], **repeated,
    }  # fmt: skip
    heard = parsed(bot, text="a, b", reply_to_message=replied_to)
    assert heard.replies_to == ReferencedMessage(
        MessageRef(7, 5), is_ours=True, attachments=(NotAPicture.OURS,)
    )
    if "from" not in repeated:
        copy = parsed(bot, photo=[size(90, 60)], **repeated)
        assert copy.is_ours
        assert copy.attachments == (NotAPicture.OURS,)


@pytest.mark.parametrize("user_id", [43, 1_087_968_824])  # an admin in the group's name
def test_other_bots_and_admins_without_a_name_show_pictures(bot: Bot, user_id: int) -> None:
    robot = {"id": user_id, "is_bot": True, "first_name": "Robot"}
    replied_to = {
        "message_id": 5, "date": 1, "chat": GROUP, "from": robot, "photo": [size(90, 60)],
    }  # fmt: skip
    heard = parsed(bot, text="/classify a, b", chat=GROUP, reply_to_message=replied_to)
    assert heard.replies_to == ReferencedMessage(MessageRef(-100, 5), attachments=(PHOTO,))


def test_a_message_that_is_quoted_from_another_chat(bot: Bot) -> None:
    origin = {"type": "user", "date": 1, "sender_user": ALICE}
    quoted = {"origin": origin, "photo": [size(90, 60)]}
    heard = parsed(bot, text="a, b", external_reply=quoted)
    assert heard.replies_to == ReferencedMessage(is_elsewhere=True, attachments=(PHOTO,))
    assert [shown.ref for shown in heard.context] == [heard.ref]
    known = {**quoted, "origin": forwarded(), "chat": GROUP, "message_id": 5}
    assert parsed(bot, text="a, b", external_reply=known).replies_to == ReferencedMessage(
        MessageRef(-100, 5), is_elsewhere=True, is_ours=True, attachments=(NotAPicture.OURS,)
    )


def test_a_pressed_button_knows_its_board_and_what_that_replies_to(bot: Bot) -> None:
    photo = {"message_id": 3, "date": 1, "chat": GROUP, "from": ALICE, "photo": [size(90, 60)]}
    board = {
        "message_id": 9, "date": 1, "chat": GROUP, "from": OURS, "text": "Which game?",
        "message_thread_id": 4, "is_topic_message": True, "reply_to_message": photo,
        "reply_markup": {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]},
    }  # fmt: skip
    query = {"id": "17", "from": ALICE, "data": "a", "chat_instance": "1", "message": board}
    found = parse_update({"update_id": 900, "callback_query": query}, bot)
    shown = ReferencedMessage(
        MessageRef(-100, 9, 4), is_ours=True, text="Which game?", buttons=("a",)
    )
    assert found == ButtonPress(
        id="17",
        author=Author(7, "Alice", language="en"),
        data="a",
        topic=ChatTopic(ChatKind.GROUP, -100, -100, 4),
        ref=MessageRef(-100, 9, 4),
        shown=shown,
        replies_to=ReferencedMessage(MessageRef(-100, 3), attachments=(PHOTO,)),
    )
    assert found.handle == "17"
    assert found.context == (shown, found.replies_to)


def test_a_button_under_an_old_message_knows_no_more_than_telegram_tells(bot: Bot) -> None:
    query = {"id": "17", "from": ALICE, "data": "a", "chat_instance": "1"}
    found = parse_update({"update_id": 900, "callback_query": query}, bot)
    assert found == ButtonPress("17", Author(7, "Alice", language="en"), "a")
    assert found.context == ()
    inaccessible = query | {"message": {"message_id": 9, "date": 0, "chat": GROUP}}
    found = parse_update({"update_id": 900, "callback_query": inaccessible}, bot)
    assert isinstance(found, ButtonPress)
    assert found.ref == MessageRef(-100, 9)
    assert found.shown == ReferencedMessage(found.ref)


def test_an_item_of_an_album_is_restored_from_what_was_stored(bot: Bot) -> None:
    fields: dict[str, Any] = {"photo": [size(90, 60)], "caption": "a, b", "media_group_id": "album"}
    item = parsed(bot, "edited_message", **fields)
    assert item.album_id == "album"
    again = restore_message(item.stored, bot)
    assert again is not None
    assert (again.attachments, again.text, again.is_caption) == ((PHOTO,), "a, b", True)
    # The columns of release 0.1 hold Telegram's JSON as PTB writes it.
    early = update(**fields)["message"] | {"edit_date": 61}
    assert restore_message(msgspec.json.encode(early), bot) is not None
    assert restore_message(b"{}", bot) is None


def test_each_person_has_a_lane_in_each_chat(bot: Bot) -> None:
    handler = TelegramUpdateHandler(bot, None)  # type: ignore[arg-type]
    assert handler.lane(update(text="x", chat=GROUP)) == (-100, 7)
    query = {"id": "17", "from": ALICE, "message": {"message_id": 9, "date": 0, "chat": GROUP}}
    assert handler.lane({"update_id": 1, "callback_query": query}) == (-100, 7)
    # Whoever adds and removes the bot: which of it came last must be known.
    change = {"chat": GROUP, "from": ALICE}
    assert handler.lane({"update_id": 1, "my_chat_member": change}) == (-100, None)
    assert handler.lane({"update_id": 1, "poll": {}}) is None


# -- commands in texts and captions ------------------------------------------------------------


def command_of(text: str, *, offset: int = 0, where: str = "text") -> Command | None:
    length = len(text[offset:].split()[0])
    entity = {"type": "bot_command", "offset": offset, "length": length}
    fields: dict[str, Any] = {"text": text, "entities": [entity]}
    if where == "caption":
        fields = {"photo": [size(9, 9)], "caption": text, "caption_entities": [entity]}
    return command_in(message(**fields), "clip_bot")[0]


@pytest.mark.parametrize("where", ["text", "caption"])
@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/labels", "labels", ""),
        ("/labels a dog, a cat", "labels", "a dog, a cat"),
        ("/classify\na dog\na cat", "classify", "a dog\na cat"),
        ("/Classify@Clip_Bot  <a> 🐈 ", "classify", "<a> 🐈"),
    ],
)
def test_name_and_argument_as_typed(where: str, text: str, name: str, argument: str) -> None:
    assert command_of(text, where=where) == Command(name, argument)


def marked(text: str, kind: str, length: int | None = None) -> Message:
    """Return a text marked as `kind`, as Telegram sends it: it marks no commands in code."""
    entities = [{"type": kind, "offset": 0, "length": length or len(text)}]
    if kind not in {"code", "pre", "text_link"}:
        entities.append({"type": "bot_command", "offset": 0, "length": len(text.split()[0])})
    return message(text=text, entities=entities)


@pytest.mark.parametrize(
    "kind",
    ["bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "code", "pre"],
)
@pytest.mark.parametrize("length", [9, None])
def test_a_command_may_be_formatted(kind: str, length: int | None) -> None:
    for text in ("/classify a, b", "/classify@Clip_bot a, b"):
        found = command_in(marked(text, kind, length), "clip_bot")
        assert found == (Command("classify", "a, b"), False)


def test_the_order_of_entities_does_not_matter() -> None:
    heard = marked("/classify a, b", "bold")
    entities = [entity.to_dict() for entity in heard.entities]
    for order in (entities, entities[::-1]):
        caption = {"caption": "/classify a, b", "caption_entities": order}
        found = command_in(message(photo=[size(9, 9)], **caption), "clip_bot")
        assert found == (Command("classify", "a, b"), False)


@pytest.mark.parametrize("text", ["/usr/bin/python", "/a<b", "//", "/", "/ a, b", "/classifyé"])
def test_code_that_is_not_a_command(text: str) -> None:
    assert command_in(marked(text, "code"), "clip_bot") == (None, False)


def test_commands_for_others_and_in_the_middle() -> None:
    assert command_of("/classify@other_bot a, b") is None
    assert command_of("see /help", offset=4) is None
    assert command_in(message(text="no command"), "clip_bot") == (None, False)
    foreign = marked("/classify@other_bot a, b", "code")
    assert command_in(foreign, "clip_bot") == (None, True)
    assert command_in(message(text="/classify a@b, c"), "clip_bot") == (None, False)
    bold = [{"type": "bold", "offset": 0, "length": 5}]
    assert command_in(message(text="/help", entities=bold), "clip_bot") == (None, False)
    assert command_in(message(photo=[size(9, 9)]), "clip_bot") == (None, False)

"""What Telegram checks before it executes a call, with the same errors.

Source of the errors: https://github.com/tdlib/telegram-bot-api (Client.cpp); those in capitals come
from Telegram's servers behind it.
"""

import re
from typing import Any, Final

from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.model import limits, photos
from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.model.content import InlineKeyboardButton, Keyboard, ReplyRequest
from clipbot_playground.botapi.model.entities import (
    ENTITY_TYPES,
    Entity,
    FormattedText,
    finished,
    utf16_length,
)
from clipbot_playground.botapi.model.errors import BadRequestError, ForbiddenError
from clipbot_playground.botapi.model.html_markup import parse_html
from clipbot_playground.botapi.state.world import World

_BUTTON_ACTIONS: Final = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text", "pay",
)  # fmt: skip
_BUTTON_URL: Final = re.compile(r"(https?|tg|ton)://\S+|[\w-]+\.[\w-]\S*")


def chat(world: World, parameters: Parameters, name: str = "chat_id") -> Chat:
    """Return the chat that a call names by number or @username.

    Raises:
        BadRequestError: there is no such chat.
    """
    written = parameters.text(name)
    if not written:
        raise BadRequestError(f"{name} is empty")
    if written.startswith("@"):
        for candidate in world.chats.values():
            if (candidate.username or "").lower() == written[1:].lower():
                return candidate
    found = world.chats.get(parameters.integer(name))
    if found is None:
        raise BadRequestError("chat not found")
    return found


def writable_chat(world: World, parameters: Parameters) -> Chat:
    """Return the chat of a call that writes.

    Raises:
        BadRequestError: there is no such chat.
        ForbiddenError: the bot was blocked or removed, or the person has not started it yet.
    """
    found = chat(world, parameters)
    if found.is_private:
        if found.bot_status == "kicked":
            raise ForbiddenError("bot was blocked by the user")
        if not found.started:
            raise ForbiddenError("bot can't initiate conversation with a user")
    elif found.bot_status == "kicked":
        raise ForbiddenError(f"bot was kicked from the {found.type} chat")
    elif found.bot_status == "left":
        raise ForbiddenError(f"bot is not a member of the {found.type} chat")
    return found


def language_code(parameters: Parameters) -> str:
    """Return the two-letter `language_code` of a call, "" when it is absent."""
    code = parameters.text("language_code")
    if code and not re.fullmatch("[a-z]{2}", code):
        raise BadRequestError("Invalid language code specified")
    return code


def may_send(where: Chat, kind: str) -> None:
    """Check that the bot may send a kind of message, such as "photos", in this chat.

    Raises:
        BadRequestError: only administrators may.
    """
    if kind in where.forbids and where.bot_status != "administrator":
        raise BadRequestError(f"not enough rights to send {kind} to the chat")


def thread(where: Chat, parameters: Parameters) -> int | None:
    """Return the `message_thread_id` of a call. In groups without topics it is ignored.

    Raises:
        BadRequestError: there is no such topic. The general topic must not be named.
    """
    thread_id = parameters.integer("message_thread_id")
    if not thread_id or not (where.is_forum or where.is_private):
        return None
    if thread_id not in where.topics:
        raise BadRequestError("message thread not found")
    return thread_id


def reply(where: Chat, parameters: Parameters, thread_id: int | None) -> Message | None:
    """Return the message of `reply_parameters`.

    Raises:
        BadRequestError: it is not in this chat and thread, and the call does not allow that.
    """
    described = parameters.structure("reply_parameters", "Can't parse reply parameters JSON object")
    if described is None or described == {}:
        return None
    if not isinstance(described, dict):
        raise BadRequestError("Object expected as reply parameters")
    message_id = described.get("message_id")
    if not isinstance(message_id, int):
        raise BadRequestError('Can\'t find field "message_id"')
    found = where.messages.get(message_id)
    if str(described.get("chat_id", where.id)) != str(where.id):
        found = None  # replies across chats are not supported
    if found is not None and thread_id is not None and found.thread_id != thread_id:
        found = None
    if found is None and not described.get("allow_sending_without_reply"):
        raise BadRequestError("message to be replied not found")
    return found


def words(world: World, source: str, parse_mode: str, entities: Any) -> FormattedText:
    """Return text and entities of a text or caption.

    Args:
        entities: decoded `entities` or `caption_entities`; ignored with a parse mode.

    Raises:
        BadRequestError: the HTML is wrong, or the parse mode is not HTML, the only one supported.
    """
    if source and parse_mode.lower() not in {"", "none"}:
        if parse_mode.lower() != "html":
            raise BadRequestError("unsupported parse_mode")
        return finished(*parse_html(source, world.users.get))
    described = entities if isinstance(entities, list) else []  # Telegram ignores anything else
    given = [_entity(world, item) for item in described]
    return finished(source, [entity for entity in given if entity.type in ENTITY_TYPES])


def text(world: World, parameters: Parameters) -> FormattedText:
    """Return the `text` of a call: "1-4096 characters after entities parsing"."""
    source = parameters.text("text")
    if not source:
        raise BadRequestError("Message text is empty")
    entities = parameters.structure("entities", "Can't parse entities JSON object")
    parsed = words(world, source, parameters.text("parse_mode"), entities)
    if not parsed.text:
        raise BadRequestError("Text must be non-empty")
    if utf16_length(parsed.text) > limits.TEXT_LENGTH:
        raise BadRequestError("message is too long")
    return parsed


def caption(world: World, source: str, parse_mode: str, entities: Any) -> FormattedText:
    """Return a caption: "0-1024 characters after entities parsing"."""
    parsed = words(world, source, parse_mode, entities)
    if utf16_length(parsed.text) > limits.CAPTION_LENGTH:
        raise BadRequestError("message caption is too long")
    return parsed


def caption_of(world: World, parameters: Parameters) -> FormattedText:
    """Return the `caption` of a call."""
    entities = parameters.structure("caption_entities", "Can't parse entities JSON object")
    return caption(world, parameters.text("caption"), parameters.text("parse_mode"), entities)


def reply_markup(parameters: Parameters) -> tuple[Keyboard, ReplyRequest | None]:
    """Return the inline keyboard of a call, and the reply that it asks for.

    Custom keyboards are accepted but not kept.
    """
    markup = parameters.structure("reply_markup", "Can't parse reply keyboard markup JSON object")
    if markup is None or markup == "":
        return (), None
    if not isinstance(markup, dict):
        raise BadRequestError("Object expected as reply markup")
    placeholder = str(markup.get("input_field_placeholder") or "")
    if utf16_length(placeholder) > limits.PLACEHOLDER_LENGTH:
        raise BadRequestError("input field placeholder is too long")
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadRequestError(
            'Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
        )
    keyboard = tuple(tuple(_button(button) for button in row) for row in rows if row)
    if sum(map(len, keyboard)) > limits.KEYBOARD_BUTTONS:
        raise BadRequestError("reply markup is too long")
    if markup.get("force_reply") is not True:
        return keyboard, None
    return keyboard, ReplyRequest(placeholder, markup.get("selective") is True)


def inline_keyboard(parameters: Parameters) -> Keyboard:
    """Return the inline keyboard of a call that takes no other kind."""
    keyboard, _ = reply_markup(parameters)
    markup = parameters.structure("reply_markup", "") or {}
    if markup and "inline_keyboard" not in markup:
        raise BadRequestError("Inline keyboard expected")
    return keyboard


def photo(content: bytes) -> None:
    """Check a photo that the bot uploads: that it is a picture, its bytes and its sides."""
    if not content:
        raise BadRequestError("file must be non-empty")
    if len(content) > limits.PHOTO_SIZE:
        raise BadRequestError(
            f"file of size {len(content)} bytes is too big for a photo; "
            f"the maximum size is {limits.PHOTO_SIZE} bytes"
        )
    try:
        width, height = photos.dimensions(content)
    except photos.NotAPhotoError:
        raise BadRequestError("IMAGE_PROCESS_FAILED") from None
    too_long = width + height > limits.PHOTO_SIDES_SUM
    if too_long or max(width, height) > limits.PHOTO_SIDES_RATIO * min(width, height):
        raise BadRequestError("PHOTO_INVALID_DIMENSIONS")


def document(content: bytes) -> None:
    """Check a document that the bot uploads."""
    if not content:
        raise BadRequestError("file must be non-empty")
    if len(content) > limits.UPLOAD_SIZE:
        raise BadRequestError("file is too big")


def _button(described: Any) -> InlineKeyboardButton:
    complaint = "can't parse inline keyboard button: "
    if not isinstance(described, dict):
        raise BadRequestError(f"{complaint}InlineKeyboardButton must be an Object")
    label = described.get("text")
    if not isinstance(label, str):
        raise BadRequestError(f'{complaint}Field "text" must be of type String')
    if not label.strip():
        raise BadRequestError(f"{complaint}Button text must be non-empty")
    actions = [name for name in _BUTTON_ACTIONS if described.get(name) is not None]
    if not actions:
        raise BadRequestError(f"{complaint}Text buttons are unallowed in the inline keyboard")
    action, value = actions[0], described[actions[0]]
    if action == "callback_data":
        size = len(str(value).encode())
        if not limits.CALLBACK_DATA_MIN <= size <= limits.CALLBACK_DATA_MAX:
            raise BadRequestError("BUTTON_DATA_INVALID")
    if action == "url" and not _BUTTON_URL.fullmatch(str(value)):
        raise BadRequestError(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
    return InlineKeyboardButton(label, action, value)


def _entity(world: World, described: Any) -> Entity:
    complaint = "can't parse MessageEntity: "
    if not isinstance(described, dict):
        raise BadRequestError(f"{complaint}expected an Object")
    offset, length = described.get("offset"), described.get("length")
    if not isinstance(offset, int) or not isinstance(length, int):
        raise BadRequestError(f'{complaint}Field "offset" and "length" must be of type Number')
    user = described.get("user")
    return Entity(
        str(described.get("type")),
        offset,
        length,
        described.get("url"),
        world.users.get(user.get("id", 0)) if isinstance(user, dict) else None,
        described.get("language"),
        described.get("custom_emoji_id"),
    )

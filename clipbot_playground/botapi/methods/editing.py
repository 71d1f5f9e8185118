"""Methods that edit and delete messages, and answerCallbackQuery."""

from dataclasses import replace
from typing import Any

from clipbot_playground.botapi.methods import checks, sending
from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.model.content import Content
from clipbot_playground.botapi.model.entities import utf16_length
from clipbot_playground.botapi.model.errors import BadRequestError
from clipbot_playground.botapi.state.world import CallbackAnswer, World

Json = dict[str, Any]


async def edit_message_text(world: World, parameters: Parameters) -> Json:
    words = checks.text(world, parameters)
    message = _own_message(world, parameters)
    if message.content.media is not None:
        raise BadRequestError("there is no text in the message to edit")
    return _edited(world, parameters, message, Content(words))


async def edit_message_caption(world: World, parameters: Parameters) -> Json:
    words = checks.caption_of(world, parameters)
    message = _own_message(world, parameters)
    if message.content.media is None:
        raise BadRequestError("there is no caption in the message to edit")
    above = parameters.boolean("show_caption_above_media")
    content = replace(message.content, words=words, above_media=above)
    return _edited(world, parameters, message, content)


async def edit_message_media(world: World, parameters: Parameters) -> Json:
    described = parameters.structure("media", "Can't parse input media JSON object")
    if described is None:
        raise BadRequestError("Can't parse input media JSON object")
    message = _own_message(world, parameters)
    content = await sending.input_media(world, parameters, described)
    now = content.media.kind if content.media else ""
    checks.may_send(message.chat, f"{now}s")
    before = message.content.media.kind if message.content.media else now
    if message.media_group_id is not None and now != before:
        raise BadRequestError("message media type in an album can't be changed")
    return _edited(world, parameters, message, content)


async def edit_message_reply_markup(world: World, parameters: Parameters) -> Json:
    message = _own_message(world, parameters)
    return _edited(world, parameters, message, message.content)


async def delete_message(world: World, parameters: Parameters) -> bool:
    message = _message(world, parameters, "message to delete")
    may = message.chat.is_private or message.chat.bot_status == "administrator"
    if message.sender.id != world.bot.id and not may:
        raise BadRequestError("message can't be deleted")
    world.delete(message)
    return True


async def answer_callback_query(world: World, parameters: Parameters) -> bool:
    text = parameters.text("text")
    if utf16_length(text) > limits.CALLBACK_ANSWER_LENGTH:
        raise BadRequestError("MESSAGE_TOO_LONG")
    answer = CallbackAnswer(text, parameters.boolean("show_alert"), parameters.text("url"))
    if not world.answer_callback(parameters.text("callback_query_id"), answer):
        raise BadRequestError(
            "query is too old and response timeout expired or query ID is invalid"
        )
    return True


def _message(world: World, parameters: Parameters, what: str) -> Message:
    chat = checks.writable_chat(world, parameters)
    message_id = parameters.integer("message_id")
    if message_id <= 0:
        raise BadRequestError("Message identifier is not specified")
    if (message := chat.messages.get(message_id)) is None:
        raise BadRequestError(f"{what} not found")
    return message


def _own_message(world: World, parameters: Parameters) -> Message:
    if not parameters.text("chat_id"):
        # Inline messages are not supported, so that a call must name a chat.
        raise BadRequestError("Chat identifier is not specified")
    message = _message(world, parameters, "message to edit")
    if message.sender.id != world.bot.id or message.service:
        raise BadRequestError("message can't be edited")
    return message


def _edited(world: World, parameters: Parameters, message: Message, content: Content) -> Json:
    """Apply an edit. Without `reply_markup` the buttons disappear, as on Telegram."""
    keyboard = checks.inline_keyboard(parameters)
    content = replace(content, keyboard=keyboard)
    if _appearance(content) == _appearance(message.content):
        raise BadRequestError(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    world.edit(message, content)
    return message.to_json()


def _appearance(content: Content) -> tuple[Any, ...]:
    """Return what is equal for equal contents; `file_id`s are not."""
    media = None if content.media is None else (content.media.kind, content.media.content)
    return content.words, media, content.keyboard, content.above_media, content.spoiler

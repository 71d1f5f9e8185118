"""Methods that send messages, albums and chat actions."""

import secrets
from dataclasses import dataclass
from typing import Any

from clipbot_playground.botapi.methods import checks
from clipbot_playground.botapi.methods.parameters import Parameters, Upload
from clipbot_playground.botapi.model import limits, media
from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.model.content import Content
from clipbot_playground.botapi.model.errors import BadRequestError
from clipbot_playground.botapi.model.media import Media
from clipbot_playground.botapi.model.photos import NotAPhotoError
from clipbot_playground.botapi.state.world import World

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Recipient:
    """Where a message goes: the chat, its topic and what it replies to."""

    chat: Chat
    thread_id: int | None
    reply_to: Message | None


async def send_message(world: World, parameters: Parameters) -> Json:
    words = checks.text(world, parameters)
    keyboard, force_reply = checks.reply_markup(parameters)
    to = _recipient(world, parameters)
    checks.may_send(to.chat, "text messages")
    preview = parameters.structure(
        "link_preview_options", "Can't parse link preview options JSON object"
    )
    message = world.post(
        to.chat,
        world.bot,
        Content(words, keyboard=keyboard),
        reply_to=to.reply_to,
        thread_id=to.thread_id,
        force_reply=force_reply,
        extra=_extra(parameters) | ({"link_preview_options": preview} if preview else {}),
    )
    return message.to_json()


async def send_photo(world: World, parameters: Parameters) -> Json:
    return await _send_media(world, parameters, "photo")


async def send_document(world: World, parameters: Parameters) -> Json:
    return await _send_media(world, parameters, "document")


async def send_media_group(world: World, parameters: Parameters) -> list[Json]:
    described = parameters.structure("media", "Can't parse media JSON object")
    if not isinstance(described, list):
        raise BadRequestError("Expected an Array of InputMedia")
    to = _recipient(world, parameters)
    # "2-10 items": Telegram accepts a single one too, but does not document it.
    if len(described) > limits.MEDIA_GROUP_MAX:
        raise BadRequestError("Too many messages to send as an album")
    if len(described) < limits.MEDIA_GROUP_MIN:
        raise BadRequestError("Too few messages to send as an album")
    contents = [await input_media(world, parameters, item) for item in described]
    for content in contents:
        checks.may_send(to.chat, f"{content.media.kind}s" if content.media else "text messages")
    if len({content.media.kind for content in contents if content.media}) > 1:
        raise BadRequestError("Document can't be mixed with other media types")
    group_id = str(secrets.randbits(53))
    return [
        world.post(
            to.chat,
            world.bot,
            content,
            reply_to=to.reply_to,
            thread_id=to.thread_id,
            media_group_id=group_id,
            extra=_extra(parameters),
        ).to_json()
        for content in contents
    ]


async def send_chat_action(world: World, parameters: Parameters) -> bool:
    action = parameters.text("action")
    if action not in limits.CHAT_ACTIONS:
        raise BadRequestError("Wrong parameter action in request")
    chat = checks.writable_chat(world, parameters)
    world.act(chat, action, checks.thread(chat, parameters))
    return True


def _recipient(world: World, parameters: Parameters) -> _Recipient:
    chat = checks.writable_chat(world, parameters)
    thread_id = checks.thread(chat, parameters)
    return _Recipient(chat, thread_id, checks.reply(chat, parameters, thread_id))


async def input_media(world: World, parameters: Parameters, described: Any) -> Content:
    """Return the content that an `InputMediaPhoto` or `InputMediaDocument` describes.

    Raises:
        BadRequestError: it is something else, or its file or caption is refused.
    """
    complaint = "Can't parse InputMedia: "
    if not isinstance(described, dict):
        raise BadRequestError(f"{complaint}expected an Object")
    kind = str(described.get("type", ""))
    if kind not in {"photo", "document"}:
        raise BadRequestError(f'{complaint}type "{kind}" is unsupported')
    named = str(described.get("media", ""))
    upload = parameters.upload("media", named)
    if upload is None and (not named or named.startswith("attach://")):
        raise BadRequestError(f"{complaint}media not found")
    words = checks.caption(
        world,
        str(described.get("caption") or ""),
        str(described.get("parse_mode") or ""),
        described.get("caption_entities"),
    )
    above = described.get("show_caption_above_media") is True
    found = await _media(world, kind, upload or _resent(world, kind, named))
    spoiler = kind == "photo" and described.get("has_spoiler") is True
    return Content(words, found, above_media=above, spoiler=spoiler)


async def _send_media(world: World, parameters: Parameters, kind: str) -> Json:
    named = parameters.text(kind)
    upload = parameters.upload(kind)
    if upload is None and (not named or named.startswith("attach://")):
        raise BadRequestError(f"There is no {kind} in the request")
    words = checks.caption_of(world, parameters)
    keyboard, force_reply = checks.reply_markup(parameters)
    to = _recipient(world, parameters)
    checks.may_send(to.chat, f"{kind}s")
    found = await _media(world, kind, upload or _resent(world, kind, named))
    above = parameters.boolean("show_caption_above_media")
    spoiler = kind == "photo" and parameters.boolean("has_spoiler")
    message = world.post(
        to.chat,
        world.bot,
        Content(words, found, keyboard, above, spoiler),
        reply_to=to.reply_to,
        thread_id=to.thread_id,
        force_reply=force_reply,
        extra=_extra(parameters),
    )
    return message.to_json()


async def _media(world: World, kind: str, upload: Upload) -> Media:
    if kind == "document":
        checks.document(upload.content)
        return await media.document(world.files, upload.content, upload.file_name, upload.mime_type)
    checks.photo(upload.content)
    try:
        return await media.photo(world.files, upload.content)
    except NotAPhotoError:
        raise BadRequestError("IMAGE_PROCESS_FAILED") from None


def _resent(world: World, kind: str, file_id: str) -> Upload:
    """Return a file that Telegram already has, by its `file_id`. URLs are not supported."""
    file = world.files.by_id(file_id)
    if file is None:
        raise BadRequestError("wrong file identifier/HTTP URL specified")
    folder = file.path.partition("/")[0]
    if folder != f"{kind}s":
        raise BadRequestError(f"can't use file of type {folder} as {kind.capitalize()}")
    return Upload(file.path.rpartition("/")[2], "", file.content)


def _extra(parameters: Parameters) -> Json:
    return {"has_protected_content": True} if parameters.boolean("protect_content") else {}

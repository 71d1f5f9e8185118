"""Users, chats, messages and calls as JSON for the page.

Texts are sent unchanged, with their entities. The page makes text nodes of them, never HTML.
"""

import json
from dataclasses import asdict
from typing import Any, Final

from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.model.media import FileMedia, Media, Photo
from clipbot_playground.botapi.model.users import User
from clipbot_playground.botapi.state.journal import Call
from clipbot_playground.botapi.state.world import InlineAnswer

Json = dict[str, Any]
# Characters of a call's parameters that are shown.
_SHOWN: Final = 2_000


def user_json(user: User) -> Json:
    """Return a person or the bot."""
    name = " ".join(filter(None, (user.first_name, user.last_name)))
    return {
        "id": user.id,
        "name": name,
        "username": user.username,
        "bot": user.is_bot,
        "language": user.language_code,
    }


def chat_json(chat: Chat, bot: User) -> Json:
    """Return a chat without its messages. Members are the people who can write in it."""
    people = [chat.person] if chat.person else [u for u in chat.members.values() if not u.is_bot]
    return {
        "id": chat.id,
        "private": chat.is_private,
        "title": bot.first_name if chat.is_private else chat.title or "",
        "members": [person.id for person in people],
        "started": chat.started,
        "since": chat.since,
    }


def message_json(message: Message) -> Json:
    """Return a message."""
    content = message.content
    return {
        "chat": message.chat.id,
        "id": message.message_id,
        "from": message.sender.id,
        "date": message.date,
        "edited": message.edited,
        "text": content.words.text,
        "entities": [entity.to_json() for entity in content.words.entities],
        "media": _media_json(message),
        "above": content.above_media,
        "spoiler": content.spoiler,
        "via": message.via_bot.username if message.via_bot else None,
        "buttons": [
            [{"text": b.text, "action": b.action, "value": b.value} for b in row]
            for row in content.keyboard
        ],
        "reply_to": message.reply_to.message_id if message.reply_to else None,
        "force_reply": asdict(message.force_reply) if message.force_reply else None,
        "album": message.media_group_id,
        "service": _service(message),
    }


def inline_json(offered: InlineAnswer) -> Json:
    """Return what the bot offers for an inline query."""
    return {
        "query": offered.query_id,
        "button": offered.button,
        "choices": [
            {"id": choice.id, "title": choice.title, "description": choice.description}
            for choice in offered.choices
        ],
    }


def call_json(number: int, call: Call) -> Json:
    """Return a call of the bot; `number` counts from 1."""
    written = json.dumps(call.parameters, ensure_ascii=False, default=str)
    return {
        "number": number,
        "method": call.method,
        "status": call.status,
        "at": call.at,
        "seconds": call.seconds,
        "size": call.size,
        "description": call.description,
        "parameters": written if len(written) <= _SHOWN else written[:_SHOWN] + " …",
    }


def media_unique_id(media: Media | None) -> str:
    """Return an id of the media's content, "" for media without a file.

    It makes URLs unique, so that browsers can cache them: message ids start at 1 again in the next
    playground, and an edit can replace a photo.
    """
    if isinstance(media, Photo):
        return media.sizes[-1].sent.file.unique_id
    return media.sent.file.unique_id if isinstance(media, FileMedia) else ""


def _media_json(message: Message) -> Json | None:
    media = message.content.media
    if media is None:
        return None
    answer: Json = {"kind": media.kind, "size": len(media.content)}
    unique_id = media_unique_id(media)
    url = f"/play/media/{message.chat.id}/{message.message_id}/{unique_id}"
    if isinstance(media, Photo):
        largest = media.sizes[-1]
        return answer | {"url": url, "width": largest.width, "height": largest.height}
    if isinstance(media, FileMedia):
        about = dict(media.about)
        answer |= {"file": f"{url}/file", "name": about.get("file_name") or media.kind}
        if media.thumbnail is not None:
            size = media.thumbnail
            answer |= {"url": url, "width": size.width, "height": size.height}
    return answer


def _service(message: Message) -> str:
    """Return the line of a service message, such as "Alex added Clip"; "" for other messages."""
    if not message.service:
        return ""
    who = message.sender.first_name
    if joined := message.service.get("new_chat_members"):
        names = ", ".join(user["first_name"] for user in joined)
        if [user["id"] for user in joined] == [message.sender.id]:
            return f"{who} joined the group"
        return f"{who} added {names}"
    return f"{who}: {', '.join(message.service).replace('_', ' ')}"

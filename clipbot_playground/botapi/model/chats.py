"""Chats with their topics and messages, and which of these messages a bot sees."""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from clipbot_playground.botapi.model.content import Content, InlineKeyboardButton, ReplyRequest
from clipbot_playground.botapi.model.entities import Entity
from clipbot_playground.botapi.model.users import User

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Topic:
    """A forum topic. Its id is the `message_thread_id` of its messages."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ChatAction:
    """What sendChatAction showed, such as "upload_photo". `at` is Unix time."""

    action: str
    at: float
    thread_id: int | None = None


@dataclass(slots=True, eq=False)
class Message:
    """A message in a chat; an edit changes it in place.

    Attributes:
        date: Unix time.
        versions: every content that it had, oldest first; more than one after an edit.
        service: the fields of a service message, such as `new_chat_members`; empty for others.
        extra: other fields, such as those that the bot's call has set.
        force_reply: set if the bot asked for a reply with `ForceReply`.
        via_bot: the bot whose inline result the sender chose.
    """

    chat: "Chat"
    message_id: int
    sender: User
    date: int
    versions: list[Content]
    reply_to: "Message | None" = None
    thread_id: int | None = None
    media_group_id: str | None = None
    service: Json = field(default_factory=dict)
    extra: Json = field(default_factory=dict)
    force_reply: ReplyRequest | None = None
    edit_date: int | None = None
    deleted: bool = False
    via_bot: User | None = None

    @property
    def content(self) -> Content:
        return self.versions[-1]

    @property
    def text(self) -> str | None:
        return None if self.content.media is not None else self.content.words.text or None

    @property
    def caption(self) -> str | None:
        return None if self.content.media is None else self.content.words.text or None

    @property
    def entities(self) -> tuple[Entity, ...]:
        return self.content.words.entities

    @property
    def photo(self) -> bytes | None:
        """The JPEG of the photo's largest size; None for other messages."""
        return self._bytes("photo")

    @property
    def document(self) -> bytes | None:
        return self._bytes("document")

    @property
    def keyboard(self) -> tuple[InlineKeyboardButton, ...]:
        """The inline buttons, row by row."""
        return tuple(itertools.chain.from_iterable(self.content.keyboard))

    @property
    def has_spoiler(self) -> bool:
        """Whether its media are hidden until somebody taps on them."""
        return self.content.spoiler

    @property
    def edited(self) -> bool:
        return self.edit_date is not None

    def _bytes(self, kind: str) -> bytes | None:
        media = self.content.media
        return media.content if media is not None and media.kind == kind else None

    def to_json(self, *, with_reply: bool = True) -> Json:
        """Return the Bot API's `Message`. The message in `reply_to_message` has none itself."""
        answer: Json = {
            "message_id": self.message_id,
            "from": self.sender.to_json(),
            "chat": self.chat.to_json(),
            "date": self.date,
        }
        if self.thread_id is not None:
            answer["message_thread_id"] = self.thread_id
            if self.chat.is_forum:
                answer["is_topic_message"] = True
        if self.edit_date is not None:
            answer["edit_date"] = self.edit_date
        if self.media_group_id is not None:
            answer["media_group_id"] = self.media_group_id
        if self.via_bot is not None:
            answer["via_bot"] = self.via_bot.to_json()
        if with_reply and self.reply_to is not None and not self.reply_to.deleted:
            answer["reply_to_message"] = self.reply_to.to_json(with_reply=False)
        return answer | self.service | self.extra | self.content.fields()

    def __repr__(self) -> str:
        kind = self.content.media.kind if self.content.media else "text"
        what = ", ".join(self.service) or f"{kind} {self.content.words.text!r}"
        return f"<Message {self.message_id} from {self.sender.first_name}: {what}>"


@dataclass(slots=True, eq=False)
class Chat:
    """A chat with its members, topics and messages.

    Attributes:
        members: by user id; in groups the bot is among them.
        privacy: whether a bot that is not an administrator sees only what is meant for it.
        bot_status: `ChatMember.status` of the bot; "kicked" in a private chat means blocked.
        forbids: what only administrators may send: "photos", "documents", "text messages".
        started: whether the person of a private chat pressed "Start" or wrote; before, the bot
            can't write.
        messages: by message_id, without deleted ones. Each chat counts its own from 1.
        actions: every sendChatAction, oldest first.
        since: Unix time of its creation.
    """

    id: int
    type: str
    title: str | None = None
    person: User | None = None
    username: str | None = None
    is_forum: bool = False
    privacy: bool = True
    bot_status: str = "member"
    forbids: frozenset[str] = frozenset()
    started: bool = False
    members: dict[int, User] = field(default_factory=dict)
    administrators: set[int] = field(default_factory=set)
    owner: int | None = None
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    actions: list[ChatAction] = field(default_factory=list)
    since: float = field(default_factory=time.time)
    _last_message_id: int = 0

    @property
    def is_private(self) -> bool:
        return self.type == "private"

    def next_message_id(self) -> int:
        """Return a new id for a message."""
        self._last_message_id += 1
        return self._last_message_id

    def replies_to(self, message: Message) -> list[Message]:
        """Return the bot's replies to a message, oldest first."""
        return [m for m in self.messages.values() if m.reply_to is message and m.sender.is_bot]

    def to_json(self) -> Json:
        """Return the Bot API's `Chat`."""
        answer: Json = {"id": self.id, "type": self.type}
        if self.person is not None:
            person = self.person.to_json()
            names = ("first_name", "last_name", "username")
            answer |= {name: person[name] for name in names if name in person}
        if self.title is not None:
            answer["title"] = self.title
        if self.username is not None:
            answer["username"] = self.username
        if self.is_forum:
            answer["is_forum"] = True
        return answer

    def member_json(self, user: User) -> Json:
        """Return the Bot API's `ChatMember` of a user in this chat."""
        status = self.bot_status if user.is_bot else "member"
        if user.id == self.owner:
            return {"status": "creator", "user": user.to_json(), "is_anonymous": False}
        if user.id in self.administrators or status == "administrator":
            return _administrator(user)
        if user.id not in self.members and status == "member":
            status = "left"
        return member(user, status)

    def __repr__(self) -> str:
        said = "\n  ".join(repr(message) for message in self.messages.values())
        return f"<{self.type} {self.title or self.id}>\n  {said}"


def member(user: User, status: str) -> Json:
    """Return a `ChatMember` without rights: the status is "member", "left" or "kicked"."""
    answer: Json = {"status": status, "user": user.to_json()}
    if status == "kicked":
        answer["until_date"] = 0  # without end
    return answer


def _administrator(user: User) -> Json:
    granted = (
        "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
        "can_restrict_members", "can_change_info", "can_invite_users", "can_pin_messages",
        "can_post_stories", "can_edit_stories", "can_delete_stories",
    )  # fmt: skip
    withheld = ("can_be_edited", "is_anonymous", "can_promote_members")
    return (
        {"status": "administrator", "user": user.to_json()}
        | dict.fromkeys(granted, True)
        | dict.fromkeys(withheld, False)
    )


def is_seen_by(bot: User, message: Message) -> bool:
    """Return whether Telegram sends this message of a person to the bot.

    Privacy mode is on by default. A bot that is not an administrator then receives only commands,
    replies to its own messages, messages sent via it and service messages.
    Source: https://core.telegram.org/bots/features#privacy-mode
    """
    chat = message.chat
    if chat.is_private:
        return chat.bot_status != "kicked"
    if chat.bot_status not in {"member", "administrator"}:
        return False
    if not chat.privacy or chat.bot_status == "administrator" or message.service:
        return True
    if message.via_bot == bot:
        return True
    if message.reply_to is not None and message.reply_to.sender.id == bot.id:
        return True
    return _is_command_for(bot, message)


def _is_command_for(bot: User, message: Message) -> bool:
    """Return whether a text begins with a command for this bot, or a caption contains one."""
    for offset, _, addressee in message.content.words.commands():
        if message.content.media is None and offset > 0:
            return False
        if addressee.lower() in {"", (bot.username or "").lower()}:
            return True
    return False

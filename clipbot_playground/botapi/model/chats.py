"""Chats: private ones, groups, supergroups and their topics."""

import time
from dataclasses import dataclass, field
from typing import Any

from clipbot_playground.botapi.model.messages import Message
from clipbot_playground.botapi.model.users import User

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Topic:
    """A forum topic; its id is the `message_thread_id` of its messages."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ChatAction:
    """ "uploading photo…": what sendChatAction showed. `at` in seconds since 1970."""

    action: str
    at: float
    thread_id: int | None = None


@dataclass(slots=True, eq=False)
class Chat:
    """A chat and all that was said in it.

    Attributes:
        members: by user id; in groups the bot is one of them.
        privacy: whether the bot, unless an administrator, sees only what is meant for it.
        bot_status: `ChatMember.status` of the bot; "kicked" in a private chat means blocked.
        forbids: what members who are no administrators may not send: "photos", "documents",
            "text messages".
        started: a private chat in which the person pressed "start" or wrote; bots cannot begin.
        messages: by message_id, deleted ones left out. Each chat counts its own from 1.
        actions: every sendChatAction, oldest first.
        since: when it came to be, in seconds since 1970.
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
        self._last_message_id += 1
        return self._last_message_id

    def replies_to(self, message: Message) -> list[Message]:
        """The bot's replies to a message, oldest first."""
        return [m for m in self.messages.values() if m.reply_to is message and m.sender.is_bot]

    def to_json(self) -> Json:
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
        """The Bot API's `ChatMember` of a user in this chat."""
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
    """`ChatMember` with a status that has no rights: "member", "left" or "kicked"."""
    answer: Json = {"status": status, "user": user.to_json()}
    if status == "kicked":
        answer["until_date"] = 0  # for ever
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

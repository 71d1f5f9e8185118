"""Messages, as the server keeps them and as it tells a bot about them."""

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clipbot_playground.botapi.model.entities import NOTHING, Entity, FormattedText
from clipbot_playground.botapi.model.media import Media
from clipbot_playground.botapi.model.users import User

if TYPE_CHECKING:
    from clipbot_playground.botapi.model.chats import Chat

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button. `action` is the one optional field that says what it does."""

    text: str
    action: str
    value: Any

    def to_json(self) -> Json:
        return {"text": self.text, self.action: self.value}


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What an edit can change. `words` is the text, or the caption where there are media."""

    words: FormattedText = NOTHING
    media: Media | None = None
    keyboard: Keyboard = ()
    above_media: bool = False

    def fields(self) -> Json:
        answer: Json = {} if self.media is None else self.media.fields()
        name, entities = ("text", "entities")
        if self.media is not None:
            name, entities = ("caption", "caption_entities")
        if self.words.text:
            answer[name] = self.words.text
        if self.words.entities:
            answer[entities] = [entity.to_json() for entity in self.words.entities]
        if self.above_media and self.media is not None:
            answer["show_caption_above_media"] = True
        if self.keyboard:
            rows = [[button.to_json() for button in row] for row in self.keyboard]
            answer["reply_markup"] = {"inline_keyboard": rows}
        return answer


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """The bot's `ForceReply`: whoever is asked finds a reply begun.

    Attributes:
        placeholder: what the empty input field shows meanwhile; "" for the client's own.
        selective: only those are asked whom the text mentions, or to whom the message replies.
    """

    placeholder: str = ""
    selective: bool = False


@dataclass(slots=True, eq=False)
class Message:
    """A message in a chat. It lives: edits show up in it, and `versions` keeps what it was.

    Attributes:
        date: seconds since 1970.
        service: fields of a service message, e.g. `new_chat_members`; empty for others.
        force_reply: set where the bot asked for an answer with `ForceReply`.
        versions: every content it had, oldest first; more than one after an edit.
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
        """The largest size of the photo, JPEG."""
        return self._bytes("photo")

    @property
    def document(self) -> bytes | None:
        return self._bytes("document")

    @property
    def keyboard(self) -> tuple[Button, ...]:
        """The inline buttons, row by row."""
        return tuple(itertools.chain.from_iterable(self.content.keyboard))

    @property
    def edited(self) -> bool:
        return self.edit_date is not None

    def _bytes(self, kind: str) -> bytes | None:
        media = self.content.media
        return media.content if media is not None and media.kind == kind else None

    def to_json(self, *, with_reply: bool = True) -> Json:
        """The Bot API's `Message`; a replied-to message holds no further reply."""
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
        if with_reply and self.reply_to is not None and not self.reply_to.deleted:
            answer["reply_to_message"] = self.reply_to.to_json(with_reply=False)
        return answer | self.service | self.extra | self.content.fields()

    def __repr__(self) -> str:
        kind = self.content.media.kind if self.content.media else "text"
        what = ", ".join(self.service) or f"{kind} {self.content.words.text!r}"
        return f"<Message {self.message_id} from {self.sender.first_name}: {what}>"

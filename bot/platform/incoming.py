"""What comes from a chat platform, in words of our own.

An adapter (`bot.telegram`) turns each update into one of these. Nothing above it
knows the platform's own objects, so that a second platform is a second adapter.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.platform.models import Media, MessageRef


class ChatKind(Enum):
    """Who can read a chat."""

    PRIVATE = "one person and the bot"
    GROUP = "several people and the bot"


class NotAPicture(Enum):
    """Why a file that a message carries is not a picture to sort."""

    OTHER_FILE = "other file"
    MOVING = "moving"
    OURS = "a chart or a board of ours"


@dataclass(frozen=True)
class PictureSize:
    """One size in which the platform keeps a picture.

    Attributes:
        side: shorter side in pixels; None if the platform does not tell.
    """

    media: Media
    side: int | None = None


@dataclass(frozen=True)
class Picture:
    """A picture that a message carries.

    Attributes:
        sizes: at least one, the smallest first.
    """

    sizes: tuple[PictureSize, ...]

    def sufficient(self, side: int) -> Media:
        """Return the smallest size that a model which looks at `side` pixels need not enlarge.

        Where none is large enough, the largest.
        """
        fits = (size for size in self.sizes if size.side is not None and size.side >= side)
        return next(fits, self.sizes[-1]).media


@dataclass(frozen=True)
class MovingPicture:
    """A video, a GIF or a moving sticker that a message carries.

    Attributes:
        frame: its first frame, which the platform shows before it plays.
    """

    frame: Media


# What moves without a first frame is `NotAPicture.MOVING`.
Attachment = Picture | MovingPicture | NotAPicture


@dataclass(frozen=True)
class Author:
    """Who wrote a message or pressed a button.

    Attributes:
        id: the person's, or that of the chat in whose name an anonymous admin speaks.
        name: as they call themselves; anything may be in it.
        username: their handle without @, or nothing.
        language: of their app, as an IETF tag, if the platform tells.
    """

    id: int
    name: str = ""
    username: str = ""
    language: str | None = None


@dataclass(frozen=True)
class Command:
    """`/classify@clipbot a dog, a cat` → name `classify`, argument `a dog, a cat`."""

    name: str
    argument: str


@dataclass(frozen=True)
class ChatTopic:
    """Where something is said.

    Attributes:
        home_id: the group or server whose scores and settings apply; in private the chat itself.
        chat_id: the chat or channel.
        thread_id: forum topic within the chat, if any.
    """

    kind: ChatKind
    home_id: int
    chat_id: int
    thread_id: int | None = None

    @property
    def is_private(self) -> bool:
        return self.kind is ChatKind.PRIVATE


@dataclass(frozen=True)
class ReferencedMessage:
    """A message that another one, or a pressed button, points to.

    Attributes:
        ref: the message; None if the platform does not tell which one it is.
        is_elsewhere: it is in another chat or topic and is only quoted here.
        is_ours: this bot wrote it, or it repeats what this bot wrote.
        text: its text; empty if it has only a caption.
        attachments: pictures and files that it carries.
        buttons: what its buttons send when they are pressed.
    """

    ref: MessageRef | None = None
    is_elsewhere: bool = False
    is_ours: bool = False
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True)
class IncomingMessage:
    """A message that a person wrote or edited.

    Attributes:
        ref: the message, which answers reply to.
        sent_at: when it was first sent, with time zone.
        text: its text or its caption; may be empty.
        is_caption: the text stands under a picture or a file.
        command: what the text begins with, if that is a command for this bot.
        is_for_another_bot: it begins with a command that names another bot.
        attachments: pictures and files that it carries.
        is_ours: it repeats a message of this bot: forwarded, or sent by way of it.
        has_content: False for service messages such as "Ann joined the group".
        album_id: the album that it is one item of, if any.
        sequence: grows with each message and each edit of this chat that comes.
        is_edit: it was handled before, and has changed since.
        stored: what the adapter needs to build this message again, see
            `bot.platform.ports.ChatPlatform.restore`; only for items of an album.
    """

    ref: MessageRef
    topic: ChatTopic
    author: Author
    sent_at: datetime
    text: str = ""
    is_caption: bool = False
    command: Command | None = None
    is_for_another_bot: bool = False
    attachments: tuple[Attachment, ...] = ()
    replies_to: ReferencedMessage | None = None
    is_ours: bool = False
    has_content: bool = True
    album_id: str | None = None
    sequence: int = 0
    is_edit: bool = False
    stored: bytes = field(default=b"", repr=False)

    @property
    def revision(self) -> int:
        """0 for a new message; grows with each edit."""
        return self.sequence if self.is_edit else 0

    @property
    def is_private(self) -> bool:
        return self.topic.is_private

    @property
    def caption(self) -> str:
        """Return the text under a picture or a file; empty for a message of text."""
        return self.text if self.is_caption else ""

    @property
    def context(self) -> tuple[ReferencedMessage, ...]:
        """Return the messages of this chat that may show what it is about, the nearest first."""
        itself = ReferencedMessage(self.ref, is_ours=self.is_ours, attachments=self.attachments)
        return _here(itself, self.replies_to)


@dataclass(frozen=True)
class ButtonPress:
    """A person pressed a button under a message of ours.

    Attributes:
        id: of the press; the same if the platform delivers it twice.
        data: what the button sends, see `bot.platform.ports.Button`.
        topic: where that message stands; None if the platform no longer tells.
        ref: the message with the button; None as above.
        shown: that message, as far as the platform still tells; None as above.
        replies_to: the message that it replies to.
        handle: what the platform needs for an answer; only its adapter reads it.
    """

    id: str
    author: Author
    data: str
    topic: ChatTopic | None = None
    ref: MessageRef | None = None
    shown: ReferencedMessage | None = None
    replies_to: ReferencedMessage | None = None
    handle: str = field(default="", compare=False)

    @property
    def context(self) -> tuple[ReferencedMessage, ...]:
        """Return the messages of this chat that may show what it is about, the nearest first."""
        return _here(self.shown, self.replies_to)

    @property
    def is_in_group(self) -> bool:
        """True if several people can press; False if the platform no longer tells."""
        return self.topic is not None and not self.topic.is_private

    @property
    def is_made_up(self) -> bool:
        """True if no button of the message sends this, as far as the platform tells.

        Telegram passes on whatever an app sends as the press of any message with buttons, such as
        the board of a game. A button that was replaced since counts as made up, too.
        """
        return self.shown is not None and self.data not in self.shown.buttons


@dataclass(frozen=True)
class ChatMoved:
    """A chat has another id from now on, and numbers its messages from 1 again."""

    old_id: int
    new_id: int


@dataclass(frozen=True)
class MembershipChanged:
    """The bot was added to a group, or removed from it.

    Attributes:
        author: who did that.
        is_member: True if it is in the group now.
    """

    topic: ChatTopic
    author: Author
    is_member: bool


@dataclass(frozen=True)
class InlineQuery:
    """A person types the bot's name and some words into the input field of any chat.

    Attributes:
        text: the words after the name; may be empty.
        handle: what the platform needs for an answer; only its adapter reads it.
    """

    author: Author
    text: str
    handle: str = field(default="", compare=False)


Incoming = IncomingMessage | ButtonPress | ChatMoved | MembershipChanged | InlineQuery


def _here(*messages: ReferencedMessage | None) -> tuple[ReferencedMessage, ...]:
    return tuple(one for one in messages if one and not one.is_elsewhere)

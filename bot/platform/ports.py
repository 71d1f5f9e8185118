"""What the bot needs of a chat platform, and the errors that a platform raises.

RetryLater               wait, then do the same again
TargetGone               nobody is there to be answered
├─ CallRejected          the platform refuses, for a reason that we do not know
└─ PicturesNotAllowed    answer in words
FileTooBig               tell the person
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.platform.incoming import ButtonPress, ChatTopic, IncomingMessage, InlineQuery
from bot.platform.models import Media, MessageRef


class RetryLater(Exception):
    """The platform can't do it now.

    Attributes:
        after: seconds to wait, if the platform says so; else 0.
    """

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class TargetGone(Exception):
    """The chat, the message or the file is no longer there for us: no retry helps."""


class CallRejected(TargetGone):
    """The platform refuses a call for a reason that we don't know: no retry helps."""


class PicturesNotAllowed(TargetGone):
    """The chat takes text but not this picture: answer in words."""


class FileTooBig(Exception):
    """The platform does not give files of that size to bots."""


@dataclass(frozen=True)
class Button:
    """A button under a message.

    Attributes:
        label: what it shows.
        data: what comes back when it is pressed; up to 64 bytes (Bot API, InlineKeyboardButton).
            The word up to the first colon says which part of the bot it belongs to.
    """

    label: str
    data: str


Buttons = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True)
class InlineResult:
    """One choice in the list that an `InlineQuery` opens.

    Attributes:
        id: unique in the list; 1..64 bytes.
        text: what the person says in the chat when they choose it, without markup.
    """

    id: str
    title: str
    description: str
    text: str


class ChatPlatform(Protocol):
    """Sends, edits and fetches. Texts are HTML as in the Bot API's "HTML style".

    A reply goes to the message `ref`, into its chat and topic. Each method raises `RetryLater` or
    `TargetGone`, and nothing else of the platform's own.
    """

    @property
    def name(self) -> str:
        """Which platform it is, as stored beside everything that belongs to it."""

    @property
    def text_limit(self) -> int:
        """How long a message of text can be, in UTF-16 units without its markup."""

    @property
    def caption_limit(self) -> int:
        """The same for the caption of a picture."""

    async def fetch(self, media: Media) -> bytes:
        """Return the picture's file. Also raises `FileTooBig`."""

    async def show_working(self, ref: MessageRef) -> None:
        """Show that an answer is being made. Never raises."""

    async def send_text(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        """Reply with text; return the new message's id."""

    async def ask_for_reply(self, ref: MessageRef, text: str, placeholder: str) -> int:
        """Reply with a question, and open a reply to it for its reader; return its message's id.

        Args:
            placeholder: what the empty input field shows.
        """

    async def send_chart(
        self,
        ref: MessageRef,
        chart: bytes,
        caption: str,
        buttons: Buttons = (),
        *,
        has_spoiler: bool = False,
    ) -> int:
        """Reply with a picture; return the new message's id. Also raises `PicturesNotAllowed`.

        Args:
            has_spoiler: the picture is hidden until somebody taps on it.
        """

    async def send_file(self, ref: MessageRef, name: str, data: bytes, caption: str) -> int:
        """Reply with a file; return the new message's id. Also raises `PicturesNotAllowed`."""

    async def edit_to_text(
        self, ref: MessageRef, answer_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        """Change an answer of text. Raises `TargetGone` when it can no longer be changed."""

    async def edit_to_chart(
        self,
        ref: MessageRef,
        answer_id: int,
        chart: bytes,
        caption: str,
        buttons: Buttons = (),
        *,
        has_spoiler: bool = False,
    ) -> None:
        """Change an answer, text or picture, to a picture.

        Raises `TargetGone` when it can no longer be changed. Also raises `PicturesNotAllowed`.
        """

    async def send_board(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        """Reply with text and buttons, without link previews; return the new message's id."""

    async def edit_board(
        self, ref: MessageRef, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        """Change text and buttons. Raises `TargetGone` when they can no longer be changed."""

    async def answer_press(self, press: ButtonPress, text: str, *, is_alert: bool = False) -> None:
        """Tell the person who pressed, and nobody else, a sentence of plain text, or nothing.

        Every press must be answered: the app shows that it waits. Raises `TargetGone` when the
        press is too old.

        Args:
            is_alert: the person must close it; otherwise it disappears after a moment.
        """

    async def answer_inline(
        self, query: InlineQuery, results: Sequence[InlineResult], hint: str
    ) -> None:
        """Show a person the choices for what they typed, or `hint` where there are none.

        The choices are theirs alone. Raises `TargetGone` when the query is too old.
        """

    def start_link(self, parameter: str) -> str:
        """Return a link that opens a private chat and sends `/start parameter` there.

        Args:
            parameter: 1..64 of A-Z, a-z, 0-9, _ and -.

        Returns:
            A URL, or nothing where the platform has no such links.
        """

    async def is_admin(self, topic: ChatTopic, user_id: int) -> bool:
        """Return whether a person may decide for a group; never asked about private chats."""

    def link_person(self, user_id: int, username: str, name: str, *, mentions: bool) -> str:
        """Return a person's name as HTML that leads to them, if the platform can do that.

        Args:
            username: without @; empty if there is none.
            name: HTML.
            mentions: as a mention. In a new message it notifies the person, in an edit it does not.
        """

    def restore(self, stored: bytes) -> IncomingMessage | None:
        """Return the message of `IncomingMessage.stored`, as any earlier release stored it.

        None if no person wrote it.
        """

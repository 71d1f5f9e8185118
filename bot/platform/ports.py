"""What the bot needs of a chat platform. Telegram's is `bot.telegram.platform`."""

from dataclasses import dataclass
from typing import Protocol

from bot.platform.models import Media, MessageRef


class RetryLater(Exception):
    """The platform could not do it just now.

    Attributes:
        after: seconds to wait, where the platform says so; else 0.
    """

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class TargetGone(Exception):
    """The chat, the message or the file is no longer there for us: trying again is pointless."""


class CallRejected(TargetGone):
    """The platform refuses a call and we don't know why: trying again is as pointless."""


class PicturesNotAllowed(TargetGone):
    """The chat takes text but not this picture: say it in words."""


class FileTooBig(Exception):
    """The platform does not hand out files of that size."""


@dataclass(frozen=True)
class Button:
    """A button under a message.

    Attributes:
        label: what it shows.
        data: what comes back when it is pressed; up to 64 bytes (Bot API, InlineKeyboardButton).
    """

    label: str
    data: str


Buttons = tuple[tuple[Button, ...], ...]


class ChatPlatform(Protocol):
    """Each method raises `RetryLater` or `TargetGone` and nothing else of the platform's own."""

    async def fetch(self, media: Media) -> bytes:
        """The picture's file. Also raises `FileTooBig`."""

    async def show_working(self, place: MessageRef) -> None:
        """Shows that an answer is being made. Never raises."""

    async def send_text(self, place: MessageRef, text: str) -> int:
        """Replies with text (HTML); returns the new message's id."""

    async def send_chart(self, place: MessageRef, chart: bytes, caption: str) -> int:
        """Reply with a picture; return the new message's id. Also raises `PicturesNotAllowed`."""

    async def edit_to_text(self, place: MessageRef, answer_id: int, text: str) -> None:
        """Changes an answer of text. `TargetGone` when it can't be changed any more."""

    async def edit_to_chart(
        self, place: MessageRef, answer_id: int, chart: bytes, caption: str
    ) -> None:
        """Changes an answer, text or picture, to a picture. `TargetGone` when it can't be changed.

        Also raises `PicturesNotAllowed`.
        """

    async def send_board(self, place: MessageRef, text: str, buttons: Buttons = ()) -> int:
        """Replies with text and buttons, without link previews; returns the new message's id."""

    async def edit_board(
        self, place: MessageRef, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        """Changes text and buttons. `TargetGone` when it can't be changed any more."""

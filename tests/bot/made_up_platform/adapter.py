"""A chat platform with servers and channels. Its events are JSON, as an adapter would store them.

It stands for all that a second platform has to bring: a `ChatPlatform` and an `UpdateHandler`.
"""

import datetime
import itertools
import logging
from collections.abc import Hashable, Sequence
from typing import Any

from bot.chat.router import Router
from bot.platform.incoming import (
    Author,
    ButtonPress,
    ChatKind,
    ChatTopic,
    Command,
    IncomingMessage,
    InlineQuery,
    Picture,
    PictureSize,
)
from bot.platform.models import Media, MessageRef
from bot.platform.ports import Buttons, InlineResult, TargetGone
from bot.queues.update_inbox import Update

log = logging.getLogger(__name__)


class MadeUpPlatform:
    """Sends nothing anywhere; notes what it was asked to send.

    Attributes:
        files: the pictures that people uploaded, by id.
        sent: channel, the message that is replied to, and text or caption.
    """

    name = "madeup"
    text_limit = 2_000
    caption_limit = 2_000

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.sent: list[tuple[int, int, str]] = []
        self._ids = itertools.count(10**17)

    def _send(self, ref: MessageRef, text: str) -> int:
        self.sent.append((ref.chat_id, ref.message_id, text))
        return next(self._ids)

    async def fetch(self, media: Media) -> bytes:
        if media.file_id not in self.files:
            raise TargetGone("there is no such file")
        return self.files[media.file_id]

    async def show_working(self, ref: MessageRef) -> None:
        pass

    async def send_text(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        return self._send(ref, text)

    async def ask_for_reply(self, ref: MessageRef, text: str, placeholder: str) -> int:
        return self._send(ref, text)

    async def send_chart(
        self,
        ref: MessageRef,
        chart: bytes,
        caption: str,
        buttons: Buttons = (),
        *,
        has_spoiler: bool = False,
    ) -> int:
        return self._send(ref, caption)

    async def send_file(self, ref: MessageRef, name: str, data: bytes, caption: str) -> int:
        return self._send(ref, caption)

    async def edit_to_text(
        self, ref: MessageRef, answer_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        self._send(ref, text)

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
        self._send(ref, caption)

    async def send_board(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        return self._send(ref, text)

    async def edit_board(
        self, ref: MessageRef, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        self._send(ref, text)

    async def answer_press(self, press: ButtonPress, text: str, *, is_alert: bool = False) -> None:
        pass

    async def answer_inline(
        self, query: InlineQuery, results: Sequence[InlineResult], hint: str
    ) -> None:
        pass

    def start_link(self, parameter: str) -> str:
        return ""

    async def is_admin(self, topic: ChatTopic, user_id: int) -> bool:
        return False

    def link_person(self, user_id: int, username: str, name: str, *, mentions: bool) -> str:
        return f"<b>{name}</b>"

    def restore(self, stored: bytes) -> IncomingMessage | None:
        return None


class MadeUpUpdateHandler:
    """Turns events of the made-up platform into messages for the router."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def lane(self, update: Update) -> Hashable:
        return update["channel"], update["user"]

    async def handle(self, update: Update) -> None:
        await self._router.handle(_message(update))

    async def apologise(self, update: Update) -> None:
        try:
            await self._router.apologise(_message(update))
        except Exception:
            log.exception("The apology failed as well.")


def event(
    number: int, user: int, channel: int, text: str, *files: str, server: int | None = None
) -> Update:
    """Return an event: a person wrote a message in a channel of a server, or in private."""
    where = {"channel": channel, "server": server}
    said = {"user": user, "text": text, "files": list(files)}
    # `update_id` is what the inbox knows an update by.
    return {"update_id": number, "number": number, **where, **said}


def _message(update: dict[str, Any]) -> IncomingMessage:
    channel, server, text = update["channel"], update["server"], update["text"]
    kind = ChatKind.PRIVATE if server is None else ChatKind.GROUP
    home = channel if server is None else server
    name, _, argument = text.removeprefix("/").partition(" ")
    files = (Picture((PictureSize(Media(file, file)),)) for file in update["files"])
    return IncomingMessage(
        ref=MessageRef(channel, update["number"]),
        topic=ChatTopic(kind, home, channel),
        author=Author(update["user"], "Ann"),
        sent_at=datetime.datetime.now(datetime.UTC),
        text=text,
        is_caption=bool(update["files"]),
        command=Command(name, argument) if text.startswith("/") else None,
        attachments=tuple(files),
    )

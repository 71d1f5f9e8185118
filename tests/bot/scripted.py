"""A chat platform and deliveries of a queue that do as a test says, and note what happened."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from bot.platform.incoming import ButtonPress, ChatTopic, IncomingMessage, InlineQuery
from bot.platform.models import TELEGRAM, ClassifyRequest, Media, MessageRef
from bot.platform.ports import Buttons, InlineResult
from bot.storage import Store
from inference.protocol.broker.client import Delivery

CHART = b"\x89PNG chart"


class ScriptedPlatform:
    """A `ChatPlatform`; what is put into `faults[method]` is raised, one at each call.

    Attributes:
        said: what was done, to which message, and the words.
        toasts: what the people who pressed buttons were told.
        admins: the people who may decide for groups.
        has_spoiler: whether the last chart is hidden.
        files: those that were sent, by name.
        choices: of the last answer to an inline query.
        items: of albums, by what is stored of each.
    """

    name = TELEGRAM
    text_limit = 4_096
    caption_limit = 1_024

    def __init__(self) -> None:
        self.said: list[tuple[str, MessageRef, str]] = []
        self.faults: dict[str, list[Exception]] = defaultdict(list)
        self.fetched: list[str] = []
        self.working: list[MessageRef] = []
        self.buttons: Buttons = ()
        self.toasts: list[str] = []
        self.admins: set[int] = set()
        self.has_spoiler = False
        self.files: dict[str, bytes] = {}
        self.choices: list[InlineResult] = []
        self.items: dict[bytes, IncomingMessage] = {}
        self._ids = itertools.count(9_000)

    def _happens(self, method: str) -> None:
        if self.faults[method]:
            raise self.faults[method].pop(0)

    async def fetch(self, media: Media) -> bytes:
        self._happens("fetch")
        self.fetched.append(media.file_id)
        return b"picture " + media.file_id.encode()

    async def show_working(self, ref: MessageRef) -> None:
        self.working.append(ref)

    async def send_text(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        self._happens("send_text")
        self.said.append(("text", ref, text))
        self.buttons = buttons
        return next(self._ids)

    async def ask_for_reply(self, ref: MessageRef, text: str, placeholder: str) -> int:
        assert placeholder
        self._happens("ask_for_reply")
        self.said.append(("question", ref, text))
        return next(self._ids)

    async def send_chart(
        self,
        ref: MessageRef,
        chart: bytes,
        caption: str,
        buttons: Buttons = (),
        *,
        has_spoiler: bool = False,
    ) -> int:
        self._happens("send_chart")
        self.said.append(("chart", ref, caption))
        self.buttons, self.has_spoiler = buttons, has_spoiler
        return next(self._ids)

    async def send_file(self, ref: MessageRef, name: str, data: bytes, caption: str) -> int:
        self._happens("send_file")
        self.said.append(("file", ref, caption))
        self.files[name] = data
        return next(self._ids)

    async def edit_to_text(
        self, ref: MessageRef, answer_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        self._happens("edit_to_text")
        self.said.append((f"edit {answer_id} to text", ref, text))
        self.buttons = buttons

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
        self._happens("edit_to_chart")
        self.said.append((f"edit {answer_id} to chart", ref, caption))
        self.buttons, self.has_spoiler = buttons, has_spoiler

    async def send_board(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        self._happens("send_board")
        self.said.append(("board", ref, text))
        self.buttons = buttons
        return next(self._ids)

    async def edit_board(
        self, ref: MessageRef, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        self._happens("edit_board")
        self.said.append((f"edit board {board_id}", ref, text))
        self.buttons = buttons

    async def answer_press(self, press: ButtonPress, text: str, *, is_alert: bool = False) -> None:
        self._happens("answer_press")
        self.toasts.append(text)

    async def answer_inline(
        self, query: InlineQuery, results: Sequence[InlineResult], hint: str
    ) -> None:
        self._happens("answer_inline")
        self.choices = list(results)

    def start_link(self, parameter: str) -> str:
        return f"https://t.me/clipbot?start={parameter}"

    async def is_admin(self, topic: ChatTopic, user_id: int) -> bool:
        assert not topic.is_private
        return user_id in self.admins

    def link_person(self, user_id: int, username: str, name: str, *, mentions: bool) -> str:
        return f"<b>{name}</b>"

    def restore(self, stored: bytes) -> IncomingMessage | None:
        return self.items.get(stored)

    def keeps(self, item: IncomingMessage) -> IncomingMessage:
        """Return an item of an album with what `restore` needs to return it again."""
        kept = replace(item, stored=str(item.ref.message_id).encode())
        self.items[kept.stored] = kept
        return kept

    @property
    def kinds(self) -> list[str]:
        """Return what was done, without the words."""
        return [kind for kind, _, _ in self.said]


class ScriptedDelivery(Delivery):
    """A message of the queue, at a given attempt to deliver it."""

    def __init__(self, data: bytes, attempt: int = 1) -> None:
        self._data = data
        self._attempt = attempt
        self.acknowledged = 0
        self.naks: list[float] = []

    @property
    def data(self) -> bytes:
        return self._data

    @property
    def attempt(self) -> int:
        return self._attempt

    @property
    def sequence(self) -> str:
        return "scripted.1"

    async def ack(self) -> None:
        self.acknowledged += 1

    async def nak(self, delay: float = 0.0) -> None:
        self.naks.append(delay)


def failing(
    monkeypatch: pytest.MonkeyPatch, store: Store, method: str, times: int
) -> list[Exception]:
    """Let a method of the store fail `times` times; return the errors that are not raised yet."""
    faults: list[Exception] = [
        OperationalError(method, None, Exception("attempt to write a readonly database"))
    ] * times
    done = getattr(store, method)

    async def tried(*args: object, **kwargs: object) -> object:
        if faults:
            raise faults.pop()
        return await done(*args, **kwargs)

    monkeypatch.setattr(store, method, tried)
    return faults


def a_request(
    message_id: int = 1,
    *,
    revision: int = 0,
    labels: tuple[str, ...] = ("a dog", "a cat"),
    media: tuple[Media, ...] = (Media("file", "unique", 100),),
    user_id: int = 7,
    private: bool = True,
) -> ClassifyRequest:
    return ClassifyRequest(
        ref=MessageRef(user_id, message_id),
        user_id=user_id,
        language="en",
        media=media,
        labels=labels,
        revision=revision,
        private=private,
    )

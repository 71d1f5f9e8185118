"""A chat platform and a queue's deliveries that do as a test says, and note what happened."""

import itertools
from collections import defaultdict

import pytest
from sqlalchemy.exc import OperationalError

from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.platform.ports import Buttons
from bot.storage import Store
from inference.protocol.broker.client import Delivery

CHART = b"\x89PNG chart"


class ScriptedPlatform:
    """A `Platform`; what is put into `faults[method]` is raised, one at each call."""

    def __init__(self) -> None:
        self.said: list[tuple[str, MessageRef, str]] = []
        self.faults: dict[str, list[Exception]] = defaultdict(list)
        self.fetched: list[str] = []
        self.working: list[MessageRef] = []
        self.buttons: Buttons = ()
        self._ids = itertools.count(9_000)

    def _happens(self, method: str) -> None:
        if self.faults[method]:
            raise self.faults[method].pop(0)

    async def fetch(self, media: Media) -> bytes:
        self._happens("fetch")
        self.fetched.append(media.file_id)
        return b"picture " + media.file_id.encode()

    async def show_working(self, place: MessageRef) -> None:
        self.working.append(place)

    async def send_text(self, place: MessageRef, text: str, _markup: object = None) -> int:
        self._happens("send_text")
        self.said.append(("text", place, text))
        return next(self._ids)

    async def send_chart(self, place: MessageRef, chart: bytes, caption: str) -> int:
        self._happens("send_chart")
        self.said.append(("chart", place, caption))
        return next(self._ids)

    async def edit_to_text(self, place: MessageRef, answer_id: int, text: str) -> None:
        self._happens("edit_to_text")
        self.said.append((f"edit {answer_id} to text", place, text))

    async def edit_to_chart(
        self, place: MessageRef, answer_id: int, chart: bytes, caption: str
    ) -> None:
        self._happens("edit_to_chart")
        self.said.append((f"edit {answer_id} to chart", place, caption))

    async def send_board(self, place: MessageRef, text: str, buttons: Buttons = ()) -> int:
        self._happens("send_board")
        self.said.append(("board", place, text))
        self.buttons = buttons
        return next(self._ids)

    async def edit_board(
        self, place: MessageRef, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        self._happens("edit_board")
        self.said.append((f"edit board {board_id}", place, text))
        self.buttons = buttons

    @property
    def kinds(self) -> list[str]:
        """What was done, without the words."""
        return [kind for kind, _, _ in self.said]


class ScriptedDelivery(Delivery):
    """A message that came for the `attempt`-th time."""

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
    """Has the database refuse a method of the store so often; returns what is yet to be raised."""
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


def an_ask(
    message_id: int = 1,
    *,
    revision: int = 0,
    labels: tuple[str, ...] = ("a dog", "a cat"),
    media: tuple[Media, ...] = (Media("file", "unique", 100),),
    user_id: int = 7,
    private: bool = True,
) -> ClassifyRequest:
    return ClassifyRequest(
        place=MessageRef(user_id, message_id),
        user_id=user_id,
        language="en",
        media=media,
        labels=labels,
        revision=revision,
        private=private,
    )

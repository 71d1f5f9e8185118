"""What a tab shows: the events of its stream, applied as the page does."""

import json
from collections.abc import Callable
from typing import Any

from clipbot_playground.page.event_stream import EventStream

Json = dict[str, Any]


class Listener:
    """One tab.

    Attributes:
        events: all events so far, oldest first.
        shown: the current state, by kind and id.
    """

    def __init__(self, events: EventStream) -> None:
        self.events: list[Json] = []
        self.shown: dict[tuple[object, ...], Json] = {}
        self._stream = events.stream()

    async def hears(self, wanted: Callable[[Json], bool] = lambda event: True) -> Json:
        """Wait for an event that is wanted, and return it."""
        while True:
            line = await anext(self._stream)
            if not line.startswith(b"event: "):
                continue
            name, data = line.decode().removesuffix("\n\n").split("\n")
            told = json.loads(data.removeprefix("data: "))
            events = told["events"] if name == "event: hello" else told
            self.events += events
            for event in events:
                self._apply(event)
            for event in events:
                if wanted(event):
                    return dict(event)

    def _apply(self, event: Json) -> None:
        match event["is"]:
            case "message":
                self.shown["message", event["chat"], event["id"]] = event
            case "gone":
                del self.shown["message", event["chat"], event["id"]]
            case "person" | "chat":
                self.shown[event["is"], event["id"]] = event
            case "call":
                self.shown["call", event["number"]] = event
            case "totals" | "figures":
                self.shown[(event["is"],)] = event

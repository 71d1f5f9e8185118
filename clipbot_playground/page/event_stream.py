"""Live updates as server-sent events: first the whole state, then every change.

Each stream remembers what it has sent. A tab that opens later, or connects again, starts with the
whole state.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any, Final

from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page.offer import ModelOffer
from clipbot_playground.page.serializers import call_json, chat_json, message_json, user_json
from clipbot_playground.page.system_panel import SystemPanel

Json = dict[str, Any]
# Seconds without a change after which a comment keeps the connection open.
_HEARTBEAT: Final = 15.0
# How much of the past a new tab gets: messages of each chat, and calls.
_MESSAGES: Final = 300
_CALLS: Final = 200


class EventStream:
    """The stream of one tab."""

    def __init__(
        self, server: BotApiServer, system_panel: SystemPanel, offer: ModelOffer | None
    ) -> None:
        self._server = server
        self._world = server.world
        self._system_panel = system_panel
        self._offer = offer
        self._offered: Json = {}
        self._sent: dict[tuple[int, int], int] = {}
        self._chats: dict[int, Json] = {}
        self._people = 0
        self._calls = 0
        self._totals: Counter[str] = Counter()
        self._actions: dict[int, int] = {}
        self._revision = -1

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body of a `text/event-stream` answer until the server stops."""
        world = self._world
        for chat in world.chats.values():  # earlier actions are over
            self._actions[chat.id] = len(chat.actions)
        self._calls = max(0, len(self._server.calls) - _CALLS)
        self._totals.update(call.method for call in self._server.calls[: self._calls])
        hello = {"bot": user_json(world.bot), "events": self._changes(first=True)}
        yield _event("hello", hello)
        while not world.updates.closed:
            try:
                events = await world.notifier.until(self._look, _HEARTBEAT)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if events:
                yield _event("changes", events)

    def _look(self) -> list[Json] | None:
        if self._world.updates.closed:
            return []
        return self._changes() or None

    def _changes(self, *, first: bool = False) -> list[Json]:
        return [
            *self._new_people(),
            *self._new_chats(),
            *self._new_messages(first=first),
            *self._new_actions(),
            *self._new_calls(),
            *self._new_figures(),
            *self._new_offer(),
        ]

    def _new_people(self) -> list[Json]:
        users = list(islice(self._world.users.values(), self._people, None))
        self._people += len(users)
        return [{"is": "person", **user_json(user)} for user in users]

    def _new_chats(self) -> list[Json]:
        events = []
        for chat in self._world.chats.values():
            described = chat_json(chat, self._world.bot)
            if self._chats.get(chat.id) != described:
                self._chats[chat.id] = described
                events.append({"is": "chat", **described})
        return events

    def _new_messages(self, *, first: bool) -> list[Json]:
        events: list[Json] = []
        here = set()
        for chat in self._world.chats.values():
            messages = list(chat.messages.values())
            skipped = len(messages) - _MESSAGES if first else 0
            for index, message in enumerate(messages):
                key = (chat.id, message.message_id)
                here.add(key)
                if self._sent.get(key) == len(message.versions):
                    continue
                self._sent[key] = len(message.versions)
                if index >= skipped:
                    events.append({"is": "message", **message_json(message)})
        for chat_id, message_id in self._sent.keys() - here:
            del self._sent[chat_id, message_id]
            events.append({"is": "gone", "chat": chat_id, "id": message_id})
        return events

    def _new_actions(self) -> list[Json]:
        events = []
        for chat in self._world.chats.values():
            sent = self._actions.get(chat.id, 0)
            if sent < len(chat.actions):
                self._actions[chat.id] = len(chat.actions)
                events.append({"is": "action", "chat": chat.id, "action": chat.actions[-1].action})
        return events

    def _new_calls(self) -> list[Json]:
        calls = self._server.calls[self._calls :]
        events: list[Json] = []
        for call in calls:
            self._calls += 1
            self._totals[call.method] += 1
            events.append({"is": "call", **call_json(self._calls, call)})
        if events:
            events.append({"is": "totals", "methods": dict(self._totals)})
        return events

    def _new_figures(self) -> list[Json]:
        if self._revision == self._system_panel.revision:
            return []
        self._revision = self._system_panel.revision
        return [{"is": "figures", **self._system_panel.to_json()}]

    def _new_offer(self) -> list[Json]:
        offered = self._offer.to_json() if self._offer else {}
        if offered == self._offered:
            return []
        self._offered = offered
        return [{"is": "offer", **offered}]


def _event(name: str, data: Any) -> bytes:
    # JSON contains no line breaks, so one `data:` line is enough.
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()

"""A group of people who play, and how many messages its games send."""

import itertools
from dataclasses import dataclass

from clipbot_playground.botapi.model.chats import Chat, Message, Topic
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.botapi.state.journal import Call
from tests.playground.botapi.pictures import picture

_SENDS_AND_EDITS = (
    "sendMessage",
    "sendPhoto",
    "editMessageText",
    "editMessageMedia",
    "editMessageCaption",
)
_NAMES = ("Ann", "Bob", "Cem", "Dan", "Eve")


@dataclass
class Club:
    """Five people in a group with privacy mode; Ann owns it, and none of them started the bot.

    Attributes:
        topic: where they play, if the group is a forum.
        settled: number of calls that do not count as a round's.
    """

    server: BotApiServer
    people: list[SimulatedUser]
    chat: Chat
    topic: Topic | None = None
    settled: int = 0

    async def sees(self, words: str, within: float = 80.0) -> Message:
        """Wait for a message of the bot with these words, and return the newest one."""

        def look() -> Message | None:
            for message in reversed(self.said()):
                if words in (message.text or message.caption or ""):
                    return message
            return None

        try:
            return await self.server.until(look, within)
        except TimeoutError:
            raise AssertionError(f"the bot did not say {words!r} in {self.chat}") from None

    async def sees_that_clip_is_there(self) -> None:
        """Wait until the worker has answered somebody in private: it may still be starting."""
        ann = self.people[0]
        photo = await ann.sends(picture(), caption="a dog, a cat")
        await ann.hears(reply_to=photo, within=80)

    async def plays_faster(self) -> None:
        """Let Ann, who owns the group, choose rounds of half the usual length."""
        await self._plays(15, presses=2)

    async def plays_slower(self) -> None:
        """Let Ann choose rounds of twice the usual length."""
        await self._plays(60, presses=1)

    async def _plays(self, seconds: int, presses: int) -> None:
        ann = self.people[0]
        command = await ann.sends("/settings", to=self.chat, topic=self.topic)
        settings = await ann.hears(reply_to=command, within=60)
        for _ in range(presses):
            await ann.presses(settings, "Length")
        await self.server.until(lambda: f"{seconds} s" in (settings.text or ""))
        await self.server.until(lambda: len(self.calls()) >= len(settings.versions))
        self.settled = len(self.calls())

    async def forges(self, person: SimulatedUser, message: Message, data: str) -> str:
        """Press a button that does not exist, as a forged client can, and return the answer."""
        world = self.server.world
        query_id = world.press(person.user, message, data)
        return (await self.server.until(lambda: world.callbacks[query_id])).text

    def said(self) -> list[Message]:
        """Return the bot's messages in this chat or topic, oldest first."""
        return [
            message
            for message in self.chat.messages.values()
            if message.sender.is_bot
            # Outside of forums, replies form threads that are not topics.
            and (self.topic is None or message.thread_id == self.topic.id)
        ]

    def calls(self) -> list[Call]:
        """Return the sends and edits in this chat that succeeded, without the settled ones."""
        made = [
            call
            for call in self.server.calls_of(*_SENDS_AND_EDITS)
            if str(call.parameters.get("chat_id")) == str(self.chat.id)
        ]
        return made[self.settled :]

    def busiest_minute(self) -> int:
        """Return the highest number of sends and edits within 60 s."""
        times = [call.at for call in self.calls()]
        return max((sum(t <= other < t + 60 for other in times) for t in times), default=0)

    def edits_apart(self) -> float:
        """Return the shortest time between two edits, in seconds."""
        times = [call.at for call in self.calls() if call.method.startswith("edit")]
        return min((b - a for a, b in itertools.pairwise(times)), default=999.0)

    async def tells_costs(self, what: str) -> None:
        """Print how many calls a round made. Fail if there were more than the limits allow."""
        # The journal has a call only after its answer.
        done = sum(len(message.versions) for message in self.said()) - self.settled
        await self.server.until(lambda: len(self.calls()) >= done)
        methods = [call.method for call in self.calls()]
        counts = {method: methods.count(method) for method in dict.fromkeys(methods)}
        print(f"{what}: {len(methods)} sends and edits, {counts}; within a minute at most "
              f"{self.busiest_minute()}")  # fmt: skip
        assert self.busiest_minute() <= 6
        assert self.edits_apart() > 2.9


def a_club(server: BotApiServer, *, forum: bool = False, names: tuple[str, ...] = _NAMES) -> Club:
    people = [server.person(name) for name in names]
    chat = server.group("Club", people, forum=forum)
    topic = server.topic(chat, "Games", people[0]) if forum else None
    return Club(server, people, chat, topic)

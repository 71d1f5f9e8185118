"""A Bot API server on loopback: it stands in for Telegram, over real HTTP.

    async with BotApiServer(token="42:TEST") as server:
        ...  # methods at {server.url}/bot42:TEST/METHOD, files at {server.url}/file/bot42:TEST/PATH
        alice = server.person("Alice")
        photo = await alice.sends(photo=jpeg, caption="dog, cat")
        answer = await alice.hears(reply_to=photo)

On its own: `python -m clipbot_playground.botapi --port 0 --token 42:TEST` prints its URL.
"""

import argparse
import asyncio
import contextlib
import hmac
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clipbot_playground.botapi.delivery.loopback_server import LoopbackServer, disconnected
from clipbot_playground.botapi.methods import parameters
from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.methods.strictness import unknown_fields
from clipbot_playground.botapi.methods.table import METHODS
from clipbot_playground.botapi.model.chats import Chat, Topic
from clipbot_playground.botapi.model.errors import ApiError, NotFoundError, UnauthorizedError
from clipbot_playground.botapi.model.users import User
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.state.faults import FaultInjector, InjectedFault
from clipbot_playground.botapi.state.journal import Call, Journal, Violation
from clipbot_playground.botapi.state.world import World

T = TypeVar("T")


class BotApiServer:
    """The server for one bot, with the users and chats of that bot.

    Args:
        token: the bot's; the number before ":" is its user id.
        name: the bot's first name.
        username: the bot's, as in `/command@username`.
        port: 0 takes a free one.
        inline: whether inline mode is on, which a bot's owner asks BotFather for.

    Attributes:
        token: see above.
        faults: which of the next calls fail.
        world: users, chats, updates and files.
    """

    def __init__(
        self,
        token: str = "42:TEST",  # noqa: S107  # not a real token
        *,
        name: str = "Clip",
        username: str = "clip_test_bot",
        port: int = 0,
        inline: bool = True,
    ) -> None:
        bot = User(int(token.partition(":")[0]), name, username=username, is_bot=True)
        self.token = token
        self.world = World(bot, inline=inline)
        self.faults = FaultInjector()
        self._journal = Journal(self.world.notifier)
        routes = [
            Route("/bot{token}/{method}", self._method, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._file, methods=["GET"]),
        ]
        handlers: Any = {404: _not_found, 405: _not_found}
        self._loopback_server = LoopbackServer(
            Starlette(routes=routes, exception_handlers=handlers), port
        )

    @property
    def url(self) -> str:
        """The root, without a slash at the end; "" before `start`."""
        return self._loopback_server.url

    @property
    def calls(self) -> list[Call]:
        """All calls so far, in the order of their answers."""
        return self._journal.calls

    @property
    def violations(self) -> list[Violation]:
        """The calls that break the protocol."""
        return self._journal.violations

    def expecting(self, description: str = "") -> contextlib.AbstractContextManager[None]:
        """Accept, within this block, status 400 with this text in its description."""
        return self._journal.expecting(description)

    def calls_of(self, *methods: str) -> list[Call]:
        """Return the successful calls of these methods, in order."""
        return [call for call in self.calls if call.method in methods and call.status == 200]

    async def until(self, look: Callable[[], T | None], within: float = 20.0) -> T:
        """Wait until `look` returns something true, and return that.

        It is called again after every change on the server.

        Args:
            within: seconds to wait.

        Raises:
            TimeoutError: `look` returned nothing true for that long.
        """
        return await self.world.notifier.until(lambda: look() or None, within)

    def person(
        self, name: str, language: str | None = "en", *, username: str | None = None
    ) -> SimulatedUser:
        """Return a new person, who has not written to the bot yet."""
        return SimulatedUser(self.world, self.world.add_person(name, language, username))

    def group(
        self,
        title: str,
        members: Sequence[SimulatedUser],
        *,
        privacy: bool = True,
        forum: bool = False,
        supergroup: bool = True,
        bot_is_admin: bool = False,
    ) -> Chat:
        """Return a new group; the first member owns it and adds the bot.

        Args:
            privacy: the bot's privacy mode; see `model.chats.is_seen_by`.
            forum: whether the group has topics.
        """
        return self.world.add_group(
            title,
            [person.user for person in members],
            privacy_mode=privacy,
            forum=forum,
            supergroup=supergroup,
            bot_is_admin=bot_is_admin,
        )

    def topic(self, group: Chat, name: str, creator: SimulatedUser) -> Topic:
        """Return a new topic of a forum."""
        return self.world.add_topic(group, name, creator.user)

    def deletes_topic(self, group: Chat, topic: Topic) -> None:
        """Delete a topic with its messages."""
        self.world.delete_topic(group, topic)

    def forbids(self, group: Chat, *kinds: str) -> None:
        """Let only administrators send these kinds, such as "photos" and "text messages"."""
        group.forbids = frozenset(kinds)
        self.world.notifier.notify()

    def adds_bot(self, group: Chat, by: SimulatedUser) -> None:
        """Let a member add the bot to a group again."""
        self.world.set_bot_status(group, by.user, "member")

    def removes_bot(self, group: Chat, by: SimulatedUser) -> None:
        """Remove the bot from a group."""
        self.world.set_bot_status(group, by.user, "kicked")

    async def start(self) -> None:
        """Start to listen; afterwards `url` is set."""
        await self._loopback_server.start()

    async def stop(self) -> None:
        """End waiting calls and the webhook, finish other answers, and stop listening."""
        self.world.updates.close()
        await self.world.webhook.stop()
        await self._loopback_server.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _method(self, request: Request) -> Response:
        name = request.path_params["method"]
        method = METHODS.get(name.lower())

        async def answer(given: Parameters) -> Response:
            self._authorize(request)
            if method is None:
                raise NotFoundError("method not found")
            result = await method.answer(self.world, given)
            return JSONResponse({"ok": True, "result": result})

        spelled = name if method is None else method.name
        known = None if method is None else method.parameters
        return await self._answer(request, spelled, known, answer)

    async def _file(self, request: Request) -> Response:
        async def answer(given: Parameters) -> Response:
            self._authorize(request)
            file = self.world.files.by_path(request.path_params["path"])
            if file is None:
                raise NotFoundError
            return Response(file.content, media_type="application/octet-stream")

        return await self._answer(request, "file", None, answer)

    async def _answer(
        self,
        request: Request,
        method: str,
        known: frozenset[str] | None,
        answer: Callable[[Parameters], Awaitable[Response]],
    ) -> Response:
        """Answer a call or let it fail on demand, and add it to the journal."""
        began = time.monotonic()
        given = Parameters()
        fault = self.faults.take(method)
        try:
            given = await parameters.read(request)
            if known is not None and (fault is None or fault.drop == "after"):
                self._find_violations(method, known, given)
            if fault is not None and fault.drop != "after":
                response, reason = _failed(fault)
            else:
                response, reason = await _until_disconnect(request, answer(given)), ""
        except ApiError as error:
            response, reason = JSONResponse(error.to_json(), error.status), error.description
        dropped = fault is not None and fault.drop is not None
        size = len(response.body) if method == "file" else given.size
        self._journal.note(
            Call(
                method,
                given.recorded(),
                0 if dropped else response.status_code,
                time.time(),
                time.monotonic() - began,
                size,
                reason,
            ),
            is_fault=fault is not None,
        )
        if dropped:
            await self._loopback_server.cut(request)
        return response

    def _authorize(self, request: Request) -> None:
        given = request.path_params["token"].encode()
        if not hmac.compare_digest(given, self.token.encode()):
            raise UnauthorizedError

    def _find_violations(self, method: str, known: frozenset[str], given: Parameters) -> None:
        recorded = given.recorded()
        for name in [*given.unknown(known), *unknown_fields(recorded)]:
            self._journal.violate(method, f"unknown parameter {name}", recorded)


def _failed(fault: InjectedFault) -> tuple[Response, str]:
    if fault.drop is not None:
        return Response(), "connection dropped"
    answer = fault.to_json()
    headers = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return JSONResponse(answer, fault.status, headers), answer["description"]


async def _until_disconnect(request: Request, answer: Awaitable[Response]) -> Response:
    """Return the answer; a getUpdates ends early when its client disconnects."""
    working = asyncio.ensure_future(answer)
    watching = asyncio.ensure_future(disconnected(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if request.path_params.get("method", "").lower() == "getupdates" and not working.done():
            return Response(status_code=499)
        return await working
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.wait({working, watching})


async def _not_found(request: Request, error: Exception) -> Response:
    return JSONResponse(NotFoundError().to_json(), 404)


async def _serve(token: str, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with BotApiServer(token, port=port) as server:
        print(server.url, flush=True)
        await stopped.wait()


def main() -> None:
    """Run the server until SIGINT or SIGTERM; its URL is the first line of the output."""
    parser = argparse.ArgumentParser(description="A Bot API server on loopback, for tests of bots.")
    parser.add_argument("--token", default="42:TEST", help="the bot's token; default: 42:TEST")
    parser.add_argument("--port", type=int, default=0, help="default: 0, which takes a free one")
    given = parser.parse_args()
    uvloop.run(_serve(given.token, given.port))


if __name__ == "__main__":
    main()

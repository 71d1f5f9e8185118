"""One bot for all conversations: people differ from test to test, the process is the same.

All of these tests and fixtures share one event loop, the one in which the Bot API server lives.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import inference
from clipbot_playground.botapi.model.chats import Chat
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from inference.model.backends import openvino_backend
from tests.e2e.running import Clipbot
from tests.ports import reserved_port

Start = Callable[..., contextlib.AbstractAsyncContextManager[Clipbot]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            # before the one that pytest-asyncio's auto mode put there: the first one counts
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def has_demo() -> bool:
    """Whether the bundled model is there, whose answers mean something."""
    return (Path(inference.__file__).parent / "demo_model" / "config.json").is_file()


@pytest.fixture(scope="session")
def model(has_demo: bool, request: pytest.FixtureRequest) -> str:
    """CLIP_MODEL of these tests."""
    return "demo" if has_demo else str(request.getfixturevalue("tiny_clip_folder"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def telegram() -> AsyncIterator[BotApiServer]:
    """The Bot API server of the shared bot."""
    async with BotApiServer() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clipbot(
    telegram: BotApiServer, model: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Clipbot]:
    """The shared bot."""
    bot = Clipbot(
        telegram,
        tmp_path_factory.mktemp("clipbot"),
        CLIP_MODEL=model,
        LOG_LEVEL="DEBUG",
    )
    await bot.start()
    try:
        await bot.polls()
        # Any test may be the first one, and what its people wait for is no start.
        await bot.says("is ready on", within=90)
        yield bot
        assert await bot.stops() == 0
        await bot.leaves_nothing()
        assert telegram.token.split(":")[1] not in bot.log
        assert "Traceback" not in bot.log
    finally:
        await _put_down(bot)


@pytest.fixture
def server(telegram: BotApiServer, clipbot: Clipbot) -> Iterator[BotApiServer]:
    """The Bot API server, with the shared bot at it."""
    before = len(telegram.violations)
    yield telegram
    telegram.faults.clear()
    assert telegram.violations[before:] == []


@pytest.fixture
def alice(server: BotApiServer) -> SimulatedUser:
    return server.person("Alice Liddell")


@pytest.fixture
def bob(server: BotApiServer) -> SimulatedUser:
    return server.person("Bob")


@pytest.fixture
def group(server: BotApiServer, alice: SimulatedUser, bob: SimulatedUser) -> Chat:
    """Alice, Bob and the bot, which sees only what is meant for it."""
    return server.group("Friends of cats", [alice, bob])


@pytest_asyncio.fixture(loop_scope="session")
async def own_server() -> AsyncIterator[BotApiServer]:
    """A Bot API server for a bot of one test's own."""
    async with BotApiServer("77:OTHER_bot-Token") as server:
        yield server
    assert server.violations == []


@pytest.fixture
def start(own_server: BotApiServer, tmp_path: Path, model: str) -> Start:
    """Starts a bot of one test's own; leaving the block stops it, if it still runs.

    Its model is run by OpenVINO, where that is installed: the shared bot's is run by torch.
    """
    runtime = "openvino" if openvino_backend.is_installed() else "torch"
    ours = {
        "CLIP_MODEL": model,
        "CLIP_RUNTIME": runtime,
        "HF_ASSETS_CACHE": os.environ["HF_ASSETS_CACHE"],  # the first of them exports it
    }

    @contextlib.asynccontextmanager
    async def start(**settings: object) -> AsyncIterator[Clipbot]:
        bot = Clipbot(own_server, tmp_path / "clipbot", **{**ours, **settings})
        await bot.start()
        try:
            yield bot
            if bot.runs:
                assert await bot.stops() == 0
        finally:
            await _put_down(bot)
            assert own_server.token.split(":")[1] not in bot.log

    return start


@pytest.fixture
def port() -> Iterator[int]:
    """For a bot that serves something."""
    with reserved_port() as port:
        yield port


async def _put_down(bot: Clipbot) -> None:
    """Nothing of a test that failed is left running."""
    with contextlib.suppress(ProcessLookupError):
        await bot.is_killed()

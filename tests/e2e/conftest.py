"""One bot process for all conversations. Each test has its own people.

All of these tests and fixtures share one event loop, in which the Bot API server runs.
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
from tests.e2e.running import Clipbot, is_no_place
from tests.ports import reserved_port

Start = Callable[..., contextlib.AbstractAsyncContextManager[Clipbot]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            # Insert it before the marker of pytest-asyncio's auto mode: the first one applies.
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def has_demo() -> bool:
    """Return whether the bundled model is there. Its answers are right, unlike the tiny one's."""
    return (Path(inference.__file__).parent / "demo_model" / "config.json").is_file()


@pytest.fixture(scope="session")
def model(has_demo: bool, request: pytest.FixtureRequest) -> str:
    """Return the CLIP_MODEL of these tests."""
    return "demo" if has_demo else str(request.getfixturevalue("tiny_clip_folder"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def telegram() -> AsyncIterator[BotApiServer]:
    """Run the Bot API server of the shared bot."""
    async with BotApiServer() as server:
        server.world.is_heard = is_no_place
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clipbot(
    telegram: BotApiServer, model: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Clipbot]:
    """Run the shared bot."""
    bot = Clipbot(
        telegram,
        tmp_path_factory.mktemp("clipbot"),
        CLIP_MODEL=model,
        LOG_LEVEL="DEBUG",
    )
    await bot.start()
    try:
        await bot.polls()
        # Wait here, so that the first test does not wait for the model.
        await bot.says("is ready on", within=90)
        yield bot
        assert await bot.stops() == 0
        await bot.leaves_nothing()
        assert telegram.token.split(":")[1] not in bot.log
        assert "Traceback" not in bot.log
    finally:
        await _kill(bot)


@pytest.fixture
def server(telegram: BotApiServer, clipbot: Clipbot) -> Iterator[BotApiServer]:
    """Return the Bot API server that the shared bot uses."""
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
    """Return a group of Alice, Bob and the bot, which is in privacy mode."""
    return server.group("Friends of cats", [alice, bob])


@pytest_asyncio.fixture(loop_scope="session")
async def own_server() -> AsyncIterator[BotApiServer]:
    """Run a Bot API server for one test's own bot."""
    async with BotApiServer("77:OTHER_bot-Token") as server:
        server.world.is_heard = is_no_place
        yield server
    assert server.violations == []


@pytest.fixture
def start(own_server: BotApiServer, tmp_path: Path, model: str) -> Start:
    """Return a context manager that runs one test's own bot, and stops it at the end.

    The bot runs its model with OpenVINO if that is installed. The shared bot uses torch.
    """
    runtime = "openvino" if openvino_backend.is_installed() else "torch"
    defaults = {
        "CLIP_MODEL": model,
        "CLIP_RUNTIME": runtime,
        "HF_ASSETS_CACHE": os.environ["HF_ASSETS_CACHE"],  # the first bot exports the model there
    }

    @contextlib.asynccontextmanager
    async def start(**settings: object) -> AsyncIterator[Clipbot]:
        bot = Clipbot(own_server, tmp_path / "clipbot", **{**defaults, **settings})
        await bot.start()
        try:
            yield bot
            if bot.runs:
                assert await bot.stops() == 0
        finally:
            await _kill(bot)
            assert own_server.token.split(":")[1] not in bot.log

    return start


@pytest.fixture
def port() -> Iterator[int]:
    """Yield a free port for a bot that serves something."""
    with reserved_port() as port:
        yield port


async def _kill(bot: Clipbot) -> None:
    """Kill what a failed test has left running."""
    with contextlib.suppress(ProcessLookupError):
        await bot.is_killed()

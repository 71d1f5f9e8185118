"""One playground and one browser for all of these tests. Each test writes as another person."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from clipbot_playground.launcher import Playground, PlaygroundSettings
from inference.protocol.settings import load
from tests.e2e.playground import axe_core
from tests.e2e.playground.browser_session import SHOTS, BrowserSession
from tests.e2e.playground.scripted_playground import ScriptedPlayground
from tools import chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            # Each has several conversations, and each of their waits has its own limit.
            item.add_marker(pytest.mark.timeout(300))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    if (path := chromium.find()) is None:
        pytest.skip("no chromium is installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium.launching(path))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def open_session(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, model: str, has_demo: bool
) -> AsyncIterator[BrowserSession]:
    """The session that `session` gives to each test."""
    if not has_demo:
        pytest.skip("the bundled model is missing")
    folder = tmp_path_factory.mktemp("playground")
    settings = load(PlaygroundSettings, data_dir=folder, clip_model=model)
    SHOTS.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        playground = await stack.enter_async_context(Playground(settings, 0))
        yield BrowserSession(playground, browser)
        assert playground.server.violations == []


@pytest_asyncio.fixture(loop_scope="session")
async def session(open_session: BrowserSession) -> AsyncIterator[BrowserSession]:
    """The playground without open tabs. The browser must not report errors during the test."""
    yield open_session
    await open_session.close_tabs()
    complaints, open_session.complaints = open_session.complaints, []
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return axe_core.script()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def scripted() -> AsyncIterator[ScriptedPlayground]:
    """The page with a scripted bot. No two tests use the same names of people."""
    async with ScriptedPlayground() as scripted:
        scripted.site.add_person("Alex")
        yield scripted


@pytest_asyncio.fixture(loop_scope="session")
async def scripted_session(
    browser: Browser, scripted: ScriptedPlayground
) -> AsyncIterator[BrowserSession]:
    """`scripted` without open tabs. The browser must not report errors during the test."""
    session = BrowserSession(scripted, browser)
    yield session
    await session.close_tabs()
    assert session.complaints == []

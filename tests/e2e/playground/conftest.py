"""One playground and one browser for all of these tests; each speaks as somebody of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from clipbot_playground.launcher import Playground, PlaygroundSettings
from inference.protocol.settings import load
from tests.e2e.playground.browser_session import SHOTS, Desk
from tests.e2e.playground.scripted_playground import Stage
from tools import chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            # Several conversations each, every one with a wait of its own and its own limit.
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
async def open_desk(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, model: str, has_demo: bool
) -> AsyncIterator[Desk]:
    """What `desk` hands to each test."""
    if not has_demo:
        pytest.skip("the bundled model is not there")
    folder = tmp_path_factory.mktemp("playground")
    settings = load(PlaygroundSettings, data_dir=folder, clip_model=model)
    SHOTS.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        playground = await stack.enter_async_context(Playground(settings, 0))
        yield Desk(playground, browser)
        assert playground.server.violations == []


@pytest_asyncio.fixture(loop_scope="session")
async def desk(open_desk: Desk) -> AsyncIterator[Desk]:
    """The playground with no tab open; at the end nothing was to be complained of."""
    yield open_desk
    await open_desk.close_tabs()
    complaints, open_desk.complaints = open_desk.complaints, []
    assert complaints == []


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    """The page before a scripted bot; people of one test have names that no other test uses."""
    async with Stage() as stage:
        stage.site.add_person("Alex")
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def stage_desk(browser: Browser, stage: Stage) -> AsyncIterator[Desk]:
    """`stage` with no tab open; at the end the browser must not have complained."""
    desk = Desk(stage, browser)
    yield desk
    await desk.close_tabs()
    assert desk.complaints == []

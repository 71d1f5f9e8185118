"""While a model is downloaded, the page shows the progress and can be used."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import torch
from playwright.async_api import Browser, expect
from safetensors.torch import load_file, save_file

from clipbot_playground.launcher import Playground, PlaygroundSettings
from inference.protocol.settings import load
from tests.e2e.playground.browser_session import PATIENCE, PHRASES, SHOTS, BrowserSession
from tests.inference.model import checkpoints
from tests.playground.page.slow_hub import WEIGHTS, SlowHub

# The hub's client writes to the disk in pieces of 10 MB.
_PIECE = 10 * 1024 * 1024


@pytest_asyncio.fixture(loop_scope="session")
async def hub(tmp_path: Path) -> AsyncIterator[SlowHub]:
    """A hub that stops in the middle of the weights, which are much longer than the model needs."""
    folder = checkpoints.tiny_clip(tmp_path / "tiny-clip")
    weights = load_file(folder / WEIGHTS)
    ballast = torch.frombuffer(bytearray(os.urandom(2 * _PIECE)), dtype=torch.uint8)
    save_file(weights | {"ballast": ballast}, folder / WEIGHTS, metadata={"format": "pt"})
    async with SlowHub(folder, first=_PIECE) as hub:
        yield hub


async def test_a_download_shows_its_progress_and_blocks_nothing(
    browser: Browser, hub: SlowHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    # Seconds. With the default the hub's client would start again while the test looks at the page.
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "300")
    settings = load(PlaygroundSettings, data_dir=tmp_path, clip_model=hub.REPOSITORY)
    SHOTS.mkdir(exist_ok=True)
    async with Playground(settings, 0) as playground:
        session = BrowserSession(playground, browser)
        tab = await session.tab()
        banner = tab.page.locator("#banner")
        amount = banner.locator("#amount")
        half = f"49 % of {hub.size / 1e6:.1f} MB"
        # The worker imports torch first, which takes long on a busy machine.
        await expect(amount).to_have_text(half, timeout=2 * PATIENCE)
        await expect(banner).to_contain_text(f"Downloading {hub.REPOSITORY}.")
        shown = await banner.get_by_label("Download").evaluate("bar => bar.value / bar.max")
        assert shown == pytest.approx(_PIECE / hub.size, abs=0.001)
        await tab.says("/help")
        await expect(tab.answers).to_have_count(1)
        await tab.attaches("a-red-circle")
        await tab.says(PHRASES)
        await expect(session.figure(tab, "depth")).to_have_text("1")
        await tab.page.screenshot(path=SHOTS / "playground-download.png")
        hub.goes_on.set()
        await expect(tab.answers.locator(".picture img")).to_have_count(1)
        await expect(banner).to_be_hidden()
        await session.close_tabs()
        assert session.complaints == []
        assert playground.server.violations == []

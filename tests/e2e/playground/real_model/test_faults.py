"""What the page says when the real CLIP can't be downloaded or used, and how it goes on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from clipbot_playground.launcher import Playground
from inference.model.hub.cache import model_folder
from tests.e2e.playground.browser_session import BrowserSession
from tests.e2e.playground.real_model.banner import amount, banner, step
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub

_NO_HUB = (
    f"{REPOSITORY} can't be downloaded: the model hub can't be reached; check the name and the "
    "network."
)
_MB = 10**6


async def test_a_hub_out_of_reach_is_tried_again_and_the_download_is_cancelled(
    browser: Browser, hub: FakeHub, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    hub.may_continue.clear()
    async with playground:
        session = BrowserSession(playground, browser)
        tab = await session.tab()
        await step(tab, "Get the real CLIP").click()  # nobody could tell its size
        await expect(banner(tab)).to_have_text(f"{_NO_HUB}Try againCancel")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        await step(tab, "Try again").click()
        await expect(amount(tab)).to_contain_text("13 of 25 MB")
        await step(tab, "Cancel").click()
        await tab.is_told("Cancelled. What was downloaded is deleted.")
        await expect(step(tab, "Get the real CLIP (25 MB)")).to_be_visible()
        assert not list((model_folder(REPOSITORY) / "blobs").glob("*.incomplete"))
        await session.close_tabs()
        assert session.complaints == []


@pytest.fixture
def small_disk(tmp_path: Path, hub: FakeHub) -> Iterator[Path]:
    """A disk of 100 MB with the hub's cache: 64 MB stay free, and 25 MB is the model."""
    folder = Path(tmp_path / "cache")
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=100000k", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a small disk here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_told_before_and_in_the_middle(
    browser: Browser, hub: FakeHub, small_disk: Path, playground: Playground
) -> None:
    others = small_disk / "of-another-program"
    others.write_bytes(bytes(20 * _MB))
    async with playground:
        session = BrowserSession(playground, browser)
        tab = await session.tab()
        await step(tab, "Get the real CLIP (25 MB)").click()
        full = "the disk is full: 26 MB are still to come, and there is room for 15 MB"
        await expect(banner(tab)).to_contain_text(full)
        assert hub.fetched(WEIGHTS) == []
        others.unlink()
        hub.may_continue.clear()
        await step(tab, "Try again").click()
        await expect(amount(tab)).to_contain_text("13 of 25 MB")
        others.write_bytes(bytes(20 * _MB))
        hub.may_continue.set()
        await expect(banner(tab)).to_contain_text("the disk is full")
        await expect(amount(tab)).to_contain_text(" of 25 MB")
        (partial,) = (model_folder(REPOSITORY) / "blobs").glob("*.incomplete")
        received = partial.stat().st_size
        assert len(hub.files[WEIGHTS]) // 2 <= received < len(hub.files[WEIGHTS])
        others.unlink()
        await step(tab, "Try again").click()
        await expect(banner(tab)).to_contain_text("The real CLIP answers from now on.")
        assert hub.fetched(WEIGHTS)[-1].headers["range"] == f"bytes={received}-"
        await session.close_tabs()
        assert session.complaints == []

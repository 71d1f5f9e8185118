"""The banner: which model answers, the progress of its download, and what is wrong."""

from playwright.async_api import Browser, expect

from bot.services.child_process import Ended
from clipbot_playground.page.download import DownloadedBytes
from inference.protocol.messages import WorkerState, WorkerStatus
from tests.e2e.playground.browser_session import BrowserSession
from tests.e2e.playground.scripted_playground import ScriptedPlayground

_MODEL = "somebody/model"


def _worker(state: WorkerState, reason: str = "", *, model: str = _MODEL) -> WorkerStatus:
    return WorkerStatus(worker="a", model=model, state=state, reason=reason)


async def test_from_the_download_to_the_answer(browser: Browser) -> None:
    async with ScriptedPlayground(_MODEL) as scripted:
        scripted.site.add_person("Alex")
        session = BrowserSession(scripted, browser)
        tab = await session.tab()
        banner = tab.page.locator("#banner")
        await expect(banner).to_have_text(f"Loading {_MODEL}…")
        loading = _worker(WorkerState.LOADING)
        scripted.shows(loading, DownloadedBytes(2_500_000))
        await expect(banner).to_have_text(f"Downloading {_MODEL}.2.5 MB so far")
        bar = banner.get_by_label("Download")
        assert not await bar.evaluate("bar => bar.hasAttribute('value')")
        for received, said in ((0, "0"), (599_999_999, "99")):
            scripted.shows(loading, DownloadedBytes(received, 600_000_000))
            await expect(banner.locator("#amount")).to_have_text(f"{said} % of 600.0 MB")
            assert await bar.evaluate("bar => bar.value") == received
        scripted.shows(loading, DownloadedBytes(600_000_000, 600_000_000))
        await expect(banner).to_have_text(f"Loading {_MODEL}…")
        scripted.shows(_worker(WorkerState.FAILED, "The disk is full."))
        await expect(banner).to_have_text(f"The model {_MODEL} can't be used: The disk is full.")
        await expect(banner).to_have_class("bad")
        # The next attempt no longer shows the earlier error.
        told = "The model is being fetched: 3.0 MB."
        scripted.shows(_worker(WorkerState.LOADING, told), DownloadedBytes(3_000_000, 600_000_000))
        await expect(banner).to_have_text(f"Downloading {_MODEL}.0 % of 600.0 MB")
        await expect(banner).not_to_have_class("bad")
        scripted.shows(_worker(WorkerState.LOADING, "It has been loading for 10 minutes."))
        await expect(banner).to_have_text(f"Loading {_MODEL}…It has been loading for 10 minutes.")
        scripted.shows(_worker(WorkerState.READY))
        await expect(banner).to_be_hidden()
        await session.close_tabs()
        assert session.complaints == []


async def test_a_note_can_be_closed_on_a_phone(browser: Browser) -> None:
    async with ScriptedPlayground() as scripted:
        scripted.site.add_person("Alex")
        session = BrowserSession(scripted, browser)
        tab = await session.tab()
        await tab.page.set_viewport_size({"width": 390, "height": 844})
        banner = tab.page.locator("#banner")
        await expect(banner).to_contain_text("The demo model answers")
        hides = banner.get_by_role("button", name="Hide this note")
        await expect(hides).to_be_in_viewport(ratio=1)
        await hides.click()
        await expect(banner).to_be_hidden()
        await tab.page.reload()
        await expect(tab.page.locator("[data-figure=model]")).to_contain_text("demo")
        await expect(banner).to_be_hidden()
        scripted.shows(_worker(WorkerState.FAILED, "The disk is full.", model="demo"))
        await expect(banner).to_contain_text("The disk is full.")
        await hides.click()
        await expect(banner).to_be_hidden()
        scripted.shows(_worker(WorkerState.FAILED, "The memory is full.", model="demo"))
        await expect(banner).to_contain_text("The memory is full.")
        await session.close_tabs()
        assert session.complaints == []


async def test_the_banner_always_names_the_demo_model(browser: Browser) -> None:
    async with ScriptedPlayground() as scripted:
        scripted.site.add_person("Alex")
        session = BrowserSession(scripted, browser)
        tab = await session.tab()
        banner = tab.page.locator("#banner")
        for state in WorkerState:
            if state is not WorkerState.FAILED:
                scripted.shows(_worker(state, model="demo"))
                await expect(tab.page.locator("[data-figure=model]")).to_contain_text(state)
                await expect(banner).to_contain_text("The demo model answers")
        await session.close_tabs()


async def test_crashes_of_a_program_are_in_the_banner(browser: Browser) -> None:
    async with ScriptedPlayground() as scripted:
        scripted.site.add_person("Alex")
        session = BrowserSession(scripted, browser)
        tab = await session.tab()
        scripted.system_panel.ended = [Ended("worker", 2, -9)]
        scripted.shows(_worker(WorkerState.READY, model="demo"))
        await expect(tab.page.locator("#banner")).to_contain_text(
            "The worker stopped unexpectedly 2 times (status -9) and is starting again"
        )
        scripted.system_panel.ended = []
        scripted.shows(_worker(WorkerState.READY, model="demo"))
        await expect(tab.page.locator("#banner")).to_contain_text("The demo model answers")
        await session.close_tabs()
        assert session.complaints == []


async def test_the_page_says_that_the_playground_has_stopped(browser: Browser) -> None:
    async with ScriptedPlayground() as scripted:
        scripted.site.add_person("Alex")
        session = BrowserSession(scripted, browser)
        tab = await session.tab()
        await expect(tab.page.locator("#banner")).to_contain_text("The demo model answers")
    await expect(tab.page.locator("#banner")).to_contain_text("The playground has stopped.")
    await tab.page.get_by_role("button", name="Commands").click()
    await tab.is_told("The playground does not answer.")
    await expect(tab.page.locator("#popover")).to_be_hidden()
    await session.close_tabs()

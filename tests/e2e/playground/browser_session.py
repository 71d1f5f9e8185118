"""Tabs of a real browser that show a running playground."""

from pathlib import Path
from typing import Protocol

from playwright.async_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Locator,
    Page,
    Request,
    expect,
)

import inference
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page.site import Site
from tests.waiting import until

PHRASES = "a red circle, a blue square"
# The folder of the screenshots, which people look at.
SHOTS = Path(__file__).parents[3] / "test-output"
# Milliseconds. Generous, for a machine that runs other tests at the same time.
PATIENCE = 60_000
_SAMPLES = Path(inference.__file__).parent / "demo_model" / "samples"

# Records the texts of toasts, because they can disappear before a test on a busy machine looks.
_NOTE_TOASTS = """addEventListener("DOMContentLoaded", () => {
    window.told = [];
    const note = (change) => change.addedNodes.forEach((node) => told.push(node.textContent));
    new MutationObserver((changes) => changes.forEach(note))
        .observe(document.getElementById("toasts"), { childList: true });
});"""

expect.set_options(timeout=PATIENCE)


class OpenablePlayground(Protocol):
    """What a browser can open: a whole playground, or its page with a scripted bot."""

    site: Site
    server: BotApiServer

    @property
    def url(self) -> str: ...


class BrowserSession:
    """A running playground, and a browser that shows it.

    Attributes:
        complaints: errors in the browser's console, and requests to other servers.
    """

    def __init__(self, playground: OpenablePlayground, browser: Browser) -> None:
        self.playground = playground
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def tab(self, name: str = "", *, bypass_csp: bool = False) -> "Tab":
        """Open a new tab; with a name, a new person writes in it."""
        if name:
            self.playground.site.add_person(name)
        context = await self._browser.new_context(
            viewport={"width": 1280, "height": 800}, bypass_csp=bypass_csp
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        await context.add_init_script(_NOTE_TOASTS)
        tab = Tab(await context.new_page())
        self._watch(tab.page)
        await tab.page.goto(self.playground.url)
        if name:
            await tab.speaks_as(name)
        return tab

    def forgives(self, words: str) -> None:
        """Remove an expected error, such as the one that the browser logs for a refused request."""
        (heard,) = [line for line in self.complaints if words in line]
        self.complaints.remove(heard)

    async def close_tabs(self) -> None:
        """Close all tabs."""
        while self._contexts:
            await self._contexts.pop().close()

    def figure(self, tab: "Tab", name: str) -> Locator:
        """Return a figure of the system panel."""
        return tab.page.locator(f"[data-figure={name}]")

    def _watch(self, page: Page) -> None:
        def asked(request: Request) -> None:
            if not request.url.startswith((f"{self.playground.url}/", "blob:", "data:")):
                self.complaints.append(f"a request to {request.url}")

        page.on("request", asked)
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


class Tab:
    """What a person does with the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.own = page.locator("#thread li.own")
        self.answers = page.locator("#thread li:not(.own):not(.service):not(.empty)")

    async def speaks_as(self, name: str) -> None:
        await self.page.get_by_label("Write as").select_option(label=name)

    async def attaches(self, *names: str) -> None:
        await self.page.set_input_files("#files", [_picture(name) for name in names])
        await expect(self.page.locator("#thumbs li")).to_have_count(len(names))

    async def says(self, text: str = "") -> None:
        await self.page.fill("#words", text)
        await self.page.press("#words", "Enter")

    async def is_told(self, words: str) -> None:
        """Wait until a toast has shown this, even if it has disappeared."""

        async def look() -> bool:
            return any(words in said for said in await self.page.evaluate("window.told"))

        await until(look, True, PATIENCE / 1000)

    async def points_at(self, item: Locator, tool: str) -> None:
        await item.hover()
        await item.get_by_role("button", name=tool, exact=True).click()


def sample(name: str) -> bytes:
    """Return one of the pictures that come with the bundled model."""
    return (_SAMPLES / f"{name}.png").read_bytes()


def _picture(name: str) -> FilePayload:
    return {"name": f"{name}.png", "mimeType": "image/png", "buffer": sample(name)}

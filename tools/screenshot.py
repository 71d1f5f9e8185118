"""The README's picture of the playground: `make screenshot`, again whenever page or model change.

The bundled model answers, so that the picture is the same everywhere.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from clipbot_playground.launcher import Playground, PlaygroundSettings
from clipbot_playground.page.gallery import Gallery
from inference.protocol.settings import DEMO_MODEL, load
from tools import chromium

# Bytes; whoever reads the README waits for it.
LARGEST = 200_000
# What is sent, as far as the gallery has it: by somebody in the group, then in the private chat.
_WANTED = ("an-owl", "a-sailing-boat")
_PATIENCE = 120_000  # milliseconds; the model loads meanwhile
_DECODED = "Promise.all([...document.querySelectorAll('#thread img')].map((i) => i.decode()))"


async def take(folder: Path) -> bytes:
    """A JPEG of the page after a short conversation.

    Args:
        folder: for what the playground keeps while it runs.

    Raises:
        FileNotFoundError: there is no Chromium on this machine.
        ValueError: the picture is larger than `LARGEST`.
    """
    if (path := chromium.find()) is None:
        raise FileNotFoundError("There is no Chromium here (Debian: apt-get install chromium).")
    settings = load(PlaygroundSettings, data_dir=folder, clip_model=DEMO_MODEL)
    async with Playground(settings, 0) as playground, async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium.launching(path))
        page = await browser.new_page(
            viewport={"width": 1280, "height": 840}, device_scale_factor=1.25, color_scheme="light"
        )
        page.set_default_timeout(_PATIENCE)
        await page.goto(playground.url)
        await _talk(page)
        for quality in (88, 80, 70):
            picture = await page.screenshot(type="jpeg", quality=quality, animations="disabled")
            if len(picture) <= LARGEST:
                return picture
    raise ValueError(f"The picture has {len(picture):,} bytes, more than {LARGEST:,}.")


async def _talk(page: Page) -> None:
    """A sample in the group, one in private, and their charts."""
    # A job that waited for the model would tell of nothing but that.
    await expect(page.locator("[data-figure=model]")).to_contain_text("ready", timeout=_PATIENCE)
    in_group, in_private = _samples()
    chats = page.locator("#chat-list button")
    await chats.filter(has_text="Picture club").click()
    await page.get_by_label("Speak as").select_option(label="Bea")
    await _send(page, in_group)
    await chats.filter(has_text="Clip").filter(has_not_text="Picture club").click()
    await page.get_by_label("Speak as").select_option(label="Alex")
    await _send(page, in_private)
    await expect(page.locator("[data-figure=depth]")).to_have_text("0", timeout=_PATIENCE)
    await page.locator("#title").hover()  # away from the messages, whose tools would show
    await page.locator("#words").blur()


async def _send(page: Page, name: str) -> None:
    await page.get_by_label("Sample pictures").click()
    await page.locator(f'.sample:has(img[src$="/{name}"])').click()
    await page.locator("#thread li:not(.own) .picture img").wait_for()
    await page.evaluate(_DECODED)


def _samples() -> list[str]:
    there = [sample["name"] for sample in Gallery().to_json()["samples"]]
    return [name if name in there else there[index] for index, name in enumerate(_WANTED)]


def main() -> None:
    (target,) = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        picture = asyncio.run(take(Path(folder)))
    target.write_bytes(picture)
    print(f"{target}: {len(picture):,} bytes")


if __name__ == "__main__":
    main()

"""Take the README's picture of the playground. Run `make screenshot` when page or model change.

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

# Bytes. Readers of the README wait until it is loaded.
LARGEST = 200_000
# The samples that are sent, in the group and then in the private chat.
_WANTED = ("an-owl", "a-sailing-boat")
_TIMEOUT = 120_000  # milliseconds; the model is loaded in this time
_DECODED = "Promise.all([...document.querySelectorAll('#thread img')].map((i) => i.decode()))"


async def take(folder: Path) -> bytes:
    """Return a JPEG of the page after a short conversation.

    Args:
        folder: for the files of the playground.

    Raises:
        FileNotFoundError: no Chromium is installed.
        ValueError: the picture is larger than `LARGEST`.
    """
    if (path := chromium.find()) is None:
        raise FileNotFoundError("No Chromium is installed (Debian: apt-get install chromium).")
    settings = load(PlaygroundSettings, data_dir=folder, clip_model=DEMO_MODEL)
    async with Playground(settings, 0) as playground, async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium.launching(path))
        page = await browser.new_page(
            viewport={"width": 1280, "height": 840}, device_scale_factor=1.25, color_scheme="light"
        )
        page.set_default_timeout(_TIMEOUT)
        await page.goto(playground.url)
        await _talk(page)
        for quality in (88, 80, 70):
            picture = await page.screenshot(type="jpeg", quality=quality, animations="disabled")
            if len(picture) <= LARGEST:
                return picture
    raise ValueError(f"The picture has {len(picture):,} bytes, more than {LARGEST:,}.")


async def _talk(page: Page) -> None:
    """Send a sample in the group and one in private, and wait for their charts."""
    # The first chart of a job that waited for the model would say little else.
    await expect(page.locator("[data-figure=model]")).to_contain_text("ready", timeout=_TIMEOUT)
    in_group, in_private = _samples()
    chats = page.locator("#chat-list button")
    await chats.filter(has_text="Picture club").click()
    await page.get_by_label("Write as").select_option(label="Bea")
    await _send(page, in_group)
    await chats.filter(has_text="Clip").filter(has_not_text="Picture club").click()
    await page.get_by_label("Write as").select_option(label="Alex")
    await _send(page, in_private)
    await expect(page.locator("[data-figure=depth]")).to_have_text("0", timeout=_TIMEOUT)
    await page.locator("#title").hover()  # away from the messages, which would show their tools
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
    """Write the picture to the path in the command line."""
    (target,) = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        picture = asyncio.run(take(Path(folder)))
    target.write_bytes(picture)
    print(f"{target}: {len(picture):,} bytes")


if __name__ == "__main__":
    main()

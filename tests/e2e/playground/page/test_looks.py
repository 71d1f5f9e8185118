"""The page on a screen and on a phone. People can look at the screenshots."""

from playwright.async_api import FilePayload, Page, expect

from tests.e2e.playground.browser_session import PHRASES, SHOTS, BrowserSession, Tab

_LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
_PHONE = (390, 844)
_SCREEN = (1280, 800)


async def _shot(page: Page, name: str) -> None:
    """Take a screenshot; nothing may be wider than its container."""
    for box in ("html", "#chats", "#scroll", "#composer", "#popover", "#system-panel"):
        fits = "it => it.hidden || it.scrollWidth <= it.clientWidth"
        assert await page.locator(box).evaluate(fits), (name, box)
    size = page.viewport_size
    assert size is not None
    path = SHOTS / f"playground-{size['width']}x{size['height']}-{name}.png"
    await page.screenshot(path=path, animations="disabled")


async def _resize(page: Page, size: tuple[int, int]) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})


async def _is_at_its_end(page: Page) -> bool:
    end = "it => it.scrollHeight - it.scrollTop - it.clientHeight < 2"
    return bool(await page.locator("#scroll").evaluate(end))


async def _talks(tab: Tab) -> None:
    """Send an album, a file, a command whose answer has buttons, and long words."""
    await tab.attaches("a-red-circle", "a-blue-square", "a-yellow-star")
    await tab.says(f"{PHRASES}, a yellow star")
    await expect(tab.answers).to_have_count(1)
    await tab.attaches("a-red-circle")
    await tab.page.get_by_label("Send as file").check()
    await tab.says(PHRASES)
    await expect(tab.answers).to_have_count(2)
    await tab.says("/language")
    await expect(tab.answers.last.locator(".keyboard button")).to_have_count(2)
    await tab.attaches("a-yellow-star")
    await tab.says(f"{_LONG}, a yellow star, {_LONG[:40]}")
    await expect(tab.answers).to_have_count(4)
    await tab.page.evaluate(
        "Promise.all([...document.querySelectorAll('#thread img')].map((image) => image.decode()))"
    )


async def test_a_screen_and_a_phone(session: BrowserSession) -> None:
    tab = await session.tab(_LONG)
    await _resize(tab.page, _SCREEN)
    await _shot(tab.page, "empty")
    await _talks(tab)
    assert await _is_at_its_end(tab.page)
    await _shot(tab.page, "chat")
    await tab.page.locator("#scroll").evaluate("it => { it.scrollTop = 0; }")
    await expect(tab.page.get_by_label("Go to the latest message")).to_be_visible()
    await _shot(tab.page, "album")
    await tab.page.get_by_label("Go to the latest message").click()
    for name in ("Sample pictures", "Commands"):
        await tab.page.get_by_role("button", name=name, exact=True).click()
        await expect(tab.page.locator("#popover")).to_be_visible()
        await _shot(tab.page, name.lower().replace(" ", "-"))
        await tab.page.keyboard.press("Escape")
    await tab.page.get_by_label("Close the panel").click()
    await _resize(tab.page, _PHONE)
    await _shot(tab.page, "chats")
    await tab.page.locator("#chat-list [aria-current]").click()
    await expect(tab.page.locator("#conversation")).to_be_visible()
    await expect(tab.page.locator("#words")).to_be_focused()
    assert await _is_at_its_end(tab.page)
    await _shot(tab.page, "chat")
    await tab.page.get_by_role("button", name="Sample pictures", exact=True).click()
    await expect(tab.page.locator("#popover")).to_be_visible()
    await _shot(tab.page, "sample-pictures")
    await tab.page.keyboard.press("Escape")
    await tab.attaches("a-red-circle", "a-blue-square")
    await tab.points_at(tab.answers.last, "Reply")
    await tab.page.fill("#words", "a red circle, a blue square, and a line\nthat goes on\nand on")
    await _shot(tab.page, "draft")


async def test_the_tools_of_a_message_are_visible_on_a_phone(session: BrowserSession) -> None:
    tab = await session.tab("Otto")
    await tab.attaches("a-red-circle")
    await tab.says(PHRASES)
    await expect(tab.answers).to_have_count(1)
    await tab.page.get_by_label("Close the panel").click()
    await _resize(tab.page, _PHONE)
    await tab.page.locator("#chat-list [aria-current]").click()
    for item in (tab.own, tab.answers):
        place = await item.locator(".tools").bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= _PHONE[0]


async def test_the_panel_covers_a_phone_and_can_be_closed(session: BrowserSession) -> None:
    tab = await session.tab("Petra")
    await tab.says("/help")
    await expect(tab.answers).to_have_count(1)
    await tab.page.get_by_label("Close the panel").click()
    await _resize(tab.page, _PHONE)
    await tab.page.locator("#chat-list [aria-current]").click()
    panel = tab.page.locator("#system-panel")
    await tab.page.get_by_role("button", name="How it works inside").click()
    await expect(panel).to_be_visible()
    await panel.locator("#calls summary").first.click()
    await _shot(tab.page, "panel")
    await tab.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()


async def test_a_toast_covers_neither_the_latest_message_nor_the_draft(
    scripted_session: BrowserSession,
) -> None:
    tab = await scripted_session.tab("Quirin")
    await tab.says("hello")
    await expect(tab.own).to_have_count(1)
    for size in (_SCREEN, _PHONE):
        await _resize(tab.page, size)
        if size == _PHONE:
            await tab.page.locator("#chat-list [aria-current]").click()
        pdf: FilePayload = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
        await tab.page.set_input_files("#files", [pdf])
        await tab.says("a dog, a cat")
        toast = await tab.page.locator("#toasts p").last.bounding_box()
        scripted_session.forgives("422")
        latest = await tab.own.last.bounding_box()
        assert toast
        assert latest
        assert toast["width"] > 300  # one or two lines
        assert toast["y"] + toast["height"] <= latest["y"]
        await tab.page.get_by_label("Remove a.pdf").click()
        await expect(tab.page.locator("#toasts p")).to_have_count(0)


async def test_the_options_of_pictures_stand_in_one_column_on_a_phone(
    scripted_session: BrowserSession,
) -> None:
    tab = await scripted_session.tab("Rosa")
    await tab.page.get_by_label("Close the panel").click()
    await _resize(tab.page, _PHONE)
    await tab.page.locator("#chat-list [aria-current]").click()
    await tab.attaches("a-red-circle", "a-blue-square")
    boxes = [await tab.page.locator(f"#as-{name}").bounding_box() for name in ("file", "spoiler")]
    assert len({box["x"] for box in boxes if box}) == 1
    await _shot(tab.page, "options")
    await tab.attaches(*["a-red-circle"] * 10)
    await _shot(tab.page, "ten-pictures")

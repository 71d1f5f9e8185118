"""Each dialog of the page can be closed in three ways, and hides nothing afterwards."""

import pytest
from playwright.async_api import Locator, expect
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from tests.e2e.playground.browser_session import BrowserSession, Tab
from tests.e2e.playground.scripted_playground import ScriptedPlayground
from tests.playground.botapi.pictures import picture

_SCREEN = (1280, 800)
_PHONE = (390, 844)


async def _opens_a_picture(tab: Tab, _scripted: ScriptedPlayground) -> None:
    await tab.own.locator(".picture").click()


async def _opens_an_alert(tab: Tab, scripted: ScriptedPlayground) -> None:
    await tab.answers.get_by_role("button", name="Ask").click()
    query = await scripted.pressed()
    await query.answer("It can't be undone.", show_alert=True)


async def _adds_a_person(tab: Tab, _scripted: ScriptedPlayground) -> None:
    await tab.page.get_by_role("button", name="Add person").click()


async def _makes_a_group(tab: Tab, _scripted: ScriptedPlayground) -> None:
    await tab.page.get_by_role("button", name="New group").click()


_DIALOGS = {
    # How it is opened, and the button that closes it.
    "picture": (_opens_a_picture, "Close"),
    "alert": (_opens_an_alert, "OK"),
    "person": (_adds_a_person, "Cancel"),
    "group": (_makes_a_group, "Cancel"),
}


@pytest.mark.parametrize("name", _DIALOGS)
async def test_a_dialog_is_closed_by_its_button_escape_or_a_click_beside_it(
    scripted_session: BrowserSession, scripted: ScriptedPlayground, name: str
) -> None:
    opens, button = _DIALOGS[name]
    tab = await scripted_session.tab(f"Opener of {name}")
    await _says_a_picture(tab, scripted)
    box = tab.page.locator("#dialog")
    await expect(box).to_be_hidden()
    for size in (_SCREEN, _PHONE):
        await tab.page.set_viewport_size({"width": size[0], "height": size[1]})
        if size == _PHONE and name in ("picture", "alert"):
            await tab.page.locator("#chat-list [aria-current]").click()
        for way in (button, "Escape", "beside"):
            await opens(tab, scripted)
            await expect(box).to_be_visible()
            await expect(box.get_by_role("button", name=button)).to_be_in_viewport(ratio=1)
            if way == "beside":
                await _clicks_beside(box)
            elif way == "Escape":
                await tab.page.keyboard.press("Escape")
            else:
                await box.get_by_role("button", name=way).click()
            await expect(box).to_be_hidden()
            assert await _shown_though_hidden(tab) == []


async def test_a_group_of_many_people_can_be_made_on_a_phone(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    for number in range(30):
        scripted.server.person(f"Member {number}")
    tab = await scripted_session.tab("Maker of crowds")
    await tab.page.set_viewport_size({"width": _PHONE[0], "height": _PHONE[1]})
    await tab.page.get_by_role("button", name="New group").click()
    box = tab.page.locator("#dialog")
    await expect(box.get_by_role("button", name="Cancel")).to_be_in_viewport(ratio=1)
    await expect(box.get_by_label("Title")).to_be_in_viewport(ratio=1)
    await box.get_by_role("button", name="Cancel").click()


async def test_a_chart_of_ten_pictures_can_be_read(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await scripted_session.tab("Tall Tilda")
    await tab.says("hello")
    await expect(tab.own).to_have_count(1)
    chat = int(await tab.page.evaluate("JSON.parse(sessionStorage.getItem('open'))[0]"))
    await scripted.bot.send_photo(chat, picture(1080, 2600), "1. 🏆 a dog")
    small = tab.answers.locator(".picture img")
    await expect(small).to_have_js_property("complete", True)
    place = await small.bounding_box()
    assert place is not None
    assert place["width"] >= 280
    assert place["height"] == pytest.approx(place["width"] * 2600 / 1080, rel=0.01)  # not cut off
    await small.click()
    box = tab.page.locator("#dialog")
    large = box.locator("img")
    await expect(box).to_be_visible()
    await expect(box).to_be_in_viewport(ratio=1)
    natural = await large.evaluate("it => it.naturalWidth")
    for shows_all in (
        large.click,
        box.get_by_role("button", name="Full size").click,
    ):
        assert await large.evaluate("it => it.clientWidth") < natural
        await shows_all()
        await expect(large).to_have_js_property("clientWidth", natural)
        await expect(box.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
        await large.click()
    await tab.page.keyboard.press("Escape")
    await expect(box).to_be_hidden()


async def test_a_press_that_began_in_a_dialog_does_not_close_it(
    scripted_session: BrowserSession,
) -> None:
    tab = await scripted_session.tab("Selma")
    await tab.page.get_by_role("button", name="Add person").click()
    box, mouse = tab.page.locator("#dialog"), tab.page.mouse
    await tab.page.get_by_label("Name").fill("a long name to select")
    place = await tab.page.get_by_label("Name").bounding_box()
    assert place is not None
    await mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    await mouse.down()
    await mouse.move(5, 5)
    await mouse.up()
    await expect(box).to_be_visible()
    await expect(tab.page.get_by_label("Name")).to_have_value("a long name to select")


async def test_no_rule_shows_what_is_hidden(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await scripted_session.tab("Hidden Hanna")
    await _says_a_picture(tab, scripted)
    assert await tab.page.evaluate(_WITH_EVERY_CLASS) == []
    found = """() => [...document.querySelectorAll("body *")].filter((node) => {
        const before = node.hasAttribute("hidden");
        node.toggleAttribute("hidden", true);
        const shown = getComputedStyle(node).display !== "none";
        node.toggleAttribute("hidden", before);
        return shown;
    }).map((node) => node.outerHTML.slice(0, 80))"""
    assert await tab.page.evaluate(found) == []


# The classes of the style sheets that would show the closed dialog.
_WITH_EVERY_CLASS = """() => {
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
    const names = new Set(rules.flatMap((rule) => rule.cssText.match(/\\.[a-z][a-z-]*/g) ?? []));
    const box = document.getElementById("dialog");
    return [...names].filter((name) => {
        box.className = name.slice(1);
        return getComputedStyle(box).display !== "none";
    });
}"""


async def _says_a_picture(tab: Tab, scripted: ScriptedPlayground) -> None:
    """Send a photo, and let the bot answer with a button."""
    await tab.attaches("a-red-circle")
    await tab.says("a dog, a cat")
    await expect(tab.own.locator(".picture img")).to_have_js_property("complete", True)
    chat = int(await tab.page.evaluate("JSON.parse(sessionStorage.getItem('open'))[0]"))
    ask = InlineKeyboardMarkup([[InlineKeyboardButton("Ask", callback_data="ask")]])
    await scripted.bot.send_photo(chat, picture(300, 500), "Well?", reply_markup=ask)
    await expect(tab.answers.locator(".picture img")).to_have_js_property("complete", True)


async def _clicks_beside(box: Locator) -> None:
    """Click a little to the right of the visible part of the dialog."""
    seen = box.locator("img") if await box.locator("img").count() else box
    place = await seen.bounding_box()
    assert place is not None
    await box.page.mouse.click(place["x"] + place["width"] + 4, place["y"] + place["height"] / 2)


async def _shown_though_hidden(tab: Tab) -> list[str]:
    """Return hidden elements that are visible, and any element that covers the chat."""
    return list(
        await tab.page.evaluate(
            """() => {
                const hidden = [...document.querySelectorAll("[hidden], dialog:not([open])")];
                const shown = hidden.filter((node) => node.getClientRects().length > 0);
                const { innerWidth: x, innerHeight: y } = window;
                const top = document.elementFromPoint(x / 2, y / 2);
                return [...shown, ...(top.closest("#frame") ? [] : [top])]
                    .map((node) => node.outerHTML.slice(0, 80));
            }"""
        )
    )

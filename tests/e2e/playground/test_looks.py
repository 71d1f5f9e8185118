"""How it looks on a screen and on a phone; the screenshots are for people to look at."""

from playwright.async_api import expect

from tests.e2e.playground.desk import SHOTS, Desk


async def test_nothing_is_wider_than_a_phone(desk: Desk) -> None:
    tab = await desk.tab("Otto")
    await tab.attaches("a-red-circle")
    await tab.says("a red circle, " + "a" * 60 + ", a blue square")
    await expect(tab.answers).to_have_count(1)
    await tab.page.get_by_label("Close the panel").click()
    await tab.page.set_viewport_size({"width": 390, "height": 844})
    for inside in (False, True):
        if inside:
            await tab.page.locator("#chat-list button", has_text="as Otto").click()
            await expect(tab.page.locator("#conversation")).to_be_visible()
        for box in ("html", "#chats", "#scroll", "#composer"):
            assert await tab.page.evaluate(
                "box => { const it = document.querySelector(box);"
                " return it.scrollWidth <= it.clientWidth; }",
                box,
            ), box
    assert await tab.page.evaluate(
        "() => { const it = document.querySelector('#scroll');"
        " return it.scrollHeight - it.scrollTop - it.clientHeight < 2; }"
    )
    await tab.page.screenshot(path=SHOTS / "playground-phone.png")
    assert await tab.page.evaluate("document.activeElement.id") == "words"
    for item in (tab.own, tab.answers):
        place = await item.locator(".tools").bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 390
    panel = tab.page.locator("#bonnet")
    await tab.page.get_by_role("button", name="Under the bonnet").click()
    await expect(panel).to_be_visible()
    assert await panel.evaluate("it => it.scrollWidth <= it.clientWidth")
    await tab.page.screenshot(path=SHOTS / "playground-phone-panel.png")
    await tab.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()

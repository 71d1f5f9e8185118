"""Several people in a group, and new people and groups."""

from playwright.async_api import expect

from tests.e2e.playground.browser_session import PHRASES, BrowserSession


async def test_a_command_in_the_group_as_somebody_else(session: BrowserSession) -> None:
    tab = await session.tab()
    await tab.page.locator("#chat-list button", has_text="Picture club").click()
    await tab.speaks_as("Bea")
    await tab.attaches("a-red-circle")
    await tab.says(f"/classify {PHRASES}")
    answer = tab.answers.filter(has_text="🏆")  # another one greets the group
    await expect(answer.locator(".words")).to_contain_text("🏆 a red circle")
    await expect(answer.locator(".quote")).to_contain_text("Bea")
    await tab.speaks_as("Carlos")
    await expect(tab.own).to_have_count(0)
    await expect(tab.answers.locator(".sender", has_text="Bea")).to_have_count(1)


async def test_new_people_and_groups(session: BrowserSession) -> None:
    tab = await session.tab()
    await tab.page.get_by_role("button", name="Add person").click()
    await tab.page.get_by_label("Name").fill("Jana")
    await tab.page.keyboard.press("Enter")
    chosen = tab.page.locator("#speaker option:checked")
    await expect(chosen).to_have_text("Jana")
    await tab.page.get_by_role("button", name="New group").click()
    await tab.page.get_by_label("Title").fill("Painters")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator("#title")).to_have_text("Painters")
    await expect(chosen).to_have_text("Jana")
    await tab.page.get_by_role("button", name="Add person").click()
    await tab.page.get_by_label("Name").fill("Karl")
    await tab.page.keyboard.press("Enter")
    await expect(chosen).to_have_text("Karl")
    await expect(tab.page.locator(".service").last).to_contain_text("Karl joined the group")
    await tab.page.get_by_role("button", name="New group").click()
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("#dialog")).to_be_hidden()


async def test_the_samples_close_when_another_chat_opens(session: BrowserSession) -> None:
    tab = await session.tab("Lisa")
    popover, button = tab.page.locator("#popover"), tab.page.get_by_label("Sample pictures")
    for elsewhere in ("#chat-list button:has-text('Picture club')", "#title"):
        await button.click()
        await expect(popover).to_be_visible()
        await expect(button).to_have_attribute("aria-expanded", "true")
        await tab.page.locator(elsewhere).click()
        await expect(popover).to_be_hidden()
        await expect(button).to_have_attribute("aria-expanded", "false")

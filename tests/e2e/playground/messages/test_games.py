"""Each game on the page, from its start to the leaderboard."""

from playwright.async_api import Locator, expect

from tests.e2e.playground.browser_session import BrowserSession, Tab


async def _club(session: BrowserSession, title: str, *names: str) -> Tab:
    """Open a group of new people in a tab, in which the first of them writes."""
    people = [session.playground.site.add_person(name) for name in names]
    session.playground.server.group(title, people)
    tab = await session.tab()
    await tab.speaks_as(names[0])
    await tab.page.locator("#chat-list button", has_text=title).click()
    return tab


async def _board(tab: Tab, words: str) -> Locator:
    """Wait until the latest message has these words, and return it."""
    await expect(tab.answers.last).to_contain_text(words)
    number = await tab.answers.last.get_attribute("data-id")
    return tab.page.locator(f'#thread li[data-id="{number}"]')


async def test_beat_clip(session: BrowserSession) -> None:
    tab = await _club(session, "Guessers", "Gus", "Hedi")
    await tab.attaches("a-red-circle")
    await tab.says("/guess a red circle, a blue square, a green triangle")
    board = await _board(tab, "Beat CLIP")
    await board.get_by_role("button", name="a red circle", exact=True).click()
    await tab.is_told("✔ noted: a red circle")
    await tab.speaks_as("Hedi")
    await board.get_by_role("button", name="a blue square", exact=True).click()
    await tab.is_told("✔ noted: a blue square")
    await tab.speaks_as("Gus")
    await board.get_by_role("button", name="Reveal").click()
    result = tab.answers.last
    await expect(result.locator(".picture img")).to_have_count(1)
    await expect(result).to_contain_text("🥇 Gus +")
    await expect(result).to_contain_text("❌ Hedi: a blue square")
    await expect(board.get_by_role("button", name="Reveal")).to_have_count(0)
    await tab.says("/score")
    await expect(tab.answers.last).to_contain_text("1. Gus – ")


async def test_caption_duel(session: BrowserSession) -> None:
    tab = await _club(session, "Duellists", "Ilse", "Jon")
    await tab.attaches("two-blue-squares")
    await tab.says("/duel")
    board = await _board(tab, "Caption duel")
    for name, phrase in (("Ilse", "two blue squares"), ("Jon", "a yellow star")):
        await tab.speaks_as(name)
        await tab.points_at(board, "Reply")
        await tab.says(phrase)
        await expect(tab.own.last).to_contain_text(phrase)
    await board.get_by_role("button", name="Time left").click()
    await tab.is_told("Yours: a yellow star")
    await tab.speaks_as("Ilse")
    await tab.says("/skip")
    result = tab.answers.last
    await expect(result.locator(".picture img")).to_have_count(1)
    await expect(result).to_contain_text("🥇 Ilse: “two blue squares”")
    await expect(result).to_contain_text("🥈 Jon: “a yellow star”")


async def test_photo_hunt(session: BrowserSession) -> None:
    tab = await _club(session, "Hunters", "Kim", "Lou")
    await tab.says("/play")
    await tab.answers.get_by_role("button", name="Photo hunt").click()
    await expect(tab.answers.last).to_contain_text("Photo hunt: find")
    await tab.says("/stop")
    await expect(tab.answers.last).to_contain_text("cancelled")
    await tab.says("/hunt a red circle")
    board = await _board(tab, "find a red circle!")
    for name, sample in (("Kim", "a-blue-square"), ("Lou", "a-red-circle")):
        await tab.speaks_as(name)
        await tab.points_at(board, "Reply")
        await tab.attaches(sample)
        await tab.says()
        await expect(tab.own.last.locator(".quote")).to_contain_text("Photo hunt")
    await board.get_by_role("button", name="Time left").click()
    await tab.is_told("📷 1/3")  # Lou's, so that it is not too late for it
    await tab.speaks_as("Kim")
    await tab.says("/skip")
    await expect(tab.answers.last).to_contain_text("🥇 Lou")
    await expect(tab.answers.last).to_contain_text("CLIP compared it with")

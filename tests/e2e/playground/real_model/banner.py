"""The parts of the banner in a tab."""

from playwright.async_api import Locator

from tests.e2e.playground.browser_session import Tab


def banner(tab: Tab) -> Locator:
    return tab.page.locator("#banner")


def step(tab: Tab, name: str) -> Locator:
    """Return the button with this label."""
    return banner(tab).get_by_role("button", name=name, exact=True)


def amount(tab: Tab) -> Locator:
    """Return the text beside the progress bar."""
    return tab.page.locator("#amount")

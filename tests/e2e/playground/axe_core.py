"""axe-core, which finds what keeps people from using a page."""

from importlib.resources import files

from playwright.async_api import Page


def script() -> str:
    """Return the script of axe-core, which the package axe-playwright-python contains."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def violations(page: Page, part: str = "html") -> list[str]:
    """Return the violations that axe-core finds in a part of the page, one for each element."""
    return list(
        await page.evaluate(
            """async (part) => {
                const tags = ["wcag2a", "wcag2aa"];
                const how = { runOnly: { type: "tag", values: tags } };
                const { violations } = await axe.run(part, how);
                return violations.flatMap((v) => v.nodes.map(
                    (n) => `${v.id}: ${n.target} ${n.failureSummary}`));
            }""",
            part,
        )
    )

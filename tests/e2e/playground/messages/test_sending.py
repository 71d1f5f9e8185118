"""Sending pictures: samples, albums, files, dropped and pasted ones."""

import asyncio
import io

from PIL import Image
from playwright.async_api import FilePayload, Route, expect

from tests.e2e.playground.browser_session import PHRASES, SHOTS, BrowserSession, sample


async def test_an_album_gets_one_answer(session: BrowserSession) -> None:
    tab = await session.tab("Dora")
    await tab.attaches("a-red-circle", "a-blue-square")
    await tab.says(PHRASES)
    await expect(tab.own.locator(".grid img")).to_have_count(2)
    await expect(tab.answers.locator(".words")).to_contain_text("1. 🏆 a red circle")
    await expect(tab.answers.locator(".words")).to_contain_text("2. 🏆 a blue square")
    await expect(tab.answers).to_have_count(1)
    await expect(tab.page.locator("#attached")).to_be_hidden()
    # Both pictures of an album are in one batch.
    await expect(session.figure(tab, "batch")).to_have_text("2")


async def test_a_picture_sent_as_a_file(session: BrowserSession) -> None:
    tab = await session.tab("Emil")
    await tab.attaches("a-red-circle")
    await tab.page.get_by_label("Send as file").check()
    await tab.says(PHRASES)
    await expect(tab.own.locator(".file")).to_contain_text("a-red-circle.png")
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 a red circle")
    await tab.attaches("a-blue-square")
    await expect(tab.page.get_by_label("Send as file")).not_to_be_checked()


async def test_pictures_dropped_and_pasted(session: BrowserSession) -> None:
    tab = await session.tab("Quinn")
    for kind, place in (("drop", "#chat-list"), ("paste", "body")):
        await tab.page.evaluate(
            """async ([kind, place]) => {
                const blob = await (await fetch("/play/samples/a-red-circle")).blob();
                const held = new DataTransfer();
                held.items.add(new File([blob], "circle.png", { type: "image/png" }));
                const given = { bubbles: true, cancelable: true };
                document.querySelector(place).dispatchEvent(kind === "drop"
                    ? new DragEvent("drop", { ...given, dataTransfer: held })
                    : new ClipboardEvent("paste", { ...given, clipboardData: held }));
            }""",
            [kind, place],
        )
    await expect(tab.page.locator("#thumbs img")).to_have_count(2)
    await tab.page.get_by_label("Remove circle.png").first.click()
    await expect(tab.page.locator("#thumbs img")).to_have_count(1)
    await tab.says(PHRASES)
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 a red circle")


async def test_one_click_on_a_sample_shows_its_chart(session: BrowserSession) -> None:
    tab = await session.tab("Uma")
    await tab.page.get_by_label("Sample pictures").click()
    await expect(tab.page.locator("#popover .licence")).to_contain_text("licence")
    await tab.page.locator(".sample", has=tab.page.get_by_alt_text("two blue squares")).click()
    await expect(tab.page.locator("#popover")).to_be_hidden()
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 two blue squares")
    chart = tab.answers.locator(".picture img")
    await expect(chart).to_have_js_property("complete", True)
    assert await chart.evaluate("image => image.naturalWidth") > 300


async def test_more_pictures_than_an_album_takes(session: BrowserSession) -> None:
    tab = await session.tab("Vera")
    many: list[FilePayload] = [
        {"name": f"{n}.png", "mimeType": "image/png", "buffer": b""} for n in range(12)
    ]
    await tab.page.set_input_files("#files", many)
    await expect(tab.page.locator("#thumbs li")).to_have_count(10)
    await tab.is_told("An album can have up to 10 pictures.")


async def test_a_refused_file_returns_to_the_draft(session: BrowserSession) -> None:
    tab = await session.tab("Willy")
    text: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"milk, eggs"}
    await tab.page.set_input_files("#files", [text])
    await tab.says(PHRASES)
    await tab.is_told("Send it as a file")
    await expect(tab.page.locator("#thumbs li")).to_have_text("notes.txt")
    await expect(tab.page.locator("#words")).to_have_value(PHRASES)
    await expect(tab.own).to_have_count(0)
    session.forgives("422")


async def test_too_large_pictures_are_not_sent(session: BrowserSession) -> None:
    tab = await session.tab("Xenia")
    await tab.page.evaluate(
        """() => {
            const held = new DataTransfer();
            for (const name of ["a", "b"]) held.items.add(new File([new Uint8Array(26e6)], name));
            const given = { bubbles: true, cancelable: true, dataTransfer: held };
            document.body.dispatchEvent(new DragEvent("drop", given));
        }"""
    )
    await tab.says(PHRASES)
    await tab.is_told("Telegram takes up to 50 MB at once.")
    await expect(tab.page.locator("#thumbs li")).to_have_count(2)
    await expect(tab.page.locator("#words")).to_have_value(PHRASES)


async def test_a_refusal_does_not_overwrite_new_text(session: BrowserSession) -> None:
    tab = await session.tab("Yara")
    written = asyncio.Event()

    async def refuses(route: Route) -> None:
        await written.wait()
        await route.fulfill(status=422, json={"error": "No."})

    await tab.page.route("**/play/send", refuses)
    await tab.says("first")
    await tab.page.fill("#words", "second")
    written.set()
    await tab.is_told("This was not sent: first")
    await expect(tab.page.locator("#words")).to_have_value("second")
    session.forgives("422")


async def test_a_moving_gif_is_sent_as_telegrams_apps_do_and_its_first_frame_sorted(
    session: BrowserSession,
) -> None:
    tab = await session.tab("Gil")
    frames = [Image.open(io.BytesIO(sample(name))) for name in ("a-red-circle", "a-blue-square")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=300)
    gif: FilePayload = {"name": "a.gif", "mimeType": "image/gif", "buffer": buffer.getvalue()}
    await tab.page.set_input_files("#files", [gif])
    await tab.says(PHRASES)
    await expect(tab.own.locator(".file")).to_contain_text("animation.gif.mp4")
    await tab.answers.locator(".keyboard button").first.click()
    await expect(tab.answers.last.locator(".words")).to_contain_text("🏆 a red circle")
    await expect(tab.answers.last.locator(".picture")).to_be_visible()
    await tab.page.screenshot(path=SHOTS / "gif.png")

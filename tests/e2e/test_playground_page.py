"""The playground's page, by hand in a real Chromium: everything that a person can do there, once.

All tests share one playground; each speaks as somebody of its own, in that person's own chat.
"""

import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Locator, Page, async_playwright, expect

import inference
from bot.playground.front.playground import Playground, PlaygroundSettings
from inference.settings import load
from tests.inference.asker import until

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_SAMPLES = Path(inference.__file__).parent / "demo_model" / "samples"
_SHOTS = Path(__file__).parents[2] / "test-output"
_PHRASES = "a red circle, a blue square"

pytestmark = pytest.mark.skipif(_CHROMIUM is None, reason="no chromium is installed")
expect.set_options(timeout=20_000)


class Desk:
    """A running playground, and a browser to open it in."""

    def __init__(self, playground: Playground, browser: Browser) -> None:
        self.playground = playground
        self.complaints: list[str] = []
        self._browser = browser

    async def tab(self, name: str = "", *, bypass_csp: bool = False) -> "Tab":
        """A fresh tab; with a name, somebody new speaks in it."""
        if name:
            self.playground.site.add_person(name)
        context = await self._browser.new_context(
            viewport={"width": 1280, "height": 800}, bypass_csp=bypass_csp
        )
        context.set_default_timeout(20_000)
        tab = Tab(await context.new_page())
        self.watch(tab.page)
        await tab.page.goto(self.playground.url)
        if name:
            await tab.speaks_as(name)
        return tab

    def watch(self, page: Page) -> None:
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def figure(self, tab: "Tab", name: str) -> Locator:
        return tab.page.locator(f"[data-figure={name}]")


class Tab:
    """What a person does with the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.own = page.locator("#thread li.own")
        self.answers = page.locator("#thread li:not(.own):not(.service):not(.empty):not(.day)")

    async def speaks_as(self, name: str) -> None:
        await self.page.get_by_label("Speak as").select_option(label=name)

    async def attaches(self, *names: str) -> None:
        await self.page.set_input_files("#files", [_picture(name) for name in names])
        await expect(self.page.locator("#thumbs li")).to_have_count(len(names))

    async def says(self, text: str = "") -> None:
        await self.page.fill("#words", text)
        await self.page.press("#words", "Enter")

    async def points_at(self, item: Locator, tool: str) -> None:
        await item.hover()
        await item.get_by_role("button", name=tool, exact=True).click()


def _picture(name: str) -> FilePayload:
    content = (_SAMPLES / f"{name}.png").read_bytes()
    return {"name": f"{name}.png", "mimeType": "image/png", "buffer": content}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(
    tmp_path_factory: pytest.TempPathFactory, model: str, has_demo: bool
) -> AsyncIterator[Desk]:
    if not has_demo:
        pytest.skip("the bundled model is not there")
    folder = tmp_path_factory.mktemp("playground")
    settings = load(PlaygroundSettings, data_dir=folder, clip_model=model)
    _SHOTS.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        playground = await stack.enter_async_context(Playground(settings, 0))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        stack.push_async_callback(browser.close)
        found = Desk(playground, browser)
        yield found
        assert found.complaints == []
        assert playground.server.violations == []


async def test_an_album_gets_one_answer(desk: Desk) -> None:
    tab = await desk.tab("Dora")
    await tab.attaches("a-red-circle", "a-blue-square")
    await tab.says(_PHRASES)
    await expect(tab.own.locator(".grid img")).to_have_count(2)
    await expect(tab.answers.locator(".words")).to_contain_text("1. 🏆 a red circle")
    await expect(tab.answers.locator(".words")).to_contain_text("2. 🏆 a blue square")
    await expect(tab.answers).to_have_count(1)
    await expect(tab.page.locator("#attached")).to_be_hidden()
    # both pictures of an album go through the model together
    await expect(desk.figure(tab, "batch")).to_have_text("2")


async def test_a_picture_sent_as_a_file(desk: Desk) -> None:
    tab = await desk.tab("Emil")
    await tab.attaches("a-red-circle")
    await tab.page.get_by_label("Send as file").check()
    await tab.says(_PHRASES)
    await expect(tab.own.locator(".file")).to_contain_text("a-red-circle.png")
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 a red circle")
    await tab.attaches("a-blue-square")
    await expect(tab.page.get_by_label("Send as file")).not_to_be_checked()


async def test_pictures_dropped_and_pasted(desk: Desk) -> None:
    tab = await desk.tab("Quinn")
    for kind, place in (("drop", "#conversation"), ("paste", "#words")):
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
    await tab.says(_PHRASES)
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 a red circle")


async def test_a_reply_with_other_phrases(desk: Desk) -> None:
    tab = await desk.tab("Fanny")
    await tab.attaches("a-red-circle")
    await tab.says("a dog, a cat")
    await expect(tab.answers).to_have_count(1)
    await tab.points_at(tab.own.first, "Reply")
    await expect(tab.page.locator("#context-title")).to_have_text("Reply to Fanny")
    await tab.says(_PHRASES)
    await expect(tab.own.last.locator(".quote")).to_contain_text("Fanny")
    await expect(tab.answers.last.locator(".words")).to_contain_text("🏆 a red circle")
    await expect(tab.page.locator("#context")).to_be_hidden()


async def test_the_question_after_a_photo_without_a_caption(desk: Desk) -> None:
    tab = await desk.tab("Gustav")
    await tab.attaches("a-blue-square")
    await tab.says()
    await expect(tab.answers).to_contain_text("Which phrases")
    await expect(tab.page.locator("#context-title")).to_have_text("Reply to Clip")
    await tab.says(_PHRASES)
    await expect(tab.own.last.locator(".quote")).to_contain_text("Which phrases")
    await expect(tab.answers.locator(".words").last).to_contain_text("🏆 a blue square")


async def test_a_button_and_its_toast(desk: Desk) -> None:
    tab = await desk.tab("Hanna")
    await tab.says("/language")
    await tab.answers.get_by_role("button", name="Español").click()
    await expect(tab.page.locator("#toasts p")).to_contain_text("español")


async def test_an_edited_caption_edits_the_answer(desk: Desk) -> None:
    tab = await desk.tab("Ivo")
    await tab.attaches("a-red-circle")
    await tab.says("a dog, a cat")
    await expect(tab.answers.locator(".picture img")).to_have_count(1)
    await tab.points_at(tab.own.first, "Edit")
    await expect(tab.page.locator("#words")).to_have_value("a dog, a cat")
    await tab.says(_PHRASES)
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 a red circle")
    await expect(tab.answers).to_have_count(1)
    await expect(tab.own.locator(".meta")).to_contain_text("edited")
    await expect(tab.page.locator("#words")).to_have_value("")


async def test_a_command_in_the_group_as_somebody_else(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.page.locator("#chat-list button", has_text="Picture club").click()
    await tab.speaks_as("Bea")
    await tab.attaches("a-red-circle")
    await tab.says(f"/classify {_PHRASES}")
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 a red circle")
    await expect(tab.answers.locator(".quote")).to_contain_text("Bea")
    await tab.speaks_as("Carlos")
    await expect(tab.own).to_have_count(0)
    await expect(tab.answers.first.locator(".sender")).to_have_text("Bea")


async def test_new_people_and_groups(desk: Desk) -> None:
    tab = await desk.tab()
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


async def test_two_tabs_and_a_reload_show_the_same(desk: Desk) -> None:
    tab = await desk.tab("Lena")
    await tab.says("/help")
    await expect(tab.answers).to_have_count(1)
    other = await desk.tab()
    await other.speaks_as("Lena")
    await expect(other.answers).to_have_count(1)
    await other.says("/privacy")
    await expect(tab.answers).to_have_count(2)
    said = await tab.page.locator("#thread .words").all_inner_texts()
    await tab.page.reload()
    await expect(tab.answers).to_have_count(2)
    assert await tab.page.locator("#thread .words").all_inner_texts() == said
    await expect(tab.page.locator("#speaker option:checked")).to_have_text("Lena")


async def test_the_keyboard(desk: Desk) -> None:
    tab = await desk.tab("Mona")
    menu, words = tab.page.locator("#popover"), tab.page.locator("#words")
    await tab.page.get_by_role("button", name="Commands").click()
    await expect(menu.locator(".command b").first).to_be_visible()
    assert "/labels" in await menu.locator(".command b").all_inner_texts()
    await tab.page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(words).to_be_focused()
    await words.press_sequentially("one")
    await words.press("Shift+Enter")
    await words.press_sequentially("two")
    await expect(tab.own).to_have_count(0)
    await words.press("Enter")
    await expect(tab.own.locator(".words")).to_contain_text("one\ntwo")
    await expect(words).to_have_value("")
    await expect(tab.answers).to_have_count(1)
    await tab.points_at(tab.own, "Reply")
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("#context")).to_be_hidden()


async def test_the_figures_are_true(desk: Desk) -> None:
    tab = await desk.tab("Nils")
    server = desk.playground.server
    worker = _child("worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        for _ in range(2):
            await tab.attaches("a-red-circle")
            await tab.says(_PHRASES)
        await expect(desk.figure(tab, "depth")).to_have_text("2")
    finally:
        os.kill(worker, signal.SIGCONT)
    await expect(tab.answers.locator(".words")).to_have_count(2)
    await expect(desk.figure(tab, "depth")).to_have_text("0")
    for method in ("sendPhoto", "getUpdates"):

        async def agrees(method: str = method) -> bool:
            counted = sum(call.method == method for call in server.calls)
            return await desk.figure(tab, method).inner_text() == str(counted)

        await until(agrees, True)
    assert len(server.calls_of("sendPhoto")) >= 2


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
    await tab.page.screenshot(path=_SHOTS / "playground-phone.png")
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
    await tab.page.screenshot(path=_SHOTS / "playground-phone-panel.png")
    await tab.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()


async def test_the_banners_command_stays_selected(desk: Desk) -> None:
    tab, other = await desk.tab(), await desk.tab("Rosa")
    await tab.page.locator("#banner code").click(click_count=3)
    selected = "getSelection().toString()"
    command = await tab.page.evaluate(selected)
    assert "clipbot playground --model" in command
    before = await desk.figure(tab, "calls").inner_text()
    await other.says("/help")
    await expect(desk.figure(tab, "calls")).not_to_have_text(before)
    assert await tab.page.evaluate(selected) == command


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(desk: Desk, axe: str, theme: str) -> None:
    tab = await desk.tab(f"Paula {theme}", bypass_csp=True)
    await tab.page.emulate_media(reduced_motion="reduce")
    await tab.page.evaluate("name => { document.documentElement.dataset.theme = name; }", theme)
    await tab.page.evaluate(axe)
    found = {"empty chat": await _violations(tab.page)}
    await tab.attaches("a-red-circle")
    found["attached"] = await _violations(tab.page)
    await tab.says(_PHRASES)
    await expect(tab.answers.locator(".picture img")).to_have_count(1)
    await tab.says("/language")
    await tab.answers.get_by_role("button", name="Español").click()
    await expect(tab.page.locator("#toasts p")).to_be_visible()
    await tab.own.first.hover()
    found["chat"] = await _violations(tab.page)
    await tab.page.screenshot(path=_SHOTS / f"playground-{theme}.png")
    await tab.own.first.get_by_role("button", name="Edit", exact=True).click()
    for name in ("Commands", "Sample pictures"):
        await tab.page.get_by_role("button", name=name, exact=True).click()
        await expect(tab.page.locator("#popover")).to_be_visible()
        found[name] = await _violations(tab.page)
        await tab.page.keyboard.press("Escape")
    for name in ("Add person", "New group"):
        await tab.page.get_by_role("button", name=name, exact=True).click()
        found[name] = await _violations(tab.page)
        await tab.page.keyboard.press("Escape")
    await tab.own.locator(".picture").click()
    found["enlarged"] = await _violations(tab.page)
    assert {where: lines for where, lines in found.items() if lines} == {}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from npm's registry."""
    if (npm := shutil.which("npm")) is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("axe")
    packing = [npm, "pack", "axe-core", "--silent", "--cache", str(folder / "cache")]
    try:
        subprocess.run(packing, cwd=folder, check=True, capture_output=True, timeout=30)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("axe-core can't be had from npm's registry")
    (packed,) = folder.glob("axe-core-*.tgz")
    with tarfile.open(packed) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


async def _violations(page: Page) -> list[str]:
    """What axe-core says against the page as it is now, a line for each element."""
    return list(
        await page.evaluate(
            """async () => {
                const tags = ["wcag2a", "wcag2aa"];
                const { violations } = await axe.run({ runOnly: { type: "tag", values: tags } });
                return violations.flatMap((v) => v.nodes.map(
                    (n) => `${v.id}: ${n.target} ${n.failureSummary}`));
            }"""
        )
    )


def _child(words: str) -> int:
    """The id of this process's child whose command line ends in these words."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended while we looked
            continue
        if parent == os.getpid() and b" ".join(line).decode().strip().endswith(words):
            return int(folder.name)
    raise LookupError(words)

"""The page of an evaluation in a real browser: on a phone and for everybody, in light and dark."""

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from inference.evaluate.dataset import Dataset
from inference.evaluate.figures import compute
from inference.evaluate.journal import Prediction
from inference.evaluate.page import render
from inference.evaluate.report import EvaluationReport, ModelRun
from tests.e2e.playground import axe_core
from tests.e2e.playground.axe_core import violations
from tools import chromium

LABELS = ["a cat", "🐢 une tortue", "x" * 100, "a long phrase of many words " * 3] + [
    f"label number {at}" for at in range(9)
]


def a_run(template: str, right: int, *, sigmoid_scores: bool = False) -> ModelRun:
    """Return a run with 60 predictions, the first ones right."""
    said = []
    for at in range(60):
        label = at % len(LABELS)
        wrong = (label + 1 + at % 3) % len(LABELS)
        best = [label, wrong] if at < right else [wrong, label]
        said.append(
            Prediction(
                path="a_very_long_name_of_a_folder/" * 3 + f"{at}.png", size=1, modified=1,
                label=label, best=best, probabilities=[(at % 20) / 20 + 0.04, 0.0],
                rank=best.index(label), fit=0.5, none_fits=at % 9 == 0,
                none_fits_without=at % 2 == 0,
            )
        )  # fmt: skip
    return ModelRun(
        model="someone/a-model-with-a-rather-long-name-of-the-hub", template=template,
        device="cpu", numbers="float32, torch", sigmoid_scores=sigmoid_scores, is_demo=True,
        milliseconds=12.3, model_milliseconds=10.0, figures=compute(LABELS, said),
    )  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    report = EvaluationReport(
        dataset="pictures", machine="a processor, 2 cores", clipbot="1", pictures=61,
        labels=LABELS, notes=["2 files in no sub-folder: left out."],
        unreadable={"a/bad.png": "This file is not a picture."},
        runs=[a_run("none", 40), a_run("a photo of {} in the rain", 50, sigmoid_scores=True)],
    )  # fmt: skip
    path = tmp_path / "page.html"
    path.write_text(render(report, Dataset(tmp_path, tuple(LABELS), ())), encoding="utf-8")
    return path


async def width(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))


async def test_the_page_fits_a_phone_and_axe_finds_nothing(file: Path) -> None:
    if (path := chromium.find()) is None:
        pytest.skip("no chromium is installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium.launching(path))
        asked: list[str] = []
        for scheme in ("light", "dark"):
            page = await browser.new_page(viewport={"width": 360, "height": 740})
            page.on("request", lambda request: asked.append(request.url))
            await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            await page.goto(file.as_uri())
            await page.evaluate(
                "document.querySelectorAll('details').forEach(one => { one.open = true; })"
            )
            assert await width(page) == 360
            await page.evaluate(axe_core.script())
            assert await violations(page) == []
        assert asked == [file.as_uri()] * 2
        await browser.close()

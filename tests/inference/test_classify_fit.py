"""`clipbot classify` where none of the phrases fits."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

import inference
from inference.cli import classify
from inference.model.classifier import Comparison, LabelSet, ScriptedClassifier, colour_of
from tests.inference.conftest import Type

SAMPLES = Path(inference.__file__).parent / "demo_model" / "samples"
PHRASES = "a red car, a green tree, a blue sea"


@pytest.fixture
def knows_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scripted model find that labels fit red pictures, green ones less, and no others."""
    fits = {"red": 0.9, "green": 0.6, "blue": 0.03}
    compare = ScriptedClassifier.compare

    def compared(
        self: ScriptedClassifier, images: list[Image.Image], sets: list[LabelSet]
    ) -> list[Comparison]:
        found = compare(self, images, sets)
        return [
            replace(one, fit=fits[colour_of(image)], looks_like_photo=colour_of(image) == "blue")
            for one, image in zip(found, images, strict=True)
        ]

    monkeypatch.setattr(ScriptedClassifier, "compare", compared)


@pytest.mark.usefixtures("knows_the_fit")
def test_where_no_phrase_fits_the_text_says_so_and_the_winner_stays(types: Type) -> None:
    lines = types("blue.png", PHRASES).stdout.splitlines()
    assert lines[:2] == ["The image is classified as: a blue sea", "None of these seems to fit."]
    rows = [line for line in lines if "%" in line]
    assert len(rows) == 4
    assert "something else (measured apart, against everyday things)" in rows[-1]
    assert "97.0 %" in rows[-1]
    warned = types("green.png", PHRASES).stdout
    assert "40.0 %" in warned
    assert "seems to fit" not in warned
    assert "something else" not in types("red.png", PHRASES).stdout


@pytest.mark.usefixtures("knows_the_fit")
def test_json_has_the_fit_beside_unchanged_probabilities(types: Type) -> None:
    red, blue = map(json.loads, types("red.png", "blue.png", PHRASES, "--json").stdout.splitlines())
    assert (red["fit"], red["none_fits"]) == (0.9, False)
    assert (blue["fit"], blue["none_fits"]) == (0.03, True)
    assert sum(blue["probabilities"].values()) == pytest.approx(1.0)
    assert len(blue["probabilities"]) == 3


@pytest.mark.usefixtures("knows_the_fit")
def test_a_single_sigmoid_phrase_that_does_not_fit(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedClassifier, "sigmoid_scores", True)
    assert "It does not seem to fit." in types("blue.png", "a tree").stdout


@pytest.mark.usefixtures("knows_the_fit")
def test_a_chart_is_higher_where_no_phrase_fits(types: Type) -> None:
    heights = []
    for colour in ("red", "blue"):
        types(f"{colour}.png", PHRASES, "--chart", "chart.png")
        with Image.open("chart.png") as chart:
            heights.append(chart.height)
    assert heights[0] < heights[1]


@pytest.mark.usefixtures("knows_the_fit")
def test_a_photograph_is_reported_apart_from_the_results(types: Type) -> None:
    result = types("blue.png", "red.png", PHRASES, "--json")
    assert result.stderr == (
        "blue.png: This looks like a photograph, which the demo model does not know.\n"
    )


def test_the_demo_model_tells_what_is_far_off() -> None:
    """With real weights, from the command to the sentence."""
    sample = str(SAMPLES / "a-rocket.png")
    near, far = (
        json.loads(CliRunner(env={"CLIP_MODEL": "demo"}).invoke(classify, words).stdout)
        for words in (
            [sample, "a rocket, a slice of pizza, a dog", "--json"],
            [sample, "a slice of pizza, a dog, a red car", "--json"],
        )
    )
    assert not near["none_fits"]
    assert far["none_fits"]

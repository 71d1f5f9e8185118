"""`clipbot evaluate` equals an independent script: same winners, to the last picture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from inference.cli import evaluate
from inference.model.classifier import LabelSet
from inference.model.encoder.templates import is_bare_noun
from inference.model.engine import Engine
from inference.model.hub.checkpoint_files import DEMO_FOLDER
from tests.inference.evaluate.conftest import PICTURES
from tests.inference.model.reference import ReferenceModel

TEMPLATES = ("none", "a drawing of {}", "auto")
AVERAGED = (
    "itap of a {}.", "a bad photo of the {}.", "a origami {}.", "a photo of the large {}.",
    "a {} in a video game.", "art of the {}.", "a photo of the small {}.",
)  # fmt: skip


class IndependentScript:
    """What a host would write with transformers alone."""

    def __init__(self, folder: Path) -> None:
        self.model = ReferenceModel(DEMO_FOLDER)
        folders = sorted(path for path in folder.iterdir())
        self.labels = [path.name.replace("_", " ") for path in folders]
        self.names, self.images, self.right = [], [], []
        for at, own in enumerate(folders):
            for file in sorted(own.iterdir()):
                self.names.append(f"{own.name}/{file.name}")
                self.images.append(Image.open(file).convert("RGB"))
                self.right.append(at)

    def scores(self, template: str) -> "np.ndarray[Any, Any]":
        """Return the probabilities, [pictures, labels]."""
        texts = [self.texts(label, template) for label in self.labels]
        return self.model.classify_means(self.images, texts)

    @staticmethod
    def texts(label: str, template: str) -> list[str]:
        if template == "auto":
            bare = is_bare_noun(label)
            return [one.replace("{}", label) for one in AVERAGED] if bare else [label]
        return [label if template == "none" else template.replace("{}", label)]


@pytest.fixture(scope="module")
def report(drawings: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The report of the command."""
    words = [str(drawings), "--model", "demo", "--json", "-", "--device", "cpu"]
    words += [word for template in TEMPLATES for word in ("--template", template)]
    kept = tmp_path_factory.mktemp("results")
    done = CliRunner().invoke(evaluate, [*words, "--results", str(kept)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("template", TEMPLATES)
def test_winners_and_figures_equal_an_independent_script(
    drawings: Path, report: Any, template: str
) -> None:
    script = IndependentScript(drawings)
    [run] = [run for run in report["runs"] if run["template"] == template]
    figures, scores = run["figures"], script.scores(template)
    assert report["labels"] == script.labels
    right, winners = np.array(script.right), scores.argmax(axis=1)
    hits = winners == right
    assert 0.5 < hits.mean() < 1.0  # else this test would see no difference
    assert figures["pictures"] == PICTURES
    assert figures["right"] == hits.sum()
    assert figures["accuracy"] == hits.mean()
    counts = np.zeros((len(script.labels),) * 2, int)
    for truth, winner in zip(right, winners, strict=True):
        counts[truth, winner] += 1
    assert figures["confusion"] == counts.tolist()
    best_five = (-scores).argsort(axis=1)[:, :5]
    assert figures["top_5"] == (best_five == right[:, None]).any(axis=1).mean()
    expected = calibration_error(scores.max(axis=1), hits)
    assert figures["calibration_error"] == pytest.approx(expected, abs=1e-5)
    wrong = {script.names[at] for at in np.flatnonzero(~hits)}
    assert {one["path"] for one in figures["mistakes"]} == wrong


def calibration_error(sure: "np.ndarray[Any, Any]", hits: "np.ndarray[Any, Any]") -> float:
    """Return Guo's expected calibration error with 15 bins, in plain loops."""
    error = 0.0
    for at in range(15):
        own = [i for i, p in enumerate(sure) if at / 15 < p <= (at + 1) / 15]
        if own:
            gap = abs(sum(hits[i] for i in own) / len(own) - sum(sure[i] for i in own) / len(own))
            error += gap * len(own) / len(sure)
    return error


def test_none_of_these_equals_comparisons_one_by_one(
    drawings: Path, report: Any, demo: Engine
) -> None:
    script = IndependentScript(drawings)
    while not demo.encode_bank(10):
        pass
    labels, found, false = tuple(script.labels), 0, 0
    for image, at in zip(script.images, script.right, strict=True):
        [whole] = demo.compare([image], [LabelSet(labels)])
        [without] = demo.compare([image], [LabelSet(labels[:at] + labels[at + 1 :])])
        false += whole.none_fits
        found += without.none_fits
    assert 0 < found < PICTURES
    figures = report["runs"][0]["figures"]
    assert figures["none_of_these"] == {
        "recall": found / PICTURES,
        "false_alarms": false / PICTURES,
    }


def test_a_model_that_does_not_tell_gives_no_figure(drawings: Path, tmp_path: Path) -> None:
    words = [str(drawings), "--model", "demo", "--json", "-", "--results", str(tmp_path)]
    off = CliRunner(env={"NONE_FITS": "off"}).invoke(evaluate, words)
    assert json.loads(off.stdout)["runs"][0]["figures"]["none_of_these"] is None

"""The report of an evaluation, as `--json` writes it and tables and page show it."""

import os
import platform
import re
from pathlib import Path

import msgspec

from inference import cores
from inference.evaluate.figures import Figures


class ModelRun(msgspec.Struct, frozen=True, kw_only=True):
    """One model with one template.

    Attributes:
        template: `none`, `auto`, or a sentence with `{}`.
        numbers: what the model computes with, such as `float32, torch`.
        sigmoid_scores: True if probabilities are sigmoids, which need not add up to 1.
        milliseconds: per picture, with reading it and for all templates of this model together;
            None if all predictions were there already.
        model_milliseconds: the part of it in which the model worked.
    """

    model: str
    template: str
    device: str
    numbers: str
    sigmoid_scores: bool
    is_demo: bool
    milliseconds: float | None
    model_milliseconds: float | None
    figures: Figures


class EvaluationReport(msgspec.Struct, frozen=True, kw_only=True):
    """How well models do on a dataset.

    Attributes:
        dataset: the folder or CSV file, as given.
        machine: the processor and how many of its cores are used.
        pictures: how many files there are.
        unreadable: for each file that no model could read, why.
        notes: sentences about what was left out.
    """

    dataset: str
    machine: str
    clipbot: str
    pictures: int
    labels: list[str]
    notes: list[str]
    unreadable: dict[str, str]
    runs: list[ModelRun]

    @property
    def best(self) -> ModelRun:
        """The run with the best accuracy; the first of several."""
        return max(self.runs, key=lambda run: run.figures.accuracy)


def machine() -> str:
    """Return the processor's name and how many cores this process may use."""
    name = ""
    if os.path.exists("/proc/cpuinfo"):  # noqa: PTH110
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
        name = found[1] if found else ""
    number = cores.available()
    name = name or platform.processor() or platform.machine()
    return f"{name}, {number} core{'' if number == 1 else 's'}"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share for people: `93.4 %`, or a dash where there is none."""
    return "–" if share is None else f"{share * 100:.{digits}f} %"

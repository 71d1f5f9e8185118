"""The page and its plots are made from a file alone."""

import io
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from clipbot_benchmarks.report import page, table
from clipbot_benchmarks.report.figures import Bench, NotMeasured
from clipbot_benchmarks.report.targets import check_targets
from tests.benchmarks.report.stored import empty, stored, with_gpu


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "docs" / "benchmarks.md"


def written(bench: Bench, target: Path, *others: Bench) -> str:
    page.write(bench, target, others)
    return target.read_text(encoding="utf-8")


def test_every_plot_of_the_page_is_there_for_light_and_dark(target: Path) -> None:
    text = written(stored(), target)
    plots = {str(path.relative_to(target.parent)) for path in target.parent.rglob("*.svg")}
    assert len(plots) == 8
    for plot in plots:
        assert f'"{plot}"' in text
        ET.parse(target.parent / plot)


def test_the_same_figures_make_the_same_files(target: Path) -> None:
    def files() -> dict[str, bytes]:
        written(stored(), target)
        return {path.name: path.read_bytes() for path in target.parent.rglob("*.*")}

    assert files() == files()


def test_every_target_is_on_the_page(target: Path) -> None:
    text = written(stored(), target).replace(r"\|", "|")
    for check in check_targets(stored()):
        assert check.line in text
        assert f"**{check.shown}**" in text
    assert text.count("not met") == 2


def test_every_line_of_a_table_has_as_many_cells(target: Path) -> None:
    rows = [
        line.replace(r"\|", "").count("|")
        for block in written(with_gpu(), target).split("\n\n")
        if block.startswith("|")
        for line in block.splitlines()
        if line.replace(r"\|", "").count("|") != block.splitlines()[1].count("|")
    ]
    assert rows == []


def test_the_page_names_random_weights_and_quick_runs(target: Path) -> None:
    quick = msgspec.structs.replace(stored(), quick=True)
    text = written(quick, target)
    assert "Random weights in the shape of openai/clip-vit-base-patch32" in text
    assert "can't be trusted" in text


def test_what_was_not_measured_is_listed_with_its_reason(target: Path) -> None:
    assert "torch.compile bfloat16, because no C++ compiler is installed" in written(
        stored(), target
    )


def test_notes_beside_the_plots_stay(target: Path) -> None:
    notes = target.with_suffix("") / page.NOTES
    notes.parent.mkdir(parents=True)
    notes.write_text("int8 was fastest, and wrong.\n")
    for _ in range(2):
        assert "int8 was fastest, and wrong." in written(stored(), target)


def test_a_gpu_of_another_machine_has_its_section(target: Path) -> None:
    text = written(stored(), target, with_gpu())
    assert "## On a GPU: NVIDIA Example" in text
    assert "benchmarks/gpu-1/gpu-dark.svg" in text
    assert (target.parent / "benchmarks/gpu-1/gpu-dark.svg").is_file()
    assert "## On a GPU" not in written(stored(), target)


def test_a_gpu_measured_on_another_machine_is_not_listed_as_missing(target: Path) -> None:
    bench = stored()
    bench.model_side.not_measured.append(NotMeasured("gpu", "there is no GPU"))
    assert "- gpu, because there is no GPU" in written(bench, target)
    assert "- gpu," not in written(bench, target, with_gpu())


def test_a_run_without_figures_makes_a_page_too(target: Path) -> None:
    text = written(empty(), target)
    assert "not measured" in text
    assert "<picture>" not in text


@pytest.mark.parametrize("bench", [stored(), with_gpu(), empty()])
def test_the_terminal_shows_every_target(bench: Bench) -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    table.show(bench, console)
    shown = console.export_text()
    for check in check_targets(bench):
        assert check.line in shown

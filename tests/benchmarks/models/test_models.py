"""`clipbot models`: what it tells, and where the figures come from."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from clipbot_benchmarks.models import shapes, speed, table
from clipbot_benchmarks.models.speed import Measured, Speed
from inference.protocol.models import ModelPreset, presets

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "models.md"
MEASURED = ROOT / "docs" / "benchmarks" / "models.json"
NAMES = [preset.name for preset in presets()]


def test_the_page_has_the_table_that_the_command_prints() -> None:
    printed = CliRunner().invoke(main, ["models", "--markdown", "--measured", str(MEASURED)])
    assert printed.exit_code == 0
    assert printed.stdout in PAGE.read_text(encoding="utf-8")
    assert printed.stdout.count("\n") == len(NAMES) + 2


def test_the_page_names_the_processor_and_the_sources() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    measured = speed.read(MEASURED)
    assert measured
    assert measured.machine in page
    assert "arXiv:2502.14786" in page
    assert "openclip_multilingual_retrieval_results.csv" in page


def test_on_a_terminal_each_model_has_its_figures(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["models", "--measured", str(tmp_path / "none.json")])
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    for preset in presets():
        rows = [line for line in lines if line.startswith(preset.name)]
        assert len(rows) == 3
        assert f"{preset.megabytes:,} MB" in rows[0]
        assert f"{preset.imagenet:.1f} %" in rows[1]
        assert preset.hub_id in rows[2]
    assert max(map(len, lines)) <= 80
    assert "clipbot models --measure" in shown.stdout


def test_what_was_measured_is_kept_and_shown(tmp_path: Path) -> None:
    file = tmp_path / "models.json"
    file.write_text(
        '{"machine": "a machine", "speeds": {"clip-b32": '
        '{"milliseconds": 31.6, "megabytes": 712, "how": "cpu, torch, float32"}}}'
    )
    found = speed.read(file)
    assert found == Measured("a machine", {"clip-b32": Speed(31.6, 712, "cpu, torch, float32")})
    asked = CliRunner().invoke(main, ["models", "--json", "--measured", str(file)])
    rows = {row["name"]: row for row in json.loads(asked.stdout)}
    assert list(rows) == NAMES
    assert (rows["clip-b32"]["milliseconds"], rows["clip-b32"]["memory_megabytes"]) == (31.6, 712)
    assert rows["clip-l14"]["milliseconds"] is None
    assert not rows["clip-b32"]["cached"]
    assert "| 151 M | 605 MB | 712 MB | 32 |" in table.as_markdown(found)
    file.write_text("[1]")
    assert speed.read(file) is None


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.name)
def test_each_shape_has_the_parameters_that_are_told(preset: ModelPreset) -> None:
    assert shapes.parameters(preset) == preset.parameters


@pytest.mark.parametrize("family", ["CLIP", "SigLIP 2"])
def test_a_model_is_measured_with_random_weights(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = next(each for each in presets() if each.family == family)
    whole = shapes.config

    def tiny(of: ModelPreset) -> object:
        shape = whole(of)
        for part in (shape.text_config, shape.vision_config):
            part.num_hidden_layers = 1
        return shape

    monkeypatch.setattr(shapes, "config", tiny)
    checkpoint = shapes.write(preset, tmp_path / "checkpoint")
    found = speed.measure(checkpoint, runtime="torch")
    assert found.milliseconds > 0
    assert found.megabytes > 50
    assert found.how.startswith("cpu, torch, ")


def test_the_table_needs_no_library_of_the_worker() -> None:
    script = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'transformers', 'PIL', 'numpy')))\n"
        "from clipbot_benchmarks.models.cli import models; models(['--json'])"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert len(json.loads(ran.stdout)) == len(NAMES)


def test_measuring_without_these_libraries_is_one_sentence(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from clipbot_benchmarks.models.cli import models\n"
        f"models(['--measure', '--measured', {str(tmp_path / 'models.json')!r}])"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert ran.returncode == 1
    assert ran.stderr == b"clipbot: Measuring needs torch: pip install 'clipbot[worker]'.\n"

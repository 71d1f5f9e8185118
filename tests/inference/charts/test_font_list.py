"""Charts use fonts that were installed after matplotlib had made its list."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inference.charts import font_list
from inference.diagnosis import check_fonts

PROGRAM = """
import json
from inference.charts import font_list, fonts
from inference.charts.text_layout import TextStyle, width

old = font_list.families()
measured = width("W 猫", TextStyle(30))
print(json.dumps({
    "old": sorted(old),
    "primary_family": fonts.primary_family(),
    "drawn": fonts.drawable("W 猫")[0],
    "kept": width("W 猫", TextStyle(30)) == measured,
    "again": font_list.refresh(0),
    "path": str(font_list.path()),
}))
"""


def printed(program: str, folder: Path) -> Any:
    """Run a program whose matplotlib keeps its list in this folder; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MPLCONFIGDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture
def list_without_noto(tmp_path: Path) -> Path:
    """Return a list that matplotlib made before Noto's fonts were installed."""
    if not any(name.startswith("Noto Sans CJK") for name in font_list.families()):
        pytest.skip("Noto's fonts are not installed")
    kept = tmp_path / font_list.path().name
    made = json.loads(font_list.path().read_text())
    made["ttflist"] = [font for font in made["ttflist"] if "Noto" not in font["name"]]
    kept.write_text(json.dumps(made))
    return kept


def test_fonts_installed_after_the_list_was_made(list_without_noto: Path) -> None:
    found = printed(PROGRAM, list_without_noto.parent)
    assert found["old"]
    assert not any("Noto" in name for name in found["old"])
    assert (found["primary_family"], found["drawn"]) == ("Noto Sans", "W 猫")
    assert found["kept"]
    assert not found["again"], "there are no other new fonts"
    assert found["path"] == str(list_without_noto)
    assert "Noto Sans CJK" in list_without_noto.read_text(), (
        "the next process has the font in its list"
    )


RUNNING = """
import json
from PIL import Image
from inference.charts import font_list, fonts
from inference.charts.chart import draw
from inference.protocol.messages import ChartWords

def drawn():
    draw([Image.new("RGB", (9, 9))], ["猫", "x"], [[0.5, 0.5]], ChartWords())
    return fonts.primary_family(), fonts.drawable("W 猫")[0]

find, font_list.findSystemFonts = font_list.findSystemFonts, lambda: []
found = [drawn()]
font_list.findSystemFonts = find  # now they are installed
found.append(drawn())
look, font_list.refresh = font_list.refresh, lambda: look(0)  # ten minutes later
found.append(drawn())
print(json.dumps(found))
"""


def test_fonts_installed_while_a_worker_runs(list_without_noto: Path) -> None:
    """A character that was a box is drawn once its font is installed."""
    boxes = ["DejaVu Sans", "W □"]
    assert printed(RUNNING, list_without_noto.parent) == [boxes, boxes, ["Noto Sans", "W 猫"]]


def test_fonts_are_searched_for_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def find() -> list[str]:
        looks.append(1)
        return []

    monkeypatch.setattr(font_list, "findSystemFonts", find)
    assert not font_list.refresh(0)
    for _ in range(3):
        assert not font_list.refresh()
    assert len(looks) == 1


def test_doctor_names_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    found = check_fonts()
    assert str(font_list.path()) in f"{found.found} {found.advice}"
    monkeypatch.setattr(font_list, "families", lambda: frozenset({"DejaVu Sans"}))
    missing = check_fonts()
    assert "no fonts for: Chinese, Japanese, Korean; Arabic" in missing.found
    assert str(font_list.path()) in missing.advice

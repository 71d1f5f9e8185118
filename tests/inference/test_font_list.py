"""Fonts that were installed after matplotlib made its list letter charts all the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inference import font_list
from inference.diagnosis import fonts

PROGRAM = """
import json
from inference import font_list, fonts
from inference.lettering import Style, width

old = font_list.families()
measured = width("W 猫", Style(30))
print(json.dumps({
    "old": sorted(old),
    "primary": fonts.primary(),
    "drawn": fonts.drawable("W 猫")[0],
    "kept": width("W 猫", Style(30)) == measured,
    "again": font_list.look_again(0),
    "path": str(font_list.path()),
}))
"""


def drawn_with(folder: Path) -> dict[str, object]:
    """What a process of its own draws with, whose matplotlib keeps its list in this folder."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "MPLCONFIGDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_fonts_that_came_after_the_list(tmp_path: Path) -> None:
    if not any(name.startswith("Noto Sans CJK") for name in font_list.families()):
        pytest.skip("Noto's fonts are not installed")
    kept = tmp_path / font_list.path().name
    made = json.loads(font_list.path().read_text())
    made["ttflist"] = [font for font in made["ttflist"] if "Noto" not in font["name"]]
    kept.write_text(json.dumps(made))
    found = drawn_with(tmp_path)
    assert found["old"]
    assert not any("Noto" in str(name) for name in found["old"])  # type: ignore[attr-defined]
    assert (found["primary"], found["drawn"]) == ("Noto Sans", "W 猫")
    assert found["kept"]
    assert not found["again"], "there are no more new ones"
    assert found["path"] == str(kept)
    assert "Noto Sans CJK" in kept.read_text(), "the next process need not look"


def test_looking_for_fonts_is_done_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def find() -> list[str]:
        looks.append(1)
        return []

    monkeypatch.setattr(font_list, "findSystemFonts", find)
    assert not font_list.look_again(0)
    for _ in range(3):
        assert not font_list.look_again()
    assert len(looks) == 1


def test_doctor_names_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fonts()
    assert str(font_list.path()) in f"{found.found} {found.advice}"
    monkeypatch.setattr(font_list, "families", lambda: frozenset({"DejaVu Sans"}))
    missing = fonts()
    assert "no letters for: Chinese, Japanese, Korean; Arabic" in missing.found
    assert str(font_list.path()) in missing.advice

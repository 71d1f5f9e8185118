"""The wheel contains every file of the packages, the data files among them."""

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_PACKAGES = _PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The paths in a wheel that is built from this repository."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=_ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("clipbot-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.mark.parametrize("package", _PACKAGES)
def test_the_wheel_contains_all_files_of_a_package(contents: frozenset[str], package: str) -> None:
    files = {
        path.relative_to(_ROOT).as_posix()
        for path in (_ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert f"{package}/py.typed" in files
    assert sorted(files - contents) == []


def test_the_wheel_contains_nothing_else(contents: frozenset[str]) -> None:
    top = {path.partition("/")[0] for path in contents}
    assert {name for name in top if not name.endswith(".dist-info")} == set(_PACKAGES)

"""How files and folders are cut, as CONTRIBUTING.md says. Import contracts check the rest."""

import ast
from collections import Counter
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[1]
_SHIPPED = ("bot", "inference", "clipbot_playground", "clipbot_benchmarks")
_CODE = {".py", ".js", ".css"}
_MAX_FILES, _MAX_LINES = 12, 350

CODE = sorted(
    path
    for folder in (*_SHIPPED, "tests", "tools", "training")
    for path in (_REPOSITORY / folder).rglob("*")
    if path.suffix in _CODE and path.is_file()
)


def test_each_folder_is_small_enough_to_be_read_at_a_glance() -> None:
    files = Counter(path.parent for path in CODE if path.name != "__init__.py")
    assert [str(folder) for folder, number in files.items() if number > _MAX_FILES] == []


def test_each_file_is_short_enough_for_one_sitting() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert [str(path) for path, number in lines.items() if number > _MAX_LINES] == []


@pytest.mark.parametrize("package", _SHIPPED)
def test_each_folder_with_code_is_a_package(package: str) -> None:
    folders = {path.parent for path in (_REPOSITORY / package).rglob("*.py")}
    without = [folder for folder in folders if not (folder / "__init__.py").is_file()]
    assert [folder.name for folder in without if folder.name != "versions"] == []  # Alembic's


def test_the_name_of_a_public_class_is_used_once() -> None:
    names = Counter(
        node.name
        for path in CODE
        if path.suffix == ".py" and path.relative_to(_REPOSITORY).parts[0] in _SHIPPED
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, number in names.items() if number > 1] == []

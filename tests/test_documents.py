"""The documents name files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
DOCUMENTS.remove(ROOT / "CHANGELOG.md")  # it names files of earlier releases too
# A path of this repository in backticks or as the target of a link.
PATH = re.compile(
    r"(?:`|\]\()(?:\.\./)?((?:bot|inference|training|tests|tools|docs|docker|clipbot_\w+|\.\w+)/[\w./*-]*)[`)]"
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    names = PATH.findall(document.read_text(encoding="utf-8"))
    assert [name for name in names if not any(ROOT.glob(name.rstrip("/")))] == []

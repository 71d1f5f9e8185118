"""What `clipbot doctor` finds on the CLIP side."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from inference.protocol.findings import Finding, State


@pytest.mark.parametrize(
    ("library", "raises", "found", "advice"),
    [
        (
            "torchvision",
            "RuntimeError('operator torchvision::nms does not exist')",
            "torchvision does not fit torch",
            "pip uninstall torchvision",
        ),
        (
            "torchvision",
            "AttributeError('module torch has no attribute library')",
            "torchvision does not fit torch",
            "pip uninstall torchvision",
        ),
        (
            "torch",
            "OSError('libcudart.so.12: no such file')",
            "torch can't be imported",
            "clipbot[",
        ),
    ],
)
def test_libraries_that_do_not_work_together_are_named(
    library: str, raises: str, found: str, advice: str, tmp_path: Path
) -> None:
    """Runs the check as the doctor does, in a process of its own."""
    (tmp_path / library).mkdir()
    (tmp_path / library / "__init__.py").write_text(f"raise {raises}")
    paths = [str(tmp_path), *filter(None, sys.path)]
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "inference.diagnosis"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        check=True,
    )
    (finding,) = msgspec.json.decode(ran.stdout, type=list[Finding])
    assert finding.state is State.BROKEN
    assert found in finding.found
    assert advice in finding.advice

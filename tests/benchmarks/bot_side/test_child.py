"""A part of the benchmark that fails is told, with its last words."""

import os
import sys
from pathlib import Path

import pytest

from clipbot_benchmarks.bot_side.child import Helper, HelperFailed


def helper(tmp_path: Path, program: str) -> Helper:
    return Helper([sys.executable, "-c", program], tmp_path / "log", os.environ)


async def test_it_answers_line_by_line(tmp_path: Path) -> None:
    program = (
        "import sys\nfor line in sys.stdin: "
        "print('{\"answer\": %d}' % len(line.strip()), flush=True)"
    )
    async with helper(tmp_path, program) as one:
        assert await one.ask("four", int) == 4
        assert await one.ask("twelve words", int) == 12


async def test_an_early_end_is_told_with_what_was_said_last(tmp_path: Path) -> None:
    async with helper(tmp_path, "import sys; sys.exit('no more disk')") as one:
        with pytest.raises(HelperFailed, match="no more disk"):
            await one.hear(str)
        with pytest.raises(HelperFailed, match="ended early"):
            await one.ask("and now?", str)


async def test_a_complaint_is_told_as_it_is(tmp_path: Path) -> None:
    async with helper(tmp_path, """print('{"error": "No such model."}', flush=True)""") as one:
        with pytest.raises(HelperFailed, match=r"^No such model\.$"):
            await one.hear(str)

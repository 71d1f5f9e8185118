"""A child answers line by line; when it fails, the error tells what it printed last."""

import os
import sys
from pathlib import Path

import pytest

from clipbot_benchmarks.bot_side.child import ChildFailed, ChildProcess


def child(tmp_path: Path, program: str) -> ChildProcess:
    return ChildProcess([sys.executable, "-c", program], tmp_path / "log", os.environ)


async def test_a_command_gets_its_answer(tmp_path: Path) -> None:
    program = (
        "import sys\nfor line in sys.stdin: "
        "print('{\"answer\": %d}' % len(line.strip()), flush=True)"
    )
    async with child(tmp_path, program) as process:
        assert await process.ask("four", int) == 4
        assert await process.ask("twelve words", int) == 12


async def test_an_early_end_is_reported_with_the_end_of_the_log(tmp_path: Path) -> None:
    async with child(tmp_path, "import sys; sys.exit('no more disk')") as process:
        with pytest.raises(ChildFailed, match="no more disk"):
            await process.receive(str)
        with pytest.raises(ChildFailed, match="ended early"):
            await process.ask("and now?", str)


async def test_an_error_is_reported_word_for_word(tmp_path: Path) -> None:
    async with child(tmp_path, """print('{"error": "No such model."}', flush=True)""") as process:
        with pytest.raises(ChildFailed, match=r"^No such model\.$"):
            await process.receive(str)

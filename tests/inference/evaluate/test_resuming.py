"""An evaluation that is stopped at any moment goes on, and comes to the same figures."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.inference.evaluate.conftest import PICTURES
from tests.waiting import until


def command(drawings: Path, kept: Path, *words: str) -> list[str]:
    given = [sys.executable, "-m", "bot", "evaluate", str(drawings), "--model", "demo"]
    return [*given, "--device", "cpu", "--results", str(kept), "--json", "-", *words]


def finish(drawings: Path, kept: Path) -> Any:
    done = subprocess.run(
        command(drawings, kept), capture_output=True, text=True, timeout=100, check=True
    )
    return json.loads(done.stdout)


def lines(kept: Path) -> list[bytes]:
    return [line for file in kept.glob("*.jsonl") for line in file.read_bytes().splitlines()]


async def stopped(drawings: Path, kept: Path, how: signal.Signals) -> tuple[int | None, str]:
    """Stop an evaluation after its first batches; return its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *command(drawings, kept), env=os.environ | {"MAX_BATCH": "1"}, stderr=subprocess.PIPE
    )
    try:
        await until(lambda: len(lines(kept)) >= 5, True, within=60)
    finally:
        process.send_signal(how)
        _, said = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, said.decode()


async def test_kill_9_loses_at_most_one_batch(drawings: Path, tmp_path: Path) -> None:
    expected = finish(drawings, tmp_path / "whole")
    status, _ = await stopped(drawings, tmp_path / "kept", signal.SIGKILL)
    assert status == -signal.SIGKILL
    before = lines(tmp_path / "kept")
    assert 5 <= len(before) < PICTURES
    [file] = (tmp_path / "kept").iterdir()
    file.write_bytes(file.read_bytes() + b'{"path":"torn')  # as if it were killed within a line
    report = finish(drawings, tmp_path / "kept")
    after = lines(tmp_path / "kept")
    assert len(after) == PICTURES + 1  # nothing was computed twice
    assert after[: len(before)] == before
    assert rounded(report) == rounded(expected)


async def test_ctrl_c_says_how_to_go_on(drawings: Path, tmp_path: Path) -> None:
    status, said = await stopped(drawings, tmp_path, signal.SIGINT)
    assert status == 130
    assert said.splitlines()[-1] == "Stopped. The same command goes on from here."
    assert finish(drawings, tmp_path)["runs"][0]["figures"]["pictures"] == PICTURES


def rounded(report: Any) -> Any:
    """Return the figures without the rounding of batches of other sizes."""
    text = json.dumps(report["runs"][0]["figures"])
    return json.loads(text, parse_float=lambda number: round(float(number), 4))

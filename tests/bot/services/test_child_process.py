"""Children are started again when they end, killed if needed, and never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.services.child_process import Child, Ended
from tests.waiting import until

SLEEPS = "import time; open({file!r}, 'a').write('x'); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "open({file!r}, 'a').write('x'); time.sleep(60)"
)


def python(program: str, file: Path) -> list[str]:
    return [sys.executable, "-c", program.format(file=str(file))]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def starts(file: Path) -> int:
    return len(file.read_text()) if file.exists() else 0


def sleeper(file: Path, pids: list[int]) -> Child:
    async def started(process: asyncio.subprocess.Process) -> None:
        pids.append(process.pid)

    return Child("sleeper", lambda: python(SLEEPS, file), os.environ, started=started)


async def test_a_child_that_ends_is_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "starts"
    pids: list[int] = []
    child = sleeper(file, pids)
    await child.start()
    await until(lambda: starts(file), 1)
    assert [child.ended] == [None]  # in lists, or mypy would think that it stays None
    os.kill(pids[0], signal.SIGKILL)
    await until(lambda: starts(file), 2)
    assert "sleeper ended by itself (status -9)" in caplog.text
    assert child.ended == Ended("sleeper", 1, -9)
    await child.stop(5.0)
    assert not any(map(alive, pids))


async def test_a_child_that_will_not_end_is_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "starts"
    child = Child("mule", lambda: python(STUBBORN, file), os.environ)
    await child.start()
    await until(lambda: starts(file), 1)
    await asyncio.wait_for(child.stop(0.1), 5.0)
    assert "mule did not end" in caplog.text


async def test_ctrl_c_in_a_terminal_does_not_reach_a_child(tmp_path: Path) -> None:
    file = tmp_path / "starts"
    pids: list[int] = []
    child = sleeper(file, pids)
    await child.start()
    await until(lambda: starts(file), 1)
    assert os.getpgid(pids[0]) == pids[0] != os.getpgrp()
    await child.stop(5.0)


async def test_ctrl_c_while_python_starts_a_child_does_not_reach_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "starts"
    child = Child("sleeper", lambda: python(SLEEPS, file), os.environ, started=_interrupted)
    await child.start()
    await until(lambda: starts(file), 1)
    assert child.ended is None
    await child.stop(5.0)
    assert capfd.readouterr().err == ""


async def _interrupted(process: asyncio.subprocess.Process) -> None:
    """Send SIGINT as soon as the shell has become the Python that runs `child_command`."""
    while not command_line(process.pid).startswith(sys.executable):
        pass  # Python needs 20 ms: too few to wait in between
    process.send_signal(signal.SIGINT)


async def test_a_child_whose_start_fails_is_ended(tmp_path: Path) -> None:
    pids = []

    async def started(process: asyncio.subprocess.Process) -> None:
        pids.append(process.pid)
        raise RuntimeError("it has no port")

    child = Child("x", lambda: python(SLEEPS, tmp_path / "f"), os.environ, started=started)
    with pytest.raises(RuntimeError, match="no port"):
        await child.start()
    assert not any(map(alive, pids))
    await child.stop(1.0)


async def test_children_die_with_their_parent(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux is asked to tell children of their parent's death")
    pid = tmp_path / "pid"
    child = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import subprocess, sys, time; from bot.services.child_command import tied_to_parent; "
        f"subprocess.Popen(tied_to_parent([sys.executable, '-c', {child!r}])); time.sleep(60)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)
    await until(lambda: pid.exists() and bool(pid.read_text()), True)
    assert alive(int(pid.read_text()))
    process.kill()
    await process.wait()
    await until(lambda: alive(int(pid.read_text())), False)


def test_a_program_whose_parent_is_dead_already_does_not_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot.services.child_command", "1", "/bin/false"],
        check=False,
        timeout=20,
    )
    assert done.returncode == 0  # /bin/false never ran

"""`clipbot download` in a process of its own, at a hub on loopback."""

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.model.hub.cache import find_complete, model_folder
from inference.protocol.settings import DEMO_MODEL
from tests.e2e.running import COMMAND, environment
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub, until


@pytest.fixture
def hub(tiny_clip_folder: Path) -> Iterator[FakeHub]:
    with FakeHub(tiny_clip_folder) as hub:
        yield hub


@pytest.fixture(autouse=True)
def _children_take_ctrl_c() -> Iterator[None]:
    """Let children take SIGINT: a shell has it ignored for the commands in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class _Download:
    """A run of the command. `output` and `errors` are complete once it has ended."""

    def __init__(self, hub: FakeHub, cache: Path, *words: str, **settings: object) -> None:
        given = {"HOME": cache, "CLIP_MODEL": REPOSITORY, **hub.environment(cache), **settings}
        self._process = subprocess.Popen(
            [*COMMAND, "download", *words],
            cwd=cache,
            env=environment(**given),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ends(self) -> int:
        self.output, self.errors = self._process.communicate(timeout=60)
        return self._process.returncode


def test_a_model_is_fetched_once(hub: FakeHub, tmp_path: Path) -> None:
    first = _Download(hub, tmp_path)
    assert first.ends() == 0
    cached = find_complete(REPOSITORY, {"HF_HUB_CACHE": str(tmp_path)})
    assert first.output == f"{REPOSITORY} is on this machine: {cached}\n"
    assert first.errors.startswith(f"Downloading {REPOSITORY}: 0.0 of 0.")
    assert "\x1b" not in first.errors
    asked = len(hub.requests)
    again = _Download(hub, tmp_path, REPOSITORY)
    assert (again.ends(), again.output, again.errors) == (0, first.output, "")
    assert len(hub.requests) == asked


def test_after_control_c_the_same_command_continues(hub: FakeHub, tmp_path: Path) -> None:
    partial = model_folder(REPOSITORY, {"HF_HUB_CACHE": str(tmp_path)}) / "blobs"
    partial /= f"{hub.etag(WEIGHTS)}.incomplete"
    half = len(hub.files[WEIGHTS]) // 2
    hub.may_continue.clear()
    # The hub stays silent until the signal has come, however slow this machine is.
    first = _Download(hub, tmp_path, HF_HUB_DOWNLOAD_TIMEOUT=100)
    until(lambda: partial.is_file() and partial.stat().st_size > 0, 60)
    first.interrupt()
    assert first.ends() == 130, first.errors
    assert "Stopped at 0." in first.errors
    assert first.errors.endswith(" MB. The same command continues there.\n")
    assert "Traceback" not in first.errors
    received = partial.stat().st_size
    assert 0 < received <= half
    hub.may_continue.set()
    assert _Download(hub, tmp_path).ends() == 0
    assert hub.fetched(WEIGHTS)[-1].headers["range"] == f"bytes={received}-"


def test_a_terminal_gets_a_bar(hub: FakeHub, tmp_path: Path) -> None:
    terminal, its_end = pty.openpty()
    given = {"HOME": tmp_path, "TERM": "xterm", "COLUMNS": 100, **hub.environment(tmp_path)}
    process = subprocess.Popen(
        [*COMMAND, "download", REPOSITORY],
        env=environment(**given),
        stdout=subprocess.DEVNULL,
        stderr=its_end,
    )
    os.close(its_end)
    drawn = b""
    while piece := _read(terminal):
        drawn += piece
    os.close(terminal)
    assert process.wait(60) == 0
    assert "━" in drawn.decode()
    assert REPOSITORY in drawn.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 2**16)
    except OSError:  # nobody has its other end any more
        return b""


def test_a_hub_out_of_reach_is_one_sentence(hub: FakeHub, tmp_path: Path) -> None:
    run = _Download(hub, tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert run.ends() == 1
    assert run.output == ""
    assert run.errors == (
        f"{REPOSITORY} can't be downloaded: the model hub can't be reached; check the name and "
        "the network.\n"
    )


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        (DEMO_MODEL, 0, "comes with clipbot"),
        (".", 1, "holds no config.json"),
        ("./nowhere", 1, "there is no such folder"),
        ("somebody/unknown", 1, "the hub has no such model"),
    ],
)
def test_other_names(hub: FakeHub, tmp_path: Path, name: str, status: int, said: str) -> None:
    run = _Download(hub, tmp_path, name)
    assert run.ends() == status
    assert said in run.output + run.errors
    assert (run.output + run.errors).count("\n") == 1

"""What `make demo` and the other targets say while they install; Python and pip are scripts."""

import os
import pty
import subprocess
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
# In place of pip and of clipbot: prints the arguments that it was called with.
_VENV_PYTHON = """#!/bin/sh
case "$*" in
    *"pip --version"*) exit 0 ;;
    *"-c import"*) echo 3.12 ;;
    *) echo "pip: $*"; exit ${PIP_STATUS:-0} ;;
esac
"""


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A script that acts as Python 3.12; its `venv` makes a folder with the script above."""
    _program(tmp_path / "template", _VENV_PYTHON)
    return _program(
        tmp_path / "a python" / "python3",  # a path with a blank in it
        f"""#!/bin/sh
case "$*" in
    *"-m venv"*) mkdir -p "$3/bin" && cp {tmp_path}/template "$3/bin/python" ;;
    *"import sys"*) echo 3.12 ;;
esac
""",
    )


class Make:
    """Runs `make` with a temporary folder in place of .venv."""

    def __init__(self, folder: Path) -> None:
        self.venv = folder / "venv"

    def runs(self, target: str, python: Path, **environment: str) -> "subprocess.Popen[str]":
        """Start it with its output in a pipe."""
        return self._started(target, python, environment, subprocess.PIPE)

    def runs_on_a_terminal(self, target: str, python: Path, **environment: str) -> str:
        """Run it on a terminal, and return what it printed."""
        ours, its = pty.openpty()
        process = self._started(target, python, environment, its)
        os.close(its)
        printed = b""
        try:
            while more := os.read(ours, 4096):
                printed += more
        except OSError:  # Linux: the last program that had the terminal has ended
            pass
        finally:
            os.close(ours)
        assert process.wait() == 0
        return printed.decode()

    def _started(
        self, target: str, python: Path, environment: dict[str, str], output: int
    ) -> "subprocess.Popen[str]":
        # The tests may run under make: its variables must not reach the make that is tested.
        ours = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(
            ["make", f"{self.venv}/{target}", f"PYTHON={python}", f"VENV={self.venv}"],
            cwd=_ROOT,
            env=ours | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return Make(tmp_path)


def _said(process: "subprocess.Popen[str]", status: int = 0) -> list[str]:
    """Return the lines that a process prints; it must end with this status."""
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == status, printed
    return printed.splitlines()


def test_a_line_comes_before_pip_which_is_quiet_without_a_terminal(
    make: Make, python: Path
) -> None:
    first, pip = _said(make.runs("installed", python))
    assert first.startswith("Installing clipbot")
    assert "this takes a few minutes" in first
    assert " -q " in pip
    assert pip.endswith("-c constraints.txt -e .[all]")


@pytest.mark.parametrize("extra", ["test", "bench"])
def test_each_target_says_what_it_installs(make: Make, python: Path, extra: str) -> None:
    lines = _said(make.runs(f"installed-{extra}", python))
    assert [line.startswith("Installing ") for line in lines] == [True, False, True, False]
    assert lines[-1].endswith(f"-e .[{extra}]")
    assert _said(make.runs(f"installed-{extra}", python))[0].endswith("is up to date.")


def test_on_a_terminal_pip_shows_its_progress_bars(make: Make, python: Path) -> None:
    printed = make.runs_on_a_terminal("installed", python)
    assert "this takes a few minutes" in printed
    assert "pip: -m pip" in printed
    assert " -q " not in printed


def test_in_ci_pip_is_quiet_although_there_is_a_terminal(make: Make, python: Path) -> None:
    assert " -q " in make.runs_on_a_terminal("installed", python, CI="true")


def test_a_pip_that_fails_is_run_again_by_the_same_command(make: Make, python: Path) -> None:
    lines = _said(make.runs("installed", python, PIP_STATUS="1"), status=2)
    assert lines[2].endswith(
        "could not be installed; see pip's message above. Run the command again to retry."
    )
    assert "pip: " in _said(make.runs("installed", python))[1]


def test_a_python_that_is_too_old_is_one_sentence(make: Make, tmp_path: Path) -> None:
    old = _program(tmp_path / "python3", "#!/bin/sh\necho 3.9\n")
    newer = _program(tmp_path / "bin" / "python3.14", "#!/bin/sh\necho 3.14\n")
    path = f"{newer.parent}:{os.environ['PATH']}"
    sentence, _ = _said(make.runs("installed", old, PATH=path), status=2)
    assert f"{old} is Python 3.9. clipbot needs 3.11 or newer." in sentence
    assert "PYTHON=python3.1" in sentence
    assert not make.venv.exists()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.100", "4.0"])
def test_newer_pythons_are_taken(make: Make, python: Path, version: str) -> None:
    python.write_text(python.read_text().replace("3.12", version))
    assert _said(make.runs("installed", python))[0].startswith("Installing")


def test_no_python_is_one_sentence(make: Make, tmp_path: Path) -> None:
    sentence, _ = _said(make.runs("installed", tmp_path / "nothing"), status=2)
    assert "nothing can't be run. clipbot needs Python 3.11 or newer." in sentence


def test_a_python_without_venv_is_one_sentence(make: Make, tmp_path: Path) -> None:
    bare = _program(
        tmp_path / "python3",
        '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; *) echo 3.12 ;; esac\n',
    )
    sentence, _ = _said(make.runs("installed", bare), status=2)
    assert sentence.endswith("On Debian and Ubuntu: apt-get install python3.12-venv")
    assert not make.venv.exists()


def test_a_venv_that_can_not_be_made_says_why(make: Make, tmp_path: Path) -> None:
    full = _program(
        tmp_path / "python3",
        """#!/bin/sh
case "$*" in
    *"-m venv"*) echo "No space left on device" >&2; exit 1 ;;
    *) echo 3.12 ;;
esac
""",
    )
    first, reason, sentence, _ = _said(make.runs("installed", full), status=2)
    assert first.startswith("Installing clipbot")  # a venv takes ten seconds by itself
    assert reason == "No space left on device"
    assert f"{make.venv} could not be made" in sentence


def test_the_venv_of_an_old_python_is_named(make: Make, python: Path) -> None:
    old = _VENV_PYTHON.replace("3.12", "3.10")
    _program(make.venv / "bin" / "python", old)
    sentence, _ = _said(make.runs("installed", python), status=2)
    assert f"{make.venv} was made with Python 3.10" in sentence


def test_the_oldest_python_is_that_of_the_package() -> None:
    package = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    script = (_ROOT / "tools" / "install.sh").read_text(encoding="utf-8")
    oldest = package["project"]["requires-python"].removeprefix(">=3.")
    assert f"\noldest={oldest} " in script

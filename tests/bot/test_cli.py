"""The command line itself. What `run` and `worker` print: tests/e2e and tests/inference."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.settings import BotSettings
from inference.protocol.errors import QueueUnavailable, SettingError


def test_help_names_every_command_in_full() -> None:
    result = CliRunner().invoke(main, ["--help"], terminal_width=100)
    assert result.exit_code == 0
    for command in ("bench", "classify", "doctor", "playground", "run", "worker"):
        assert f"\n  {command} " in result.output
    assert "..." not in result.output.partition("Commands:")[2]


def test_help_imports_no_package_above_or_beside_the_bot() -> None:
    code = """
import sys
from bot.cli import main
main(["--help"], standalone_mode=False)
print(sorted({name.partition(".")[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = done.stdout.splitlines()[-1]
    assert "'bot'" in imported
    for package in ("clipbot_benchmarks", "clipbot_playground", "starlette", "torch", "uvloop"):
        assert f"'{package}'" not in imported


@pytest.mark.parametrize("command", ["bench", "classify", "playground", "worker"])
def test_commands_of_other_packages_are_found(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: main {command} ")


def test_a_command_whose_libraries_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inference.cli", None)
    monkeypatch.delattr("inference.cli", raising=False)  # where another test has imported it
    result = CliRunner().invoke(main, ["worker"])
    assert result.exit_code == 1
    assert "pip install clipbot[worker]" in result.output
    assert result.output.count("\n") == 1


def test_an_unknown_command() -> None:
    result = CliRunner().invoke(main, ["frobnicate"])
    assert result.exit_code == 2
    assert "No such command" in result.output


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_an_impossible_port(port: str) -> None:
    result = CliRunner().invoke(main, ["playground", "--port", port])
    assert result.exit_code == 2
    assert "0<=x<=65535" in result.output


@pytest.mark.parametrize(
    ("error", "status"), [(SettingError("MAX_QUEUE is odd."), 2), (QueueUnavailable("No NATS."), 1)]
)
def test_what_the_operator_must_fix_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def fail(settings: BotSettings) -> None:
        raise error

    monkeypatch.setattr("bot.app.run", fail)
    # It would configure logging for the whole test process.
    monkeypatch.setattr("inference.protocol.logs.configure", lambda *_, **__: None)
    result = CliRunner().invoke(main, ["run"], env={"TELEGRAM_BOT_TOKEN": "1:A-B"})
    assert result.exit_code == status
    assert result.stderr == f"clipbot: {error}\n"

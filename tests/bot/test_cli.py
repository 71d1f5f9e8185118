"""The command line itself; what `run` and `worker` say is in tests/e2e and tests/inference."""

import sys

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.settings import BotSettings
from inference.protocol.errors import QueueUnavailable, SettingError


def test_help_names_every_command_without_importing_torch() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for command in ("classify", "doctor", "run", "worker"):
        assert f"\n  {command} " in result.output


def test_clips_commands_without_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inference.cli", None)
    monkeypatch.delattr("inference.cli", raising=False)  # where another test has imported it
    result = CliRunner().invoke(main, ["worker"])
    assert result.exit_code == 1
    assert "pip install clipbot[worker]" in result.output
    assert result.output.count("\n") == 1


def test_a_command_that_there_is_not() -> None:
    result = CliRunner().invoke(main, ["frobnicate"])
    assert result.exit_code == 2
    assert "No such command" in result.output


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_there_is_not(port: str) -> None:
    result = CliRunner().invoke(main, ["playground", "--port", port])
    assert result.exit_code == 2
    assert "0<=x<=65535" in result.output


@pytest.mark.parametrize(
    ("error", "status"), [(SettingError("MAX_QUEUE is odd."), 2), (QueueUnavailable("No NATS."), 1)]
)
def test_what_the_host_must_mend_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def fail(settings: BotSettings) -> None:
        raise error

    monkeypatch.setattr("bot.app.run", fail)
    # the log of the whole process is no business of this test
    monkeypatch.setattr("inference.protocol.logs.configure", lambda *_, **__: None)
    result = CliRunner().invoke(main, ["run"], env={"TELEGRAM_BOT_TOKEN": "1:A-B"})
    assert result.exit_code == status
    assert result.stderr == f"clipbot: {error}\n"

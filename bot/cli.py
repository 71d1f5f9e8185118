"""The command line.

The worker, the playground and the benchmark lie above or beside the bot, so `bot` does not import
them: the table `_OTHERS` names the command of each, and click imports it when it is run.
"""

import asyncio
import importlib
import logging
import sys
from dataclasses import dataclass
from typing import Final

import click

from inference.protocol import logs
from inference.protocol.errors import OperatorError, SettingError
from inference.protocol.settings import adopt_hub_settings, load


@dataclass(frozen=True, slots=True)
class _LazyCommand:
    """A command that is imported when it runs: torch takes seconds.

    Attributes:
        module: where the click command is defined; it has the command's name there.
        summary: its line in `clipbot --help`, which imports nothing.
    """

    module: str
    summary: str


_OTHERS: Final = {
    "bench": _LazyCommand(
        "clipbot_benchmarks.cli", "Measure this machine: model, bot, growth and memory."
    ),
    "classify": _LazyCommand("inference.cli", "Sort pictures by phrases, without a bot."),
    "download": _LazyCommand("inference.cli", "Fetch a model before it is needed."),
    "evaluate": _LazyCommand(
        "inference.cli", "Measure a model on pictures whose labels are known."
    ),
    "models": _LazyCommand(
        "clipbot_benchmarks.models.cli", "Compare the models that have a short name."
    ),
    "playground": _LazyCommand(
        "clipbot_playground.cli", "The bot in a local web page: no token, no account."
    ),
    "worker": _LazyCommand("inference.cli", "Run an inference worker for the queue at NATS_URL."),
}


class _Commands(click.Group):
    """The bot's own commands, and those of `_OTHERS`.

    Source: https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_OTHERS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _OTHERS:
            return super().get_command(ctx, cmd_name)
        try:
            module = importlib.import_module(_OTHERS[cmd_name].module)
        except ModuleNotFoundError as error:
            raise click.ClickException(
                f"`clipbot {cmd_name}` needs {error.name}: run `pip install clipbot[worker]`."
            ) from error
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = {name: other.summary for name, other in _OTHERS.items()}
        for name, command in self.commands.items():
            rows[name] = command.get_short_help_str(limit=60)
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


@click.group(cls=_Commands)
@click.version_option(package_name="clipbot")
def main() -> None:
    """A chat bot that sorts photos by any phrases, with CLIP."""
    adopt_hub_settings()


@main.command()
def run() -> None:
    """Run the bot, and without NATS_URL its queue and a worker."""
    import uvloop

    from bot import app
    from bot.settings import BotSettings

    try:
        settings = load(BotSettings)
        logs.configure(settings.log_level, settings.log_format, secrets=settings.secrets)
        uvloop.run(app.run(settings))
    except OperatorError as error:
        click.echo(f"clipbot: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingError) else 1)
    except Exception:  # through logging, which hides secrets
        logging.getLogger(__name__).critical("clipbot ends because of a bug.", exc_info=True)
        sys.exit(1)


@main.command()
def doctor() -> None:
    """Check settings, model, database, queue and token."""
    from rich.console import Console

    from bot.doctor import report

    logs.configure("ERROR")
    if not asyncio.run(report(Console())):
        sys.exit(1)

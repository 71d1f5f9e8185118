"""The command line. `worker` and `classify` belong to the CLIP side, and only they import it."""

import asyncio
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from inference.protocol import logs
from inference.protocol.errors import OperatorError, SettingError
from inference.protocol.settings import adopt_hub_settings, load

_INFERENCE = {
    "worker": "An inference worker for the NATS_URL given.",
    "classify": "Sort pictures by phrases, without a bot.",
}


class _Commands(click.Group):
    """A group whose CLIP commands are imported when they are asked for: torch takes seconds."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_INFERENCE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _INFERENCE:
            return super().get_command(ctx, cmd_name)
        try:
            from inference import cli
        except ModuleNotFoundError as error:
            raise click.ClickException(
                f"`clipbot {cmd_name}` needs {error.name}: run `pip install clipbot[worker]`."
            ) from error
        commands: Mapping[str, click.Command] = {"worker": cli.worker, "classify": cli.classify}
        return commands[cmd_name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = dict(_INFERENCE)
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
    """The bot; with NATS_URL unset also its queue and a worker."""
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
    except Exception:  # through logging, which blots out secrets
        logging.getLogger(__name__).critical("clipbot ends by its own fault.", exc_info=True)
        sys.exit(1)


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Of the page, on 127.0.0.1; 0 takes a free one.",
)
@click.option("--model", help="A hub id, a folder or `demo`; by default as CLIP_MODEL says.")
@click.option("--open", "opens", is_flag=True, help="Shows the page in a browser.")
def playground(port: int, model: str | None, opens: bool) -> None:
    """The bot in a local web page: no token, no account."""
    import uvloop

    from clipbot_playground import launcher as front

    def started(running: front.Playground) -> None:
        click.echo(f"The playground is at {running.url} (Ctrl-C ends it).")
        if opens:
            click.launch(running.url)

    try:
        settings = load(front.PlaygroundSettings, **({"clip_model": model} if model else {}))
        quiet = "log_level" not in settings.model_fields_set
        logs.configure("WARNING" if quiet else settings.log_level, settings.log_format)
        uvloop.run(front.run(settings, port, started))
    except OperatorError as error:
        click.echo(f"clipbot: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingError) else 1)


@main.command()
def doctor() -> None:
    """Checks settings, model, database, queue and token; says what to mend."""
    from rich.console import Console

    from bot.doctor import report

    logs.configure("ERROR")
    if not asyncio.run(report(Console())):
        sys.exit(1)


@main.command()
@click.option("--quick", is_flag=True, help="A minute: to see that it works, not how fast it is.")
@click.option(
    "--only",
    metavar="SECTIONS",
    help="Some of rivals,towers,engine,charts,answers,road,growth,memory,gpu.",
)
@click.option("--model", help="Instead of CLIP_MODEL; `random` is ViT-B/32 with random weights.")
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="bench.json",
    show_default=True,
    help="Where all figures are written.",
)
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write them as a page with plots too, such as docs/benchmarks.md.",
)
@click.option(
    "--from",
    "earlier",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure nothing: report on an earlier run. Of further ones the page shows GPUs.",
)
def bench(
    quick: bool,
    only: str | None,
    model: str | None,
    file: Path,
    page: Path | None,
    earlier: tuple[Path, ...],
) -> None:
    """Measures this machine: engine, rivals, the whole road, growth, memory."""
    from clipbot_benchmarks import run as conductor

    def say(line: str) -> None:
        click.echo(line, err=True)

    try:
        if earlier:
            conductor.report(earlier, page)
            return
        sections = conductor.chosen(only)
        conductor.run(model=model, quick=quick, sections=sections, file=file, page=page, say=say)
    except OperatorError as error:
        click.echo(f"clipbot: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingError) else 1)

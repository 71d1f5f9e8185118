"""The command `clipbot playground`."""

import sys

import click
import uvloop

from clipbot_playground import launcher
from inference.protocol import logs
from inference.protocol.errors import OperatorError, SettingError
from inference.protocol.settings import load


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port of the page on 127.0.0.1; 0 takes a free one.",
)
@click.option("--model", help="A short name, a hub id, a folder or `demo`, instead of CLIP_MODEL.")
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def playground(port: int, model: str | None, opens: bool) -> None:
    """The bot in a local web page: no token, no account."""

    def started(running: launcher.Playground) -> None:
        click.echo(f"The playground is at {running.url} (Ctrl-C ends it).")
        if opens:
            click.launch(running.url)

    try:
        settings = load(launcher.PlaygroundSettings, **({"clip_model": model} if model else {}))
        quiet = "log_level" not in settings.model_fields_set
        logs.configure("WARNING" if quiet else settings.log_level, settings.log_format)
        uvloop.run(launcher.run(settings, port, started))
    except OperatorError as error:
        click.echo(f"clipbot: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingError) else 1)

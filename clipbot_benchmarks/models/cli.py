"""The command `clipbot models`."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from clipbot_benchmarks.models import speed, table
from inference.protocol.errors import OperatorError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@click.option("--markdown", is_flag=True, help="Print the table of docs/models.md.")
@click.option(
    "--measure",
    is_flag=True,
    help="First measure time and memory here, with random weights: up to 4 GB of memory and 8 GB "
    "of disk for the largest, minutes for each. Nothing is downloaded.",
)
@click.option(
    "--measured",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep and read the measured figures here, not in ~/.cache/clipbot.",
)
def models(as_json: bool, markdown: bool, measure: bool, file: Path | None) -> None:
    """Compare the models that have a short name, for CLIP_MODEL and --model."""
    file = file or speed.measured_file()
    try:
        measured = speed.measure_all(file, _say) if measure else speed.read(file)
    except OperatorError as error:
        _say(f"clipbot: {error}")
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(table.as_json(measured), indent=2, ensure_ascii=False))
    elif markdown:
        click.echo(table.as_markdown(measured), nl=False)
    else:
        Console().print(table.on_terminal(measured))


def _say(line: str) -> None:
    click.echo(line, err=True)

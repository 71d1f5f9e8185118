"""The command `clipbot bench`."""

import sys
from pathlib import Path

import click

from clipbot_benchmarks import run
from inference.protocol.errors import OperatorError, SettingError


@click.command()
@click.option(
    "--quick",
    is_flag=True,
    help="Measure for about a minute: it shows that everything works, not how fast it is.",
)
@click.option("--only", metavar="SECTIONS", help=f"Some of {','.join(run.SECTIONS)}.")
@click.option("--model", help="Instead of CLIP_MODEL; `random` is ViT-B/32 with random weights.")
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="bench.json",
    show_default=True,
    help="Write all figures here.",
)
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a page with plots, such as docs/benchmarks.md.",
)
@click.option(
    "--from",
    "earlier",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure nothing: report on this earlier run. From further files the page takes only the "
    "figures of the GPU.",
)
def bench(
    quick: bool,
    only: str | None,
    model: str | None,
    file: Path,
    page: Path | None,
    earlier: tuple[Path, ...],
) -> None:
    """Measure this machine: the model, the baselines, the bot end to end, growth and memory."""

    def say(line: str) -> None:
        click.echo(line, err=True)

    try:
        if earlier:
            run.report(earlier, page)
            return
        sections = run.chosen(only)
        run.run(model=model, quick=quick, sections=sections, file=file, page=page, say=say)
    except OperatorError as error:
        click.echo(f"clipbot: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingError) else 1)

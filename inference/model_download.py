"""`clipbot download`: fetches a model before it is needed, with a progress bar.

A download that is stopped, by Ctrl-C or otherwise, continues where it was when it is started again.
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from inference.model.hub import cache, checkpoint_files, download
from inference.model.hub.download import FetchProgress, ProgressListener
from inference.model.hub.faults import HubFault
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import DEMO_MODEL

# Seconds between two lines of progress where there is no terminal.
_LINE_EVERY = 10.0


def run(name: str) -> None:
    """Fetch a model unless it is on this machine, and print where it is.

    Args:
        name: as CLIP_MODEL.

    Raises:
        ModelUnavailable: it can't be fetched; one sentence says why and what to do.
        KeyboardInterrupt: after a sentence that says how to continue.
    """
    if name == DEMO_MODEL:
        click.echo("The demo model comes with clipbot; there is nothing to download.")
        return
    folder = checkpoint_files.own_folder(name) or cache.find_complete(name)
    if folder is None:
        folder = _fetch(name)
    click.echo(f"{name} is on this machine: {folder}")


def _fetch(name: str) -> Path:
    last = FetchProgress(0, 0)

    def listen(progress: FetchProgress) -> None:
        nonlocal last
        last = progress
        show(progress)

    try:
        with _shown(name) as show, download.reporting_to(listen):
            return download.fetch(name)
    except HubFault as fault:
        raise ModelUnavailable(f"{name} can't be downloaded: {fault}.") from fault
    except KeyboardInterrupt:
        click.echo(
            f"Stopped at {download.megabytes(last)}. The same command continues there.", err=True
        )
        raise


@contextlib.contextmanager
def _shown(name: str) -> Iterator[ProgressListener]:
    """Yield a function that shows progress: as a bar in a terminal, elsewhere in lines."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(name)
        return
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        expand=True,
    )
    with bar:
        task = bar.add_task(name, total=None)
        yield lambda progress: bar.update(
            task, completed=progress.received, total=progress.size or None
        )


class _Lines:
    """Prints the progress as plain lines, the first at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._printed_at = -_LINE_EVERY

    def __call__(self, progress: FetchProgress) -> None:
        if time.monotonic() - self._printed_at >= _LINE_EVERY:
            self._printed_at = time.monotonic()
            click.echo(f"Downloading {self._name}: {download.megabytes(progress)}.", err=True)

"""Shows on standard error how far the loading of a model is, for the commands that wait for it."""

import contextlib
import math
import threading
import time
from collections.abc import Iterator

import click
from rich.console import Console
from rich.text import Text

from inference.model.hub import checkpoint_files, download
from inference.model.hub.download import FetchProgress

# Without a terminal, progress is printed this often.
_REPORT_SECONDS = 10.0
# Without a terminal, the reason for a wait is printed after this time: the hub has not answered, or
# files are being read.
_REPORT_HUB_AFTER, _REPORT_LOADING_AFTER = 1.0, 3.0  # seconds


@contextlib.contextmanager
def loading_shown(model: str) -> Iterator[None]:
    """Report the loading of the model: animated on a terminal, elsewhere as a line now and then."""
    here = checkpoint_files.is_local(model)
    console = Console(stderr=True)
    if console.is_terminal:
        words = f"Loading {model} …" if here else f"Downloading {model} …"
        with console.status(Text(words)) as status:

            def show(progress: FetchProgress) -> None:
                status.update(Text(_progress_line(model, progress)))

            with download.reporting_to(show):
                yield
        return
    words = f"Loading {model} …" if here else f"Asking the model hub for {model} …"
    delay = _REPORT_LOADING_AFTER if here else _REPORT_HUB_AFTER
    first_line = threading.Timer(delay, click.echo, (words,), {"err": True})
    reported_at = -math.inf

    def report(progress: FetchProgress) -> None:
        nonlocal reported_at
        first_line.cancel()
        if not progress.is_complete and time.monotonic() - reported_at >= _REPORT_SECONDS:
            reported_at = time.monotonic()
            click.echo(_progress_line(model, progress), err=True)

    first_line.start()
    try:
        with download.reporting_to(report):
            yield
    finally:
        first_line.cancel()


def _progress_line(model: str, progress: FetchProgress) -> str:
    if progress.is_complete:
        return f"Loading {model} …"
    return f"Downloading {model}: {download.megabytes(progress)} …"

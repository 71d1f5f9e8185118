"""Shows on standard error how far an evaluation is."""

import contextlib
import time
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# Seconds between two lines of progress where there is no terminal.
_LINE_EVERY = 10.0


@contextlib.contextmanager
def shown(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows how many pictures are done.

    In a terminal it moves a bar; elsewhere it prints a line every few seconds.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(name, total)
        return
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        expand=True,
        transient=True,
    )
    with bar:
        task = bar.add_task(name, total=total)
        yield lambda done: bar.update(task, completed=done)


class _Lines:
    """Prints the progress as plain lines; none if all is done within the first seconds."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total = name, total
        self._printed_at = time.monotonic()

    def __call__(self, done: int) -> None:
        if time.monotonic() - self._printed_at >= _LINE_EVERY:
            self._printed_at = time.monotonic()
            click.echo(f"{self._name}: {done:,} of {self._total:,} pictures.", err=True)

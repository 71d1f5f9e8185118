"""The commands `clipbot worker` and `clipbot classify`.

Everything that takes long to import is imported when a command has found its settings valid.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any, NoReturn

import click

from inference.protocol import logs
from inference.protocol.errors import (
    ClipbotError,
    DeviceLost,
    Hung,
    ModelUnavailable,
    SettingError,
    UserError,
)
from inference.protocol.settings import WorkerSettings, load

# The old custom of command lines: 1, it went wrong; 2, it was called wrongly.
FAILED = 1
MISUSED = 2


@click.command()
def worker() -> None:
    """An inference worker: answers the jobs that wait at NATS_URL until SIGTERM."""
    with _one_sentence():
        settings = load(WorkerSettings)
        logs.configure(settings.log_level, settings.log_format)
        with _libraries():
            import uvloop

            from inference.model.loading import load_engine, then_renew
            from inference.worker.worker import serve
        load_model = then_renew(settings.clip_model, partial(load_engine, settings))
        uvloop.run(_to_its_end(serve(settings, load_model)))


async def _to_its_end(serving: Coroutine[Any, Any, None]) -> NoReturn:
    """Serves, and leaves from within the loop.

    To end, the loop would first wait for all tasks that it cancels, and the one by which nats-py
    looks for a lost server does not always heed that: it may swallow it while it flushes.
    """
    status = 0
    try:
        await serving
    except (DeviceLost, Hung) as error:
        click.echo(str(error), err=True)
        status = FAILED
    _leave_at_once(status)


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="IMAGE... PHRASES")
@click.option("--chart", metavar="FILE", help="Write the chart here: .png, .jpg or .webp.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each picture.")
@click.option("--template", metavar="TEXT", help='Wraps each phrase, as in "a photo of {}".')
@click.option("--model", metavar="NAME", help="Instead of CLIP_MODEL.")
@click.option("--device", metavar="DEVICE", help="Instead of CLIP_DEVICE: auto, cpu, cuda, cuda:N.")
def classify(
    arguments: tuple[str, ...],
    chart: str | None,
    as_json: bool,
    template: str | None,
    model: str | None,
    device: str | None,
) -> None:
    """Which of the PHRASES fits each IMAGE best? No bot, no token.

    PHRASES is the last argument: "a blurry cat, a fast sports car, a tree".
    An IMAGE of - is read from standard input.
    """
    with _one_sentence():
        given = {"clip_model": model, "clip_device": device}
        settings = load(WorkerSettings, **{name: value for name, value in given.items() if value})
        logs.configure("DEBUG" if settings.log_level == "DEBUG" else "WARNING")
        with _libraries():
            from inference.classify import question, run
        asked = question(
            arguments,
            max_labels=settings.max_labels,
            template=template,
            chart=chart,
            as_json=as_json,
        )
        if not run(asked, settings):
            sys.exit(FAILED)


@contextlib.contextmanager
def _one_sentence() -> Iterator[None]:
    """Turns what the person at the keyboard can mend into a sentence and an exit status."""
    try:
        yield
    except ClipbotError as error:
        click.echo(str(error), err=True)
        sys.exit(MISUSED if isinstance(error, (SettingError, UserError)) else FAILED)


@contextlib.contextmanager
def _libraries() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ModelUnavailable(
            f"{error.name or error} can't be imported; install the worker's libraries with "
            "pip install 'clipbot[worker]'."
        ) from error


def _leave_at_once(status: int) -> NoReturn:
    """Ends the process without waiting for threads.

    A model that is being loaded can't be interrupted, and an interpreter that shuts down under
    torch's import may crash.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)

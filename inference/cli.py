"""The commands `clipbot worker`, `classify`, `download` and `evaluate`.

Libraries that take long to import are imported after a command has checked its settings.
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

# Exit statuses, as usual on Unix: the command failed; it was called wrongly; Ctrl-C.
FAILED = 1
MISUSED = 2
INTERRUPTED = 130


@click.command()
def worker() -> None:
    """Run an inference worker, which answers the jobs at NATS_URL until SIGTERM."""
    with _errors_as_sentences():
        settings = load(WorkerSettings)
        logs.configure(settings.log_level, settings.log_format)
        with _missing_libraries_as_errors():
            import uvloop

            from inference.model.loading import load_engine, then_renew
            from inference.worker.worker import serve
        load_model = then_renew(settings.clip_model, partial(load_engine, settings))
        uvloop.run(_serve_and_exit(serve(settings, load_model)))


async def _serve_and_exit(serving: Coroutine[Any, Any, None]) -> NoReturn:
    """Serve until the end, then exit from within the event loop.

    A loop that ends waits for the tasks that it cancels. nats-py's task that looks for a lost
    server sometimes ignores the cancellation, while it flushes, and the loop would never end.
    """
    status = 0
    try:
        await serving
    except (DeviceLost, Hung) as error:
        click.echo(str(error), err=True)
        status = FAILED
    _exit_now(status)


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="IMAGE... PHRASES")
@click.option("--chart", metavar="FILE", help="Write a chart to this .png, .jpg or .webp file.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each picture.")
@click.option(
    "--template", metavar="TEXT", help='A sentence around each phrase: "a photo of {}"; or auto.'
)
@click.option("--model", metavar="NAME", help="Used instead of CLIP_MODEL.")
@click.option(
    "--device", metavar="DEVICE", help="Used instead of CLIP_DEVICE: auto, cpu, cuda or cuda:N."
)
def classify(
    arguments: tuple[str, ...],
    chart: str | None,
    as_json: bool,
    template: str | None,
    model: str | None,
    device: str | None,
) -> None:
    """Show which of the PHRASES fits each IMAGE best. Needs no bot and no token.

    PHRASES is the last argument: "a blurry cat, a fast sports car, a tree".
    The IMAGE - is read from standard input.
    """
    with _errors_as_sentences():
        given = {"clip_model": model, "clip_device": device}
        settings = load(WorkerSettings, **{name: value for name, value in given.items() if value})
        logs.configure("DEBUG" if settings.log_level == "DEBUG" else "WARNING")
        with _missing_libraries_as_errors():
            from inference.classify import parse, run
        parsed = parse(
            arguments,
            max_labels=settings.max_labels,
            template=template,
            chart=chart,
            as_json=as_json,
        )
        if not run(parsed, settings):
            sys.exit(FAILED)


@click.command()
@click.argument("model", required=False)
def download(model: str | None) -> None:
    """Fetch MODEL before it is needed; by default CLIP_MODEL.

    MODEL is a short name (see `clipbot models`) or a name on the model hub. A download that was
    stopped continues. A model that is on this machine is not fetched again.
    """
    with _errors_as_sentences():
        settings = load(WorkerSettings, **({"clip_model": model} if model else {}))
        logs.configure("DEBUG" if settings.log_level == "DEBUG" else "WARNING")
        with _missing_libraries_as_errors():
            from inference.model_download import run
        try:
            run(settings.clip_model)
        except KeyboardInterrupt:
            _exit_now(INTERRUPTED)  # a thread may still wait for the hub


@click.command()
@click.argument("data", metavar="FOLDER|CSV")
@click.option(
    "--template",
    "templates",
    multiple=True,
    metavar="TEXT",
    help='Repeatable: none (the default), auto, or a sentence such as "a photo of {}".',
)
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Instead of CLIP_MODEL; repeatable."
)
@click.option(
    "--device", metavar="DEVICE", help="Used instead of CLIP_DEVICE: auto, cpu, cuda or cuda:N."
)
@click.option("--labels", metavar="CSV", help="A phrase for each class: class,phrase on each line.")
@click.option("--json", metavar="FILE", help="Write the whole report here; - prints only that.")
@click.option("--page", metavar="FILE", help="Write an HTML page with plots here.")
@click.option("--results", metavar="FOLDER", help="Keep the results here.")
def evaluate(
    data: str, templates: tuple[str, ...], models: tuple[str, ...], **options: str | None
) -> None:
    """Measure a model on pictures whose labels are known.

    FOLDER has a sub-folder for each label (a_red_car is "a red car"); CSV has a path and a label on
    each line. If it is stopped, the same command goes on where it was.
    """
    with _errors_as_sentences():
        logs.configure("DEBUG" if load(WorkerSettings).log_level == "DEBUG" else "WARNING")
        with _missing_libraries_as_errors():
            from inference.evaluate.run import parse, run
        request = parse(data, templates=templates, models=models, **options)
        try:
            run(request)
        except KeyboardInterrupt:
            _exit_now(INTERRUPTED)  # a thread may still load the model


@contextlib.contextmanager
def _errors_as_sentences() -> Iterator[None]:
    """Print an error that the user can fix as one sentence, and exit."""
    try:
        yield
    except ClipbotError as error:
        click.echo(str(error), err=True)
        sys.exit(MISUSED if isinstance(error, (SettingError, UserError)) else FAILED)


@contextlib.contextmanager
def _missing_libraries_as_errors() -> Iterator[None]:
    """Turn an ImportError into an error that says what to install."""
    try:
        yield
    except ImportError as error:
        raise ModelUnavailable(
            f"{error.name or error} can't be imported; install the worker's libraries with "
            "pip install 'clipbot[worker]'."
        ) from error


def _exit_now(status: int) -> NoReturn:
    """End the process without waiting for threads.

    Loading a model can't be interrupted, and the interpreter can crash if it shuts down while
    another thread imports torch.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)

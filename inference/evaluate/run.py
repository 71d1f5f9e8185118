"""`clipbot evaluate`: runs each model over a dataset, and shows and writes the report."""

import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click
import msgspec

from inference.evaluate import dataset as datasets
from inference.evaluate import journal as journals
from inference.evaluate import progress, tables
from inference.evaluate.dataset import Dataset
from inference.evaluate.figures import compute
from inference.evaluate.journal import PredictionJournal
from inference.evaluate.predictions import Predictor, Template
from inference.evaluate.report import EvaluationReport, ModelRun, machine
from inference.loading_display import loading_shown
from inference.model.classifier import Classifier
from inference.model.encoder.templates import PLACEHOLDER
from inference.model.hub import checkpoint_files
from inference.model.loading import load_engine
from inference.model.none_of_these import bank
from inference.model.none_of_these.fit import threshold_of
from inference.protocol.errors import OperatorError, UserError
from inference.protocol.labels import AUTO_TEMPLATE
from inference.protocol.settings import WorkerSettings, load

STDOUT = "-"
NO_TEMPLATE = "none"

_BANK_STEP = 1.0  # seconds; Ctrl-C waits for at most one step


@dataclass(frozen=True)
class EvaluationRequest:
    """The checked arguments of a command line.

    Attributes:
        templates: each once; None compares labels as they are.
        settings: one for each model.
        json: the file to write, `-` for standard output.
        page: the HTML file to write.
        results: the folder for journals; None is clipbot's cache.
    """

    dataset: Dataset
    templates: tuple[Template, ...]
    settings: tuple[WorkerSettings, ...]
    json: str | None = None
    page: Path | None = None
    results: Path | None = None


def parse(
    source: str,
    *,
    templates: Sequence[str] = (),
    models: Sequence[str] = (),
    device: str | None = None,
    labels: str | None = None,
    json: str | None = None,
    page: str | None = None,
    results: str | None = None,
) -> EvaluationRequest:
    """Check everything before anything slow is done.

    Raises:
        UserError: an option has a wrong value, or the dataset can't be used.
        SettingError: a setting has a wrong value.
    """
    for template in templates:
        if template not in {NO_TEMPLATE, AUTO_TEMPLATE} and template.count(PLACEHOLDER) != 1:
            raise UserError(
                f"--template is {template!r}, but it must be {NO_TEMPLATE}, {AUTO_TEMPLATE}, or a "
                f'sentence with one {PLACEHOLDER} in place of the label, such as "a photo of {{}}".'
            )
    for option, file in (("--json", json), ("--page", page)):
        if file and file != STDOUT:
            _check_target(option, file)
    if page == STDOUT or (page and Path(page).suffix.lower() not in {".html", ".htm"}):
        raise UserError(f"--page is {page}, but the name must end in .html.")
    common = {"clip_device": device} if device else {}
    chosen = [{"clip_model": model} for model in dict.fromkeys(models)] or [{}]
    return EvaluationRequest(
        settings=tuple(load(WorkerSettings, **common, **one) for one in chosen),
        templates=tuple(
            None if template == NO_TEMPLATE else template
            for template in dict.fromkeys(templates or [NO_TEMPLATE])
        ),
        dataset=datasets.read(source, labels),
        json=json,
        page=Path(page) if page else None,
        results=Path(results) if results else None,
    )


def _check_target(option: str, file: str) -> None:
    if os.path.isdir(file):  # noqa: PTH112 - False for what can't be a path
        raise UserError(f"{option} is {file}, which is a folder.")
    if not os.path.isdir(Path(file).parent):  # noqa: PTH112
        raise UserError(f"{option} is {file}, but there is no folder {Path(file).parent}.")


def run(request: EvaluationRequest) -> None:
    """Evaluate, and print and write the report.

    Raises:
        OperatorError: a model can't be loaded, or a file can't be written.
        UserError: no picture could be read.
        KeyboardInterrupt: after a sentence about how to go on.
    """
    try:
        report = evaluate(request)
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        raise
    if request.json != STDOUT:
        tables.show(report)
    if request.json:
        text = msgspec.json.format(msgspec.json.encode(report), indent=1)
        if request.json == STDOUT:
            click.echo(text)
        else:
            _write("--json", Path(request.json), text)
    if request.page:
        from inference.evaluate.page import render

        _write("--page", request.page, render(report, request.dataset).encode())
        click.echo(f"The page is {request.page}.", err=True)


def evaluate(request: EvaluationRequest) -> EvaluationReport:
    """Return the report; show progress on standard error."""
    # Read when torch is imported. Its threads would spin while they wait, and take the cores from
    # the decoders and from other programs: beside some on two cores, a picture of the demo model
    # took 68 to 142 ms so, and 15 to 17 ms like this.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    folder = request.results or journals.default_folder()
    if request.results is None:
        journals.delete_old(folder)
    runs: list[ModelRun] = []
    unreadable: dict[str, str] = {}
    for settings in request.settings:
        found, problems = _with_model(request, settings, folder)
        runs += found
        unreadable |= problems
        gc.unfreeze()  # `load_engine` freezes all objects
        gc.collect()  # so that the next model has the memory
    return EvaluationReport(
        dataset=journals.printable(str(request.dataset.source)),
        machine=machine(),
        clipbot=_version(),
        pictures=len(request.dataset.pictures),
        labels=list(request.dataset.labels),
        notes=list(request.dataset.notes),
        unreadable=unreadable,
        runs=runs,
    )


def _with_model(
    request: EvaluationRequest, settings: WorkerSettings, folder: Path
) -> tuple[list[ModelRun], dict[str, str]]:
    """Return a run for each template, and the pictures that could not be read."""
    dataset = request.dataset
    with loading_shown(settings.clip_model):
        classifier = load_engine(settings)
        while not classifier.encode_bank(_BANK_STEP):
            pass
    key = (_digest(settings), numbers := _numbers(classifier), str(classifier.device))
    kept = {
        template: PredictionJournal(folder, dataset, *key, template or "")
        for template in request.templates
    }
    with progress.shown(classifier.name, len(dataset.pictures)) as show:
        passed = Predictor(dataset, classifier, settings, kept, show).run()
    runs = []
    for template, journal in kept.items():
        if not journal.done:
            first = next(iter(passed.unreadable.items()), ("", ""))
            raise UserError(f"No picture could be read. {first[0]}: {first[1]}")
        one = passed.computed or None
        runs.append(
            ModelRun(
                model=classifier.name,
                template=template or NO_TEMPLATE,
                device=str(classifier.device),
                numbers=numbers,
                sigmoid_scores=classifier.sigmoid_scores,
                is_demo=classifier.is_demo,
                milliseconds=one and 1_000 * passed.seconds / one,
                model_milliseconds=one and 1_000 * passed.model_seconds / one,
                # In the dataset's order, so that the sums don't depend on where it was resumed.
                figures=compute(
                    dataset.labels,
                    [
                        journal.done[name]
                        for name in (journals.printable(one.name) for one in dataset.pictures)
                        if name in journal.done
                    ],
                ),
            )
        )
    return runs, passed.unreadable


def _numbers(classifier: Classifier) -> str:
    from inference.model.engine import Engine  # not at the top: it is slow to import

    if isinstance(classifier, Engine):
        return f"{classifier.dtype}, {classifier.runtime}"
    return ""


def _digest(settings: WorkerSettings) -> str:
    """Return what changes whenever a model's answers can change."""
    folder = checkpoint_files.locate(settings.clip_model)
    name = settings.clip_model
    fits = (str(settings.none_fits), str(threshold_of(name)), *bank.texts_for(name))
    return checkpoint_files.digest(folder, name, str(settings.max_megapixels), *fits)


def _version() -> str:
    try:
        return metadata.version("clipbot")
    except metadata.PackageNotFoundError:  # run from its source
        return ""


def _write(option: str, file: Path, text: bytes) -> None:
    try:
        file.write_bytes(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error  # ValueError: a NUL in the name
        raise OperatorError(f"{option}: {file} can't be written ({reason}).") from error

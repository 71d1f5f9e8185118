"""`clipbot classify`: prints the probability of each phrase for each picture, without a bot."""

import json
import math
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import click
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.images.decoding import OVERSAMPLING, decode
from inference.loading_display import loading_shown
from inference.model.classifier import Classifier, LabelSet
from inference.model.encoder.templates import PLACEHOLDER
from inference.model.loading import load_engine
from inference.protocol import labels as phrases
from inference.protocol.errors import ImageRefused, TooLargeForHost, UserError
from inference.protocol.labels import AUTO_TEMPLATE, needs_something_else, with_something_else
from inference.protocol.messages import ChartWords, ImageOutcome
from inference.protocol.settings import WorkerSettings
from inference.worker.batcher import Batcher

STDIN = "-"
CHART_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MAX_CHART_PHOTOS = 10  # as many as an album can have
# Pictures are kept for the chart at this size, not at full size: a chart shows them about 400
# pixels wide, and no model uses more than half of it.
_KEPT_SIDE = 1_024  # pixels

_WORDS = ChartWords()

_NONE_FITS = "None of these seems to fit."
_DOES_NOT_FIT = "It does not seem to fit."
_NO_NUMBERS = "The model's scores are not numbers; CLIP_DTYPE=float32 may help."


@dataclass(frozen=True)
class Arguments:
    """The checked arguments of a command line.

    Attributes:
        sources: paths as given; `-` is standard input.
        template: a sentence with one `{}` for the phrase, or `auto`.
        chart: the file to write.
        as_json: print JSON instead of tables.
    """

    sources: tuple[str, ...]
    labels: tuple[str, ...]
    template: str | None = None
    chart: Path | None = None
    as_json: bool = False


@dataclass(frozen=True)
class PictureResult:
    """A picture and what the model says about it; both are None if there is no result."""

    source: str
    photo: Image.Image | None = None
    outcome: ImageOutcome | None = None


def parse(
    arguments: Sequence[str],
    *,
    max_labels: int,
    template: str | None = None,
    chart: str | None = None,
    as_json: bool = False,
) -> Arguments:
    """Check `IMAGE... PHRASES` and the options before anything slow is done.

    Args:
        arguments: at least one.

    Raises:
        UserError: a file is missing, the phrases can't be used, or an option has a wrong value.
    """
    *sources, text = arguments
    if not sources or os.path.isfile(text):  # noqa: PTH113 - False for what can't be a path
        raise UserError(
            "Put the phrases last: clipbot classify photo.jpg "
            '"a blurry cat, a fast sports car, a tree".'
        )
    for place, source in enumerate(sources):
        _check_source(source, before=sources[:place], rest=[*sources[place:], text])
    check_template(template)
    target = Path(chart) if chart else None
    if target and target.suffix.lower() not in CHART_SUFFIXES:
        raise UserError(f"--chart is {chart}, but the name must end in {_either(CHART_SUFFIXES)}.")
    if target and not os.path.isdir(target.parent):  # noqa: PTH112 - as above
        raise UserError(f"--chart is {chart}, but there is no folder {target.parent}.")
    if target and len(sources) > MAX_CHART_PHOTOS:
        raise UserError(f"A chart shows at most {MAX_CHART_PHOTOS} pictures.")
    labels = phrases.parse(text, max_labels=max_labels)
    return Arguments(tuple(sources), labels, template, target, as_json)


def check_template(template: str | None) -> None:
    """Raise UserError if `--template` is wrong."""
    if template not in {None, AUTO_TEMPLATE} and template.count(PLACEHOLDER) != 1:
        raise UserError(
            f"--template must be {AUTO_TEMPLATE}, or contain {PLACEHOLDER} once, in place of the "
            'phrase, for example "a photo of {}".'
        )


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _check_source(source: str, *, before: Sequence[str], rest: Sequence[str]) -> None:
    """Raise UserError if a picture can't be opened by this name.

    Args:
        before: the pictures before this one, which exist.
        rest: the arguments from this one on.
    """
    if source == STDIN or os.path.isfile(source):  # noqa: PTH113
        return
    if not source.strip():
        raise UserError("The name of a picture is empty.")
    if os.path.isdir(source):  # noqa: PTH112
        inside = shlex.quote(source.rstrip("/")) + "/*.jpg"
        raise UserError(f"{source} is a folder; name the pictures in it, for example {inside}.")
    if os.path.exists(source):  # noqa: PTH110 - a pipe, as from the shell's <(…)
        return
    if before and not _looks_like_a_path(source):
        words = " ".join(rest)
        are_several = len(phrases.parse(words, max_labels=len(words), max_length=len(words))) > 1
        quoted = words if are_several else ", ".join(rest)
        pictures = " ".join(map(shlex.quote, before))
        raise UserError(
            f"There is no file {source}. If it is one of the phrases, put the phrases in quotes: "
            f'clipbot classify {pictures} "{quoted}".'
        )
    raise UserError(f"There is no file {source}.")


def _looks_like_a_path(text: str) -> bool:
    return os.sep in text or bool(PurePath(text).suffix)


def run(arguments: Arguments, settings: WorkerSettings) -> bool:
    """Print the results on standard output, and problems with single pictures on standard error.

    Returns:
        False if a picture could not be read or the chart could not be written.

    Raises:
        ModelUnavailable: the model can't be loaded; the text says why and what to do.
    """
    classifier: Classifier | None = None
    batcher = Batcher(settings.max_batch)
    results: list[PictureResult] = []
    for start in range(0, len(arguments.sources), settings.max_batch):
        batch = arguments.sources[start : start + settings.max_batch]
        photos = [_read(source, settings.max_megapixels) for source in batch]
        readable = [photo for photo in photos if photo]
        if readable and classifier is None:
            classifier = _load(settings)
        if classifier is None:
            results += [PictureResult(source) for source in batch]
            continue
        outcomes = iter(_outcomes(batcher, classifier, readable, arguments))
        for source, photo in zip(batch, photos, strict=True):
            outcome = next(outcomes) if photo else None
            if photo and not outcome:
                click.echo(f"{source}: {_NO_NUMBERS}", err=True)
            result = PictureResult(source)
            if photo and outcome:
                result = PictureResult(source, _small(photo), outcome)
                _print(source, outcome, arguments, classifier)
            results.append(result)
    done = all(result.outcome for result in results)
    if arguments.chart and classifier and any(result.outcome for result in results):
        done &= _write_chart(arguments.chart, results, arguments, classifier)
    return done


def _outcomes(
    batcher: Batcher, classifier: Classifier, photos: Sequence[Image.Image], arguments: Arguments
) -> list[ImageOutcome | None]:
    """Return the outcome for each photo; None if its probabilities are not numbers."""
    label_set = LabelSet(arguments.labels, arguments.template)
    outcomes: list[ImageOutcome | None] = []
    for found in batcher.compare(classifier, photos, [label_set] * len(photos)):
        shares = [float(p) for p in found.probabilities]
        outcome = ImageOutcome(
            shares,
            fit=found.fit,
            none_fits=found.none_fits,
            looks_like_photo=found.looks_like_photo,
        )
        outcomes.append(outcome if all(map(math.isfinite, shares)) else None)
    return outcomes


def _read(source: str, max_megapixels: float) -> Image.Image | None:
    try:
        data = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
        return decode(data, max_megapixels=max_megapixels, target_side=_KEPT_SIDE // OVERSAMPLING)
    except OSError as error:
        click.echo(f"{source}: The file can't be read ({error.strerror}).", err=True)
    except (ImageRefused, TooLargeForHost) as refusal:
        click.echo(f"{source}: {refusal}", err=True)
    return None


def _small(photo: Image.Image) -> Image.Image:
    photo.thumbnail((_KEPT_SIDE, _KEPT_SIDE))
    return photo


def _load(settings: WorkerSettings) -> Classifier:
    with loading_shown(settings.clip_model):
        classifier = load_engine(settings)
        # Takes seconds, but only once with each checkpoint: what is encoded is kept on disk.
        classifier.encode_bank(math.inf)
    if classifier.is_demo:
        click.echo(f"Answered by the {_WORDS.demo}.", err=True)
    return classifier


def _print(
    source: str, outcome: ImageOutcome, arguments: Arguments, classifier: Classifier
) -> None:
    labels, sigmoid_scores = arguments.labels, classifier.sigmoid_scores
    shares = dict(
        with_something_else(
            labels,
            outcome.probabilities,
            _WORDS.something_else,
            sigmoid_scores=sigmoid_scores,
        )
    )
    winner = max(shares, key=lambda label: shares[label])
    if outcome.looks_like_photo:
        click.echo(
            f"{source}: This looks like a photograph, which the demo model does not know.", err=True
        )
    if arguments.as_json:
        line = {
            "image": source,
            "model": classifier.name,
            "winner": winner,
            "probabilities": shares,
            "fit": outcome.fit,
            "none_fits": outcome.none_fits,
        }
        click.echo(json.dumps(line, ensure_ascii=False))
        return
    if len(arguments.sources) > 1:
        click.secho(f"\n{source}", bold=True)
    click.echo(f"The image is classified as: {winner}")
    # A single label of a softmax model shares the 100 % with something else.
    is_apart = not needs_something_else(labels, sigmoid_scores=sigmoid_scores)
    if outcome.none_fits and is_apart:
        click.echo(_NONE_FITS if len(labels) > 1 else _DOES_NOT_FIT)
    table = Table("phrase", "probability")
    table.columns[0].overflow = "fold"
    table.columns[1].justify = "right"
    for label in sorted(shares, key=lambda label: -shares[label]):
        _add_row(table, label, shares[label], "bold" if label == winner else "")
    if is_apart and (elsewhere := outcome.something_else) is not None:
        table.add_section()
        _add_row(table, f"{_WORDS.something_else} ({_WORDS.apart})", elsewhere, "dim")
    console = Console()
    console.print(table)
    if sigmoid_scores:
        console.print(Text(_WORDS.independent))


def _add_row(table: Table, label: str, share: float, style: str) -> None:
    table.add_row(Text(label, style), Text(f"{share:.1%}".replace("%", " %"), style))


def _write_chart(
    path: Path, results: Sequence[PictureResult], arguments: Arguments, classifier: Classifier
) -> bool:
    from inference.charts import chart

    outcomes = [result.outcome for result in results]
    picture = chart.draw(
        [result.photo for result in results],
        arguments.labels,
        [None if one is None else one.probabilities for one in outcomes],
        _WORDS,
        sigmoid_scores=classifier.sigmoid_scores,
        demo=classifier.is_demo,
        fits=[None if one is None else one.fit for one in outcomes],
        none_fits=[one is not None and one.none_fits for one in outcomes],
    )
    suffix = path.suffix.lower()
    try:
        if suffix == ".webp":
            picture.save(path, lossless=True)
        else:
            path.write_bytes(chart.to_png(picture) if suffix == ".png" else chart.to_jpeg(picture))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error  # ValueError: a NUL in the name
        click.echo(f"--chart: {path} can't be written ({reason}).", err=True)
        return False
    return True

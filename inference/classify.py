"""`clipbot classify`: pictures and phrases in, probabilities out. No bot, no queue."""

import contextlib
import json
import math
import os
import re
import shlex
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import click
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.images.decoding import OVERSAMPLING, decode
from inference.model.classifier import Classifier, LabelSet
from inference.model.encoder.scoring import PLACEHOLDER
from inference.model.hub import checkpoint_files, download
from inference.model.hub.download import DownloadProgress
from inference.model.loading import load_engine
from inference.protocol import labels as phrases
from inference.protocol.errors import ImageRefused, TooLargeForHost, UserError
from inference.protocol.messages import ChartWords
from inference.protocol.settings import WorkerSettings
from inference.worker.batcher import Batcher

STDIN = "-"
CHART_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
# A chart of several pictures holds as many as an album may have.
MAX_CHART_PHOTOS = 10
# No model looks at more than half of it, and a chart shows pictures some 400 pixels wide: originals
# need not be kept.
_KEPT_SIDE = 1_024  # pixels
# Where nobody looks on, or a log is written.
_SAY_EVERY = 10.0  # seconds
# What takes longer is a reason to wait, which people want to know: a hub that has not answered, or
# files that are read.
_SAY_ASKING_AFTER, _SAY_LOADING_AFTER = 1.0, 3.0  # seconds
# Between phrases; see `inference.protocol.labels`.
_SEPARATOR = re.compile("[,;，；、؛،]")

_WORDS = ChartWords()

_NO_NUMBERS = "The model's scores for it are no numbers; CLIP_DTYPE=float32 may help."


@dataclass(frozen=True)
class Question:
    """A command line, found valid.

    Attributes:
        sources: paths as given; `-` is standard input.
    """

    sources: tuple[str, ...]
    labels: tuple[str, ...]
    template: str | None = None
    chart: Path | None = None
    as_json: bool = False


@dataclass(frozen=True)
class Answer:
    """A picture and its probabilities in label order; neither where it could not be read."""

    source: str
    photo: Image.Image | None = None
    row: Sequence[float] | None = None


def question(
    arguments: Sequence[str],
    *,
    max_labels: int,
    template: str | None = None,
    chart: str | None = None,
    as_json: bool = False,
) -> Question:
    """Reads `IMAGE... PHRASES`, before anything slow is done.

    Raises:
        UserError: a file is missing, the phrases can't be used, or an option has a wrong value.
    """
    *sources, text = arguments
    if not sources or os.path.isfile(text):  # noqa: PTH113 - False for whatever is no path
        raise UserError(
            "The phrases come last: clipbot classify photo.jpg "
            '"a blurry cat, a fast sports car, a tree".'
        )
    for place, source in enumerate(sources):
        _check_source(source, before=sources[:place], behind=[*sources[place:], text])
    if template is not None and template.count(PLACEHOLDER) != 1:
        raise UserError(
            f"--template must hold {PLACEHOLDER} once, where the phrase goes, as in "
            '"a photo of {}".'
        )
    target = Path(chart) if chart else None
    if target and target.suffix.lower() not in CHART_SUFFIXES:
        raise UserError(
            f"--chart is {chart}, but its name must end in {', '.join(CHART_SUFFIXES)}."
        )
    if target and not os.path.isdir(target.parent):  # noqa: PTH112 - as above
        raise UserError(f"--chart is {chart}, but there is no folder {target.parent}.")
    if target and len(sources) > MAX_CHART_PHOTOS:
        raise UserError(f"A chart shows at most {MAX_CHART_PHOTOS} pictures.")
    labels = phrases.parse(text, max_labels=max_labels)
    return Question(tuple(sources), labels, template, target, as_json)


def _check_source(source: str, *, before: Sequence[str], behind: Sequence[str]) -> None:
    """Say what is wrong with the name of a picture.

    Args:
        before: the pictures named before it, which are there.
        behind: the arguments from this one on.
    """
    if source == STDIN or os.path.isfile(source):  # noqa: PTH113
        return
    if not source.strip():
        raise UserError("The name of a picture is empty.")
    if os.path.isdir(source):  # noqa: PTH112
        inside = shlex.quote(source.rstrip("/")) + "/*.jpg"
        raise UserError(f"{source} is a folder; name the pictures in it, as in {inside}.")
    if os.path.exists(source):  # noqa: PTH110 - a pipe, as the shell's <(…) makes
        return
    if before and not _looks_like_a_path(source):
        words = " ".join(behind)
        quoted = words if _SEPARATOR.search(words) else ", ".join(behind)
        pictures = " ".join(map(shlex.quote, before))
        raise UserError(
            f"There is no file {source}. If it is one of the phrases, put the phrases in quotes: "
            f'clipbot classify {pictures} "{quoted}".'
        )
    raise UserError(f"There is no file {source}.")


def _looks_like_a_path(text: str) -> bool:
    return os.sep in text or bool(PurePath(text).suffix)


def run(asked: Question, settings: WorkerSettings) -> bool:
    """Answers on standard output; complaints about single pictures go to standard error.

    Returns:
        False where a picture could not be read, or the chart not be written.

    Raises:
        ModelUnavailable: the text says why and what to do.
    """
    classifier: Classifier | None = None
    batcher = Batcher(settings.max_batch)
    answers: list[Answer] = []
    for start in range(0, len(asked.sources), settings.max_batch):
        batch = asked.sources[start : start + settings.max_batch]
        photos = [_read(source, settings.max_megapixels) for source in batch]
        readable = [photo for photo in photos if photo]
        if readable and classifier is None:
            classifier = _load(settings)
        if classifier is None:
            answers += [Answer(source) for source in batch]
            continue
        rows = iter(_rows(batcher, classifier, readable, asked))
        for source, photo in zip(batch, photos, strict=True):
            row = next(rows) if photo else None
            answer = Answer(source, _small(photo), row) if photo and row else Answer(source)
            if photo and not row:
                click.echo(f"{source}: {_NO_NUMBERS}", err=True)
            answers.append(answer)
            _print(answer, asked, classifier)
    done = all(answer.row for answer in answers)
    if asked.chart and classifier and any(answer.row for answer in answers):
        done &= _write_chart(asked.chart, answers, asked, classifier)
    return done


def _rows(
    batcher: Batcher, classifier: Classifier, photos: Sequence[Image.Image], asked: Question
) -> list[list[float] | None]:
    """Probabilities of each photo; None where they are no numbers."""
    label_set = LabelSet(asked.labels, asked.template)
    rows = batcher.rows(classifier, photos, [label_set] * len(photos))
    shares = [[float(p) for p in row] for row in rows]
    return [row if all(map(math.isfinite, row)) else None for row in shares]


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
    with _waiting(settings.clip_model):
        classifier = load_engine(settings)
    if classifier.is_demo:
        click.echo(f"Answered by the {_WORDS.demo}.", err=True)
    return classifier


@contextlib.contextmanager
def _waiting(model: str) -> Iterator[None]:
    """On a terminal, something that moves while the model loads; elsewhere, a line at times."""
    here = checkpoint_files.is_here(model)
    console = Console(stderr=True)
    if console.is_terminal:
        words = f"Loading {model} …" if here else f"Fetching {model} …"
        with console.status(Text(words)) as status:

            def show(progress: DownloadProgress) -> None:
                status.update(Text(_doing(model, progress)))

            with download.heard_by(show):
                yield
        return
    words = f"Loading {model} …" if here else f"Asking the model hub for {model} …"
    patience = _SAY_LOADING_AFTER if here else _SAY_ASKING_AFTER
    waiting = threading.Timer(patience, click.echo, (words,), {"err": True})
    said = -math.inf

    def say(progress: DownloadProgress) -> None:
        nonlocal said
        waiting.cancel()
        if not progress.is_complete and time.monotonic() - said >= _SAY_EVERY:
            said = time.monotonic()
            click.echo(_doing(model, progress), err=True)

    waiting.start()
    try:
        with download.heard_by(say):
            yield
    finally:
        waiting.cancel()


def _doing(model: str, progress: DownloadProgress) -> str:
    if progress.is_complete:
        return f"Loading {model} …"
    return f"Fetching {model}: {download.megabytes(progress)} …"


def _probabilities(
    row: Sequence[float], asked: Question, classifier: Classifier
) -> dict[str, float]:
    shares = dict(zip(asked.labels, row, strict=True))
    if len(shares) == 1 and not classifier.sigmoid_scores:
        shares[_WORDS.something_else] = 1.0 - row[0]
    return shares


def _print(answer: Answer, asked: Question, classifier: Classifier) -> None:
    if answer.row is None:
        return
    shares = _probabilities(answer.row, asked, classifier)
    winner = max(shares, key=lambda label: shares[label])
    if asked.as_json:
        line = {
            "image": answer.source,
            "model": classifier.name,
            "winner": winner,
            "probabilities": shares,
        }
        click.echo(json.dumps(line, ensure_ascii=False))
        return
    if len(asked.sources) > 1:
        click.secho(f"\n{answer.source}", bold=True)
    click.echo(f"The image is classified as: {winner}")
    table = Table("phrase", "probability")
    table.columns[0].overflow = "fold"
    table.columns[1].justify = "right"
    for label in sorted(shares, key=lambda label: -shares[label]):
        style = "bold" if label == winner else ""
        table.add_row(Text(label, style), Text(f"{shares[label]:.1%}".replace("%", " %"), style))
    console = Console()
    console.print(table)
    if classifier.sigmoid_scores:
        console.print(Text(_WORDS.independent))


def _write_chart(
    path: Path, answers: Sequence[Answer], asked: Question, classifier: Classifier
) -> bool:
    from inference.charts import chart

    picture = chart.draw(
        [answer.photo for answer in answers],
        asked.labels,
        [answer.row for answer in answers],
        _WORDS,
        sigmoid_scores=classifier.sigmoid_scores,
        demo=classifier.is_demo,
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

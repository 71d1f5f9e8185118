"""The report as one HTML file that needs no network: figures, plots, and the worst mistakes."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
from pathlib import Path

from inference.evaluate import plots
from inference.evaluate.dataset import Dataset, counted
from inference.evaluate.figures import ClassFigures, Figures, Mistake, has_mistakes
from inference.evaluate.journal import printable
from inference.evaluate.report import EvaluationReport, ModelRun, percent
from inference.images.decoding import decode
from inference.protocol.errors import ImageRefused, TooLargeForHost

_STYLE = Path(__file__).with_name("page.css")
_SHOWN_MISTAKES = 12
_THUMBNAIL = 240  # pixels
_MAX_CLASSES = 200
_MAX_UNREADABLE = 200

_HONEST = (
    "How many winners of this probability are right. On the dashed line, percentages are honest; "
    'the model is <span class="key wrong"></span> too sure, or '
    '<span class="key modest"></span> right more often than it says.'
)
_MATRIX = (
    "A row for each label, a column for each answer: "
    '<span class="key right"></span> right, <span class="key wrong"></span> wrong; the stronger '
    "the colour, the more pictures."
)


def render(report: EvaluationReport, dataset: Dataset) -> str:
    """Return the page.

    Args:
        dataset: where the pictures of mistakes are.
    """
    best = report.best
    files = {printable(one.name): one.path for one in dataset.pictures}
    read = max(run.figures.pictures for run in report.runs)
    about = (
        f"{counted(read, 'picture')} with {len(report.labels):,} labels · "
        f"{Path(report.dataset).name} · {report.machine}"
    )
    title = f"{Path(report.dataset).name}: {percent(best.figures.accuracy)} right"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head>",
        f"<body><header><h1>{escape(_headline(best))}</h1>",
        f'<p class="quiet">{escape(about)}</p></header><main>',
        _tiles(best),
        _comparison(report) if len(report.runs) > 1 else "",
        _sections(best),
        _mistakes(best.figures, files),
        *(_others(run) for run in report.runs if run is not best),
        _left_out(report),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _headline(run: ModelRun) -> str:
    return f"{_name(run)} is right in {percent(run.figures.accuracy)} of pictures"


def _name(run: ModelRun) -> str:
    if run.template == "none":
        return run.model
    template = "auto" if run.template == "auto" else f"“{run.template}”"
    return f"{run.model} with template {template}"


def _tiles(run: ModelRun) -> str:
    figures = run.figures
    low, high = figures.interval
    range_ = f"{low * 100:.0f}–{high * 100:.0f} % of all pictures like these"
    note = f"{figures.right:,} of {figures.pictures:,}; {range_}"
    tiles = [("Right", percent(figures.accuracy), note)]
    if figures.top_5 is not None:
        tiles.append(("Among the best five", percent(figures.top_5), ""))
    if percent(figures.balanced_accuracy) != percent(figures.accuracy):
        note = "as if all labels had equally many pictures"
        tiles.append(("Mean of the labels", percent(figures.balanced_accuracy), note))
    tiles.append(
        ("Calibration error", percent(figures.calibration_error), "0 % would be honest percentages")
    )
    if none := figures.none_of_these:
        note = f"when the right label is left out; {percent(none.false_alarms)} when it is there"
        tiles.append(("“None of these”", percent(none.recall), note))
    if run.milliseconds is not None:
        tiles.append(("A picture takes", f"{run.milliseconds:.0f} ms", "with reading the file"))
    shown = "".join(
        f'<div class="tile"><dt>{escape(name)}</dt><dd>{escape(value)}'
        f"{f'<small>{escape(note)}</small>' if note else ''}</dd></div>"
        for name, value, note in tiles
    )
    notes = []
    if run.is_demo:
        notes.append("The demo model knows drawings and shapes, not photographs.")
    if run.sigmoid_scores:
        notes.append("This model scores each label by itself: scores need not add up to 100 %.")
    return f'<dl class="tiles">{shown}</dl>' + "".join(
        f'<p class="quiet">{escape(note)}</p>' for note in notes
    )


def _table(heads: Iterable[tuple[str, str]], rows: Iterable[str]) -> str:
    """Return a table; a head is its text and the kind of its column: words, number or drawn."""
    head = "".join(f'<th scope="col" class="{kind}">{escape(text)}</th>' for text, kind in heads)
    # So that people without a mouse can scroll a wide table with the keyboard.
    box = '<div class="wide" tabindex="0" role="region" aria-label="Table">'
    return f"{box}<table><tr>{head}</tr>{''.join(rows)}</table></div>"


def _number(text: str) -> str:
    return f'<td class="number">{escape(text)}</td>'


def _comparison(report: EvaluationReport) -> str:
    heads = [("model", "words"), ("template", "words"), ("right", "number"), ("", "drawn")]
    has_top_5 = report.best.figures.top_5 is not None
    has_none = any(run.figures.none_of_these for run in report.runs)
    heads += [("best five", "number")] * has_top_5 + [("calibration error", "number")]
    heads += [("none fits: found", "number"), ("false alarms", "number")] * has_none
    rows = []
    for run in report.runs:
        figures, none = run.figures, run.figures.none_of_these
        cells = [
            *(f'<td class="words">{escape(text)}</td>' for text in (run.model, run.template)),
            _number(percent(figures.accuracy)),
            f'<td class="drawn">{plots.share_bar(figures.accuracy, figures.interval)}</td>',
            _number(percent(figures.top_5)) if has_top_5 else "",
            _number(percent(figures.calibration_error)),
        ]
        if has_none:
            cells.append(_number(percent(none.recall if none else None)))
            cells.append(_number(percent(none.false_alarms if none else None)))
        best = ' class="best"' if run is report.best else ""
        rows.append(f"<tr{best}>{''.join(cells)}</tr>")
    note = "The line in a bar is where the figure of all pictures like these probably is (95 %)."
    return f'<h2>Compared</h2><p class="quiet">{note}</p>{_table(heads, rows)}'


def _sections(run: ModelRun) -> str:
    figures = run.figures
    drawn = _plot("How honest the percentages are", _HONEST, plots.reliability(figures.bins))
    if matrix := plots.confusion(figures):
        drawn += _plot("What is taken for what", _MATRIX, matrix)
    parts = [f'<div class="plots">{drawn}</div>', "<h2>The labels, the worst first</h2>"]
    wrong = [one for one in figures.classes if has_mistakes(one)]
    right = [one for one in figures.classes if not has_mistakes(one)]
    wrong.sort(key=lambda one: 2.0 if one.recall is None else one.recall)
    parts.append(_classes(wrong) if wrong else "<p>There are no mistakes.</p>")
    if right:
        summary = f"{counted(len(right), 'label')} without a mistake"
        parts.append(f"<details><summary>{summary}</summary>{_classes(right)}</details>")
    return "\n".join(parts)


def _plot(title: str, note: str, plot: str) -> str:
    return f'<section><h2>{title}</h2><p class="quiet">{note}</p><figure>{plot}</figure></section>'


def _classes(classes: Sequence[ClassFigures]) -> str:
    heads = (("label", "words"), ("pictures", "number"), ("found", "number"), ("", "drawn"),
             ("right answers", "number"))  # fmt: skip
    table = _table(heads, map(_class, classes[:_MAX_CLASSES]))
    more = len(classes) - _MAX_CLASSES
    return table + (f'<p class="quiet">and {counted(more, "label")} more</p>' if more > 0 else "")


def _class(one: ClassFigures) -> str:
    taken = ", ".join(f"{label} ({number:,})" for label, number in one.taken_for[:3])
    note = f'<span class="note">taken for {escape(taken)}</span>' if taken else ""
    bar = "" if one.recall is None else plots.share_bar(one.recall)
    return (
        f'<tr><td class="words">{escape(one.label)}{note}</td>{_number(f"{one.pictures:,}")}'
        f'{_number(percent(one.recall))}<td class="drawn">{bar}</td>'
        f"{_number(percent(one.precision))}</tr>"
    )


def _mistakes(figures: Figures, files: dict[str, Path]) -> str:
    if not figures.mistakes:
        return ""
    shown = "".join(_mistake(one, files) for one in figures.mistakes[:_SHOWN_MISTAKES])
    return (
        "<h2>Wrong, and sure of it</h2>"
        '<p class="quiet">Look here first: a wrong label, a picture of two things, or a phrase '
        f'that says too little.</p><ul class="mistakes">{shown}</ul>'
    )


def _mistake(one: Mistake, files: dict[str, Path]) -> str:
    picture = _thumbnail(files[one.path]) if one.path in files else ""
    image = f'<img src="{picture}" alt="">' if picture else ""
    return (
        f"<li>{image}<b>{escape(one.answer)}</b> {percent(one.probability, 0)}<br>"
        f'is: {escape(one.label)}<br><span class="quiet">{escape(one.path)}</span></li>'
    )


def _thumbnail(file: Path) -> str:
    """Return a small JPEG as a data URL; empty if the file can't be read any more."""
    try:
        image = decode(file.read_bytes(), target_side=_THUMBNAIL)
    except (OSError, ImageRefused, TooLargeForHost):
        return ""
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    target = BytesIO()
    image.save(target, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(target.getvalue()).decode()


def _others(run: ModelRun) -> str:
    summary = f"{_name(run)}: {percent(run.figures.accuracy)} right"
    return f"<details><summary>{escape(summary)}</summary>{_tiles(run)}{_sections(run)}</details>"


def _left_out(report: EvaluationReport) -> str:
    lines = [escape(note) for note in report.notes]
    unreadable = list(report.unreadable.items())
    lines += [f"{escape(path)}: {escape(why)}" for path, why in unreadable[:_MAX_UNREADABLE]]
    if (more := len(unreadable) - _MAX_UNREADABLE) > 0:
        lines.append(f"and {more:,} more")
    if not lines:
        return ""
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f"<h2>Left out</h2><ul>{items}</ul>"

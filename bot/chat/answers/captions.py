"""The caption of a chart: the winner, the runner-up, and how clear the win is."""

from collections.abc import Sequence

from bot.i18n import Sentences
from bot.i18n.lengths import shortened, shown_units
from bot.platform.models import Media, numbers_of
from inference.protocol.labels import needs_something_else, with_something_else
from inference.protocol.messages import ImageOutcome, Result

# A win by less than this difference in probability is called narrow.
NARROW_MARGIN = 0.05
# If all sigmoid scores are below this, the model believes in none of the labels (SigLIP,
# arXiv:2303.15343, section 3).
_UNLIKELY = 0.01
# UTF-16 units: ten lines of long labels must fit under one chart, also if they are emoji.
_ALBUM_LABEL_UNITS = 48
# UTF-16 units that are left for the last line, which says how many labels are not shown.
_LAST_LINE = 96


def caption(result: Result, sentences: Sentences, media: Sequence[Media] = ()) -> str:
    """Return HTML for the caption of a result's chart.

    Args:
        media: the pictures, which know the numbers that people give them; none: 1, 2, …
    """
    if len(result.images) == 1:
        lines = [_for_one(result, result.images[0], sentences)]
    else:
        numbers = numbers_of(media) or range(1, len(result.images) + 1)
        lines = [
            f"{number}. {_in_album(result, outcome, sentences)}"
            for number, outcome in zip(numbers, result.images, strict=True)
        ]
    if any(outcome.looks_like_photo for outcome in result.images):
        lines.append(sentences.photo_for_demo())
    if skipped := [number for one in media for number in one.skipped]:
        lines.append(sentences.skipped(skipped))
    return "\n".join(lines)


def in_words(result: Result, sentences: Sentences, limit: int, media: Sequence[Media] = ()) -> str:
    """Return HTML that replaces the chart: all labels with their probability, as many as fit.

    Args:
        limit: how long the text can be, in UTF-16 units without its markup.
    """
    text = caption(result, sentences, media)
    if len(result.images) > 1:
        return text
    others = _ranked(result, result.images[0], sentences)[2:]
    lines = [sentences.also_ran(*other) for other in others]
    return "\n".join([text, *sentences.many(lines, limit - _LAST_LINE - shown_units(text))])


def ranking(
    labels: Sequence[str],
    probabilities: Sequence[float],
    something_else: str,
    *,
    sigmoid_scores: bool,
) -> list[tuple[str, float]]:
    """Return labels and probabilities, best first; equal ones in the order typed.

    For a single label of a softmax model, `something_else` is added.
    """
    pairs = with_something_else(
        labels, probabilities, something_else, sigmoid_scores=sigmoid_scores
    )
    return sorted(pairs, key=lambda pair: -pair[1])


def _ranked(result: Result, outcome: ImageOutcome, sentences: Sentences) -> list[tuple[str, float]]:
    return ranking(
        result.labels,
        outcome.probabilities,
        sentences.something_else(),
        sigmoid_scores=result.sigmoid_scores,
    )


def _for_one(result: Result, outcome: ImageOutcome, sentences: Sentences) -> str:
    best, *others = _ranked(result, outcome, sentences)
    lines = [sentences.winner(*best)]
    if others:
        lines.append(sentences.runner_up(*others[0]))
    if _none_fits(result, outcome):
        lines.append(sentences.none_fits(len(result.labels)))
    elif others and best[1] - others[0][1] < NARROW_MARGIN:
        lines.append(sentences.narrow())
    return "\n".join(lines)


def _in_album(result: Result, outcome: ImageOutcome, sentences: Sentences) -> str:
    if outcome.problem:
        return sentences.problem(outcome.problem)
    label, share = _ranked(result, outcome, sentences)[0]
    line = sentences.winner(shortened(label, _ALBUM_LABEL_UNITS), share)
    if _none_fits(result, outcome):
        line += f" · <i>{sentences.none_fits_here(len(result.labels))}</i>"
    return line


def _none_fits(result: Result, outcome: ImageOutcome) -> bool:
    """Return whether to say that none of the labels fits."""
    if needs_something_else(result.labels, sigmoid_scores=result.sigmoid_scores):
        return False  # "something else" is in the ranking, and wins
    if outcome.fit is None:  # an older worker, or one that does not compute it
        return result.sigmoid_scores and max(outcome.probabilities) < _UNLIKELY
    return outcome.none_fits

"""A result as a table of plain text, for screen readers and for forwarding."""

from collections.abc import Sequence

from bot.chat.answers.captions import ranking
from bot.i18n import Sentences
from bot.i18n.lengths import shortened, shown_units
from bot.platform.models import Media, numbers_of
from inference.protocol.labels import needs_something_else
from inference.protocol.messages import ImageOutcome

# UTF-16 units that a picture's part has besides its labels: heading, place, percentage, and the
# line that says how many labels are not shown.
_AROUND_LABEL = 96


def text_table(
    labels: Sequence[str],
    outcomes: Sequence[ImageOutcome],
    sentences: Sentences,
    *,
    sigmoid_scores: bool,
    limit: int,
    media: Sequence[Media] = (),
) -> str:
    """Return HTML with all labels of each picture, best first, as many as fit.

    Args:
        labels: as typed, in the order of the outcomes' probabilities.
        limit: how long the text can be, in UTF-16 units without its markup; at least 1,800 for ten
            pictures.
        media: the pictures, which know the numbers that people give them; none: 1, 2, …
    """
    head = f"<b>{sentences.result_title()}</b>"
    # A single label of a softmax model shares the 100 % with something else.
    is_apart = not needs_something_else(labels, sigmoid_scores=sigmoid_scores)
    notes = []
    if is_apart and any(outcome.something_else is not None for outcome in outcomes):
        notes.append(sentences.table_apart())
    if sigmoid_scores:
        notes.append(sentences.independent())
    foot = ["", *notes] if notes else []
    is_album = len(outcomes) > 1
    numbers = numbers_of(media) or range(1, len(outcomes) + 1)
    parts: list[str] = []
    room = limit - shown_units("\n".join([head, "", *foot]))
    for place, outcome in enumerate(outcomes):
        # What earlier pictures left free belongs to the later ones.
        share = room // (len(outcomes) - place)
        lines = ["", sentences.table_picture(numbers[place])] if is_album else []
        share_left = share - shown_units("\n".join(lines)) - 1
        lines += _of_one(labels, outcome, sentences, sigmoid_scores, is_apart, share_left)
        room -= shown_units("\n".join(lines)) + 1
        parts += lines
    return "\n".join([head, *parts, *foot])


def _of_one(
    labels: Sequence[str],
    outcome: ImageOutcome,
    sentences: Sentences,
    sigmoid_scores: bool,
    is_apart: bool,
    room: int,
) -> list[str]:
    """Return the lines of one picture, which together have at most `room` UTF-16 units."""
    if outcome.problem:
        return [sentences.problem(outcome.problem)]
    ranked = ranking(
        labels,
        outcome.probabilities,
        sentences.something_else(),
        sigmoid_scores=sigmoid_scores,
    )
    notes = []
    if is_apart:
        if (share := outcome.something_else) is not None:
            notes.append(sentences.table_something_else(share))
        if outcome.none_fits:
            notes.append(sentences.none_fits(len(labels)))
    room -= sum(shown_units(note) + 1 for note in notes)
    longest = max(1, room - _AROUND_LABEL)
    lines = [
        sentences.table_line(place, shortened(label, longest), share)
        for place, (label, share) in enumerate(ranked, 1)
    ]
    return [*sentences.many(lines, room), *notes]

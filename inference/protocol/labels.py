"""Reading labels from what a user types, such as `a blurry cat, "salt, pepper"; a tree`.

Labels are separated by commas or semicolons of any script, or by line ends. Quotes around a label
protect the separators inside it. The order is kept; repeated labels are dropped, ignoring case.

All functions take time in proportion to the length of the text, because the bot's event loop runs
them on whatever users send.
"""

import re
import unicodedata
from collections.abc import Sequence

from inference.protocol.errors import LabelTooLong, NoLabels, TooManyLabels

MAX_LABEL_LENGTH = 100

# The template that stands for an average over several templates, see `Job.template`.
AUTO_TEMPLATE = "auto"

# Latin, fullwidth (Chinese, Japanese), ideographic, small forms, Arabic; then line ends.
_SEPARATORS = ",;，；、﹐﹔،؛\n\r\v\f\u0085\u2028\u2029"
_QUOTES = {
    '"': '"',
    "“": "”",
    "„": "“”",
    "«": "»",
    "‹": "›",
    "「": "」",
    "『": "』",
    "'": "'",
    "‘": "’",
}
_OPENED_BY = {
    closer: tuple(opening for opening, closers in _QUOTES.items() if closer in closers)
    for closer in set("".join(_QUOTES.values()))
}
_SPACES = re.compile(r"\s+")
# The limit of accents and other marks on one letter; no script needs more. Source: Unicode UAX 15,
# section 13. Normalization sorts them, in time that grows with the square of their number.
_MAX_MARKS = 30
# Direction overrides and isolates can reverse the text after a label; zero-width spaces and byte
# order marks make equal labels differ. Joiners are kept: emoji and Persian need them.
_INVISIBLE = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF])


def parse(text: str, *, max_labels: int, max_length: int = MAX_LABEL_LENGTH) -> tuple[str, ...]:
    """Return the labels in a text: 1..max_labels labels of 1..max_length characters each.

    Raises:
        NoLabels: the text has only separators and spaces.
        TooManyLabels: it has more than `max_labels` different labels.
        LabelTooLong: a label has more than `max_length` characters.
    """
    found: dict[str, str] = {}
    for item in _split(text):
        label = clean(item)
        if label:
            found.setdefault(_folded(label[: max_length + 1]), label)
    labels = tuple(found.values())
    if not labels:
        raise NoLabels
    if len(labels) > max_labels:
        raise TooManyLabels(got=len(labels), limit=max_labels)
    for label in labels:
        if len(label) > max_length:
            raise LabelTooLong(label, limit=max_length)
    return labels


def clean(item: str) -> str:
    """Return a label on one line and without invisible characters; "" if nothing is left."""
    visible = "".join(c for c in item.translate(_INVISIBLE) if c.isspace() or _prints(c))
    label = _SPACES.sub(" ", with_few_marks(visible)).strip()
    return label if any(unicodedata.category(c) not in {"Cf", "Mn", "Zs"} for c in label) else ""


def with_few_marks(text: str) -> str:
    """Return the text with at most 30 marks on each letter."""
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def needs_something_else(labels: Sequence[str], *, sigmoid_scores: bool) -> bool:
    """Return whether labels are compared with something else: a single one of a softmax model is.

    Softmax needs a choice, so the model also reads neutral phrases, and a result holds the one
    probability of the label against them. Sigmoid models score each label by itself.
    """
    return len(labels) == 1 and not sigmoid_scores


def with_something_else(
    labels: Sequence[str],
    probabilities: Sequence[float],
    something_else: str,
    *,
    sigmoid_scores: bool,
) -> list[tuple[str, float]]:
    """Return all that a picture was compared with, and the probability of each, in label order.

    Args:
        probabilities: one for each label, as a result holds them.
        something_else: what neutral phrases are called, in the reader's language.
    """
    pairs = list(zip(labels, probabilities, strict=True))
    if needs_something_else(labels, sigmoid_scores=sigmoid_scores):
        pairs.append((something_else, 1.0 - pairs[0][1]))
    return pairs


def _folded(label: str) -> str:
    """Return the same text for labels that differ only in case or in the width of letters."""
    return unicodedata.normalize("NFKC", label).casefold()


def _prints(character: str) -> bool:
    # Cc: control characters; Cs: halves of surrogate pairs, which can't be encoded
    return unicodedata.category(character) not in {"Cc", "Cs"}


def _split(text: str) -> list[str]:
    """Return the items of a text without the quotes around them."""
    closings = _closings(text)
    items: list[str] = []
    start = at = 0
    is_blank = True  # only blanks from `start` to `at`
    while at < len(text):
        character = text[at]
        if character in _SEPARATORS:
            items.append(text[start:at])
            start = at = at + 1
            is_blank = True
            continue
        if is_blank and (end := _next(closings.get(character, []), at)):
            items.append(text[at + 1 : end])
            start = at = _after_separator(text, end + 1)
            continue
        is_blank = is_blank and character.isspace()
        at += 1
    items.append(text[start:])
    return items


def _closings(text: str) -> dict[str, list[int]]:
    """Return, for each kind of opening quote, the positions where it can close, the last one first.

    A quote can close where only blanks follow up to the next separator. So an apostrophe or inch
    sign inside a label (`a dog's bone`, `a 5" disk`) opens and closes nothing.
    """
    closings: dict[str, list[int]] = {opening: [] for opening in _QUOTES}
    ends_item = True
    for at in range(len(text) - 1, -1, -1):
        character = text[at]
        if ends_item:
            for opening in _OPENED_BY.get(character, ()):
                closings[opening].append(at)
        ends_item = character in _SEPARATORS or (ends_item and character in " \t")
    return closings


def _next(places: list[int], after: int) -> int | None:
    """Return the smallest of `places` that is larger than `after`.

    Args:
        places: positions in falling order. Those before the result are removed: the caller moves
            only forwards.
    """
    while places and places[-1] <= after:
        places.pop()
    return places[-1] if places else None


def _after_separator(text: str, at: int) -> int:
    """Return the position after the next separator."""
    while at < len(text) and text[at] not in _SEPARATORS:
        at += 1
    return at + 1

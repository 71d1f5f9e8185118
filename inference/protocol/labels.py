"""Reading labels from what a user types, such as `a blurry cat, "salt, pepper"; a tree`.

Labels are separated by commas or semicolons of any script, or by line ends. Quotes around a label
protect the separators inside it. The order is kept; repeated labels are dropped, ignoring case.
`dog or cat?`, `a dog, a cat or a bird` and other ways to say it are understood: `protocol.phrases`.

All functions take time in proportion to the length of the text, because the bot's event loop runs
them on whatever users send.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence, Sized

from inference.protocol.errors import LabelTooLong, NoLabels, TooManyLabels
from inference.protocol.phrases import alternatives, enumerations, lists, separators
from inference.protocol.phrases.separators import Item

MAX_LABEL_LENGTH = 100

# The template that stands for an average over several templates, see `Job.template`.
AUTO_TEMPLATE = "auto"

# Each round removes at least a bullet from each label; nobody writes more of them.
_MAX_ROUNDS = 5
_SPACES = re.compile(r"\s+")
# The limit of accents and other marks on one letter; no script needs more. Source: Unicode UAX 15,
# section 13. Normalization sorts them, in time that grows with the square of their number.
_MAX_MARKS = 30
# Direction overrides and isolates can reverse the text after a label; zero-width spaces and byte
# order marks make equal labels differ. Joiners are kept: emoji and Persian need them.
_INVISIBLE = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF])


def parse(
    text: str,
    *,
    max_labels: int,
    max_length: int = MAX_LABEL_LENGTH,
    as_separated: bool = False,
) -> tuple[str, ...]:
    """Return the labels in a text: 1..max_labels labels of 1..max_length characters each.

    Args:
        as_separated: read only commas, semicolons and line ends; `dog or cat?` is one label then.

    Raises:
        NoLabels: the text has only separators and spaces.
        TooManyLabels: it has more than `max_labels` different labels.
        LabelTooLong: a label has more than `max_length` characters.
    """
    items = _distinct(separators.split(text), max_length)
    if not as_separated:
        items = _understood(items, max_length, by_lines=len(text.strip().splitlines()) > 1)
    labels = tuple(item.text for item in items)
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


def _distinct(items: Iterable[Item], max_length: int) -> list[Item]:
    """Return the items that are clean, not empty and new, ignoring case."""
    found: dict[str, Item] = {}
    for item in items:
        label = clean(item.text)
        if label:
            found.setdefault(folded(label[: max_length + 1]), Item(label, item.is_quoted))
    return list(found.values())


def _understood(items: list[Item], max_length: int, *, by_lines: bool) -> list[Item]:
    """Return the items that are meant; a text such as `1. dog or cat` needs several rounds."""
    for _ in range(_MAX_ROUNDS):
        before = items
        if _is_open(items):
            items = lists.split_inline(items[0].text) or items
        if items:
            items = lists.without_markers(items, by_lines=by_lines)
        if _is_open(items):
            items = alternatives.split_alternatives(items[0].text) or items
        elif len(items) > 1:
            items = enumerations.understood(items, by_lines=by_lines)
        if items:
            items = enumerations.without_marks(items)
        items = _distinct(items, max_length)
        if items == before:
            break
    return items


def _is_open(items: Sequence[Item]) -> bool:
    """Return whether there is only one item, which may be several in other words."""
    return len(items) == 1 and not items[0].is_quoted


def with_few_marks(text: str) -> str:
    """Return the text with at most 30 marks on each letter."""
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def needs_something_else(labels: Sized, *, sigmoid_scores: bool) -> bool:
    """Return whether labels are compared with something else: a single one of a softmax model is.

    Softmax needs a choice, so the label stands against everyday things, and a result holds its one
    probability. Sigmoid models score each label by itself.
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
        something_else: what everyday things are called, in the reader's language.
    """
    pairs = list(zip(labels, probabilities, strict=True))
    if needs_something_else(labels, sigmoid_scores=sigmoid_scores):
        pairs.append((something_else, 1.0 - pairs[0][1]))
    return pairs


def folded(label: str) -> str:
    """Return the same text for labels that differ only in case or in the width of letters."""
    return unicodedata.normalize("NFKC", label).casefold()


def _prints(character: str) -> bool:
    # Cc: control characters; Cs: halves of surrogate pairs, which can't be encoded
    return unicodedata.category(character) not in {"Cc", "Cs"}

"""What people type, `a blurry cat, "salt, pepper"; a tree`, as a tuple of labels.

Items are separated by commas or semicolons of any script, or by line ends. Quotes around an
item protect separators inside it. Order is kept; repeats, without regard to case, are dropped.
"""

import re
import unicodedata

from inference.errors import LabelTooLong, NoLabels, TooManyLabels

MAX_LABEL_LENGTH = 100

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
_SPACES = re.compile(r"\s+")
# Overrides and isolates of writing direction could turn the text after a label around; zero-width
# spaces and byte order marks make equal labels differ. Joiners stay: emoji and Persian need them.
_INVISIBLE = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF])


def parse(text: str, *, max_labels: int, max_length: int = MAX_LABEL_LENGTH) -> tuple[str, ...]:
    """The labels in a text, 1..max_labels of 1..max_length characters each.

    Raises:
        NoLabels: nothing is left once separators and spaces are gone.
        TooManyLabels: more than `max_labels` different ones.
        LabelTooLong: one has more than `max_length` characters.
    """
    found: dict[str, str] = {}
    for item in _split(text):
        label = clean(item)
        if label:
            found.setdefault(unicodedata.normalize("NFKC", label).casefold(), label)
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
    """What a person typed, on one line and without what prints nothing; "" when nothing is left."""
    visible = "".join(c for c in item.translate(_INVISIBLE) if c.isspace() or _prints(c))
    label = _SPACES.sub(" ", visible).strip()
    return label if any(unicodedata.category(c) not in {"Cf", "Mn", "Zs"} for c in label) else ""


def _prints(character: str) -> bool:
    # Cc: control characters; Cs: halves of surrogate pairs, which no encoder takes
    return unicodedata.category(character) not in {"Cc", "Cs"}


def _split(text: str) -> list[str]:
    items: list[str] = []
    start = at = 0
    while at < len(text):
        if text[at] in _SEPARATORS:
            items.append(text[start:at])
            start = at = at + 1
        elif not text[start:at].strip() and (end := _quoted_until(text, at)):
            items.append(text[at + 1 : end])
            start = at = _after_separator(text, end + 1)
        else:
            at += 1
    items.append(text[start:])
    return items


def _quoted_until(text: str, opening: int) -> int | None:
    """Where the quotes opened at `opening` close, if what follows them ends the item.

    An apostrophe or inch sign inside a label (`a dog's bone`, `a 5" disk`) opens or closes nothing.
    """
    closers = _QUOTES.get(text[opening], "")
    for at in range(opening + 1, len(text)):
        if text[at] in closers:
            rest = text[at + 1 :].lstrip(" \t")
            if not rest or rest[0] in _SEPARATORS:
                return at
    return None


def _after_separator(text: str, at: int) -> int:
    while at < len(text) and text[at] not in _SEPARATORS:
        at += 1
    return at + 1

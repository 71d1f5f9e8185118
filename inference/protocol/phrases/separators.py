"""Splitting a text at commas, semicolons and line ends; quotes protect what is in them."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a text. One that was in quotes means exactly what is in them."""

    text: str
    is_quoted: bool = False


def split(text: str) -> list[Item]:
    """Return the items of a text, without the quotes around them; some may be blank."""
    closings = _closings(text)
    items: list[Item] = []
    start = at = 0
    is_blank = True  # only blanks from `start` to `at`
    while at < len(text):
        character = text[at]
        if character in _SEPARATORS:
            items.append(Item(text[start:at]))
            start = at = at + 1
            is_blank = True
            continue
        if is_blank and (end := _next(closings.get(character, []), at)):
            items.append(Item(text[at + 1 : end], is_quoted=True))
            start = at = _after_separator(text, end + 1)
            continue
        is_blank = is_blank and character.isspace()
        at += 1
    items.append(Item(text[start:]))
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

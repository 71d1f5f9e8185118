"""Entities: which ranges of a text are bold, a link or a command.

Offsets and lengths count UTF-16 code units, as everywhere in the Bot API.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.users import User

# What Telegram's clients find by themselves (TDLib, MessageEntity.cpp). Names are ASCII there too.
_FOUND: Final = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>]))"
    r"|(?P<url>(?<![\w@])https?://[^\s<>\"]*[^\s<>\".,;:!?)])"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9_]{3,32}(?!\w))"
    r"|(?P<hashtag>(?<![\w/])#\w*[^\W\d]\w*)"
)
_VERBATIM: Final = frozenset({"code", "pre"})
# From the outermost to the innermost of entities with the same range. Source: TDLib's priorities.
ENTITY_TYPES: Final = (
    "blockquote", "expandable_blockquote", "pre", "code", "text_link", "text_mention", "mention",
    "hashtag", "bot_command", "url", "bold", "italic", "underline", "strikethrough", "spoiler",
    "custom_emoji",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entity:
    """Telegram's `MessageEntity`. `offset` and `length` are in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    user: User | None = None
    language: str | None = None
    custom_emoji_id: str | None = None

    @property
    def end(self) -> int:
        return self.offset + self.length

    def to_json(self) -> dict[str, Any]:
        """Return the Bot API's `MessageEntity`."""
        answer: dict[str, Any] = {"type": self.type, "offset": self.offset, "length": self.length}
        for name in ("url", "language", "custom_emoji_id"):
            if value := getattr(self, name):
                answer[name] = value
        if self.user is not None:
            answer["user"] = self.user.to_json()
        return answer


@dataclass(frozen=True, slots=True)
class FormattedText:
    """A text with its entities, sorted by offset. An empty text stands for no text."""

    text: str = ""
    entities: tuple[Entity, ...] = ()

    def commands(self) -> Iterator[tuple[int, str, str]]:
        """Yield offset, name and addressee of each command; "" stands for no addressee."""
        for entity in self.entities:
            if entity.type == "bot_command":
                written = utf16_slice(self.text, entity.offset, entity.length)
                name, _, addressee = written.removeprefix("/").partition("@")
                yield entity.offset, name, addressee


NOTHING: Final = FormattedText()


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf16_slice(text: str, offset: int, length: int) -> str:
    """Return a part of a text; `offset` and `length` are in UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def typed(text: str) -> FormattedText:
    """Return what a person typed, with the entities that their client finds by itself."""
    return finished(text, ())


def finished(text: str, marked: Sequence[Entity]) -> FormattedText:
    """Return the text as Telegram stores it: trimmed, with the `marked` entities and found ones.

    Inside code and pre nothing is found, and other formats are dropped (Bot API, "Formatting
    options"). Only the first 100 entities are kept.
    """
    trimmed = text.rstrip()
    shift = utf16_length(trimmed) - utf16_length(trimmed.lstrip())
    trimmed = trimmed.lstrip()
    size = utf16_length(trimmed)
    kept = [
        replace(entity, offset=start, length=end - start)
        for entity in marked
        if (start := max(entity.offset - shift, 0)) < (end := min(entity.end - shift, size))
    ]
    verbatim = [entity for entity in kept if entity.type in _VERBATIM]
    kept = verbatim + _outside((e for e in kept if e.type not in _VERBATIM), verbatim, size)
    taken = [e for e in kept if e.type in _VERBATIM or e.type in {"text_link", "text_mention"}]
    found = _outside(_found(trimmed), taken, size)
    everything = sorted(
        [*kept, *found], key=lambda e: (e.offset, -e.length, ENTITY_TYPES.index(e.type))
    )
    return FormattedText(trimmed, tuple(everything[: limits.ENTITIES]))


def _found(text: str) -> Iterator[Entity]:
    at = offset = 0
    for match in _FOUND.finditer(text):
        kind = match.lastgroup
        assert kind is not None
        offset += utf16_length(text[at : match.start()])
        at = match.start()
        yield Entity(kind, offset, utf16_length(match.group()))


def _outside(entities: Iterable[Entity], others: Iterable[Entity], size: int) -> list[Entity]:
    """Return the entities that overlap none of the others, in a text of `size` units."""
    change = [0] * (size + 1)
    for other in others:
        change[other.offset] += 1
        change[other.end] -= 1
    is_taken = (depth > 0 for depth in accumulate(change))
    taken_before = [0, *accumulate(is_taken)]  # taken units before each offset
    return [e for e in entities if taken_before[e.offset] == taken_before[e.end]]

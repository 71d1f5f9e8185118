"""Counts how many characters of a text a function reads, to test that it takes linear time."""

from collections.abc import Callable, Iterator
from typing import Any, SupportsIndex

_SCANS = (
    "casefold", "count", "encode", "find", "index", "isspace", "join", "lower", "lstrip",
    "partition", "replace", "rfind", "rstrip", "split", "splitlines", "strip", "translate", "upper",
)  # fmt: skip


class CountedText(str):
    """A text that counts one step per character for each scan of it or of its parts."""

    steps: list[int]

    def __new__(cls, text: str, steps: list[int] | None = None) -> "CountedText":
        made = super().__new__(cls, text)
        made.steps = [0] if steps is None else steps
        return made

    def __getitem__(self, at: SupportsIndex | slice) -> str:
        found = super().__getitem__(at)
        self.steps[0] += len(found)
        return CountedText(found, self.steps) if isinstance(at, slice) else found

    def __iter__(self) -> Iterator[str]:
        self.steps[0] += len(self)
        return super().__iter__()


def _counting(name: str) -> Callable[..., Any]:
    def scan(self: CountedText, *args: Any) -> Any:
        self.steps[0] += len(self)
        found = getattr(str, name)(self, *args)
        return CountedText(found, self.steps) if isinstance(found, str) else found

    return scan


for _name in _SCANS:
    setattr(CountedText, _name, _counting(_name))


def steps(read: Callable[[str], object], text: str) -> int:
    """Return how many characters `read` reads; a character that it reads twice counts twice."""
    counted = CountedText(text)
    read(counted)
    return counted.steps[0]

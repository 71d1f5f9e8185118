"""Sample pictures with ready captions: one click shows an answer.

They are the demo model's own samples; a file's name says what it shows, and `LICENCE.md` beside
them whose they are.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

LICENCE: Final = "Shapes by clipbot, objects from Fluent Emoji © Microsoft · MIT licence"
_LABELS = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture; `caption` holds what it shows (`shows`) among phrases that it does not show."""

    name: str
    path: Path
    shows: str
    caption: str

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "url": f"/play/samples/{self.name}",
            "shows": self.shows,
            "caption": self.caption,
        }


class Gallery:
    """The samples of a folder, by name; empty where there is no such folder."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(str(files("inference"))) / "demo_model" / "samples"
        paths = sorted(folder.glob("*.png"))
        phrases = [path.stem.replace("-", " ") for path in paths]
        self._samples = {
            path.stem: Sample(path.stem, path, phrases[index], _caption(phrases, index))
            for index, path in enumerate(paths)
        }

    def get(self, name: str) -> Sample | None:
        return self._samples.get(name)

    def to_json(self) -> dict[str, Any]:
        return {
            "licence": LICENCE,
            "samples": [sample.to_json() for sample in self._samples.values()],
        }


def _caption(phrases: list[str], index: int) -> str:
    """The right phrase among its neighbours, not always in the same place."""
    count = min(_LABELS, len(phrases))
    first = index - index % count if count else 0
    return ", ".join(phrases[(first + offset) % len(phrases)] for offset in range(count))

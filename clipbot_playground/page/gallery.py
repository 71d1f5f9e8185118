"""Sample pictures with captions, so that one click shows an answer.

They are the demo model's samples. A file's name says what it shows, `samples.toml` has its
captions, and `LICENCE.md` beside the pictures names their authors.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

LICENCE: Final = "Shapes by clipbot, objects from Fluent Emoji © Microsoft · MIT licence"
_DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class Caption:
    """The phrases that a sample is sent with, in one language.

    Attributes:
        shows: the right phrase.
        text: all phrases, separated by commas.
    """

    shows: str
    text: str


@dataclass(frozen=True, slots=True)
class SamplePicture:
    """A picture and its captions by language code, among which English always is."""

    name: str
    path: Path
    captions: Mapping[str, Caption]

    def caption(self, language: str | None) -> Caption:
        """Return the caption for somebody whose client has this language, such as "es-MX"."""
        code = (language or "").partition("-")[0].lower()
        return self.captions.get(code) or self.captions[_DEFAULT_LANGUAGE]

    def to_json(self, language: str | None = None) -> dict[str, Any]:
        """Return the sample for the page."""
        caption = self.caption(language)
        return {
            "name": self.name,
            "url": f"/play/samples/{self.name}",
            "shows": caption.shows,
            "caption": caption.text,
        }


class Gallery:
    """The samples of a folder by name; none if there is no such folder.

    Args:
        folder: by default the demo model's samples.
        phrases: what `samples.toml` contains, by a sample's name. A picture without an entry is
            sent with its name as the only phrase.
    """

    def __init__(
        self, folder: Path | None = None, phrases: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        if folder is None:
            folder = Path(str(files("inference"))) / "demo_model" / "samples"
            phrases = tomllib.loads(
                (files("clipbot_playground.page") / "samples.toml").read_text(encoding="utf-8")
            )
        self._samples = {
            path.stem: SamplePicture(path.stem, path, _captions(path.stem, index, phrases or {}))
            for index, path in enumerate(sorted(folder.glob("*.png")))
        }

    def get(self, name: str) -> SamplePicture | None:
        """Return the sample with this name, if there is one."""
        return self._samples.get(name)

    def to_json(self, language: str | None = None) -> dict[str, Any]:
        """Return the gallery for somebody whose client has this language."""
        return {
            "licence": LICENCE,
            "samples": [sample.to_json(language) for sample in self._samples.values()],
        }


def _captions(
    name: str, index: int, phrases: Mapping[str, Mapping[str, Any]]
) -> dict[str, Caption]:
    shows = name.replace("-", " ")
    given = phrases.get(name, {_DEFAULT_LANGUAGE: {"shows": shows, "others": []}})
    return {
        language: Caption(entry["shows"], _text(entry["shows"], entry["others"], index))
        for language, entry in given.items()
    }


def _text(shows: str, others: Sequence[str], index: int) -> str:
    """Return all phrases; `index` decides the position of the right one."""
    position = index % (len(others) + 1)
    return ", ".join([*others[:position], shows, *others[position:]])

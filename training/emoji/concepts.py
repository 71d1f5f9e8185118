"""Concepts: what the artwork shows. Each is an emoji with names and keywords in two languages."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from training.emoji.fetch import npm_folder
from training.words import emoji_words
from training.words.language import Language, Words

_LEFT_OUT: Final = {"keycap", "alphanum", "skin-tone", "hair-style", "gender", "family"}
_LEFT_OUT_GROUPS: Final = {"flags", "component"}
# Keywords that say nothing about what can be seen.
_VAGUE: Final = {
    "symbol", "sign", "button", "object", "emoji", "cldr", "uhc", "thing", "mark", "other", "type",
    "botón", "símbolo", "signo", "señal", "objeto", "cosa", "tipo", "cara", "face", "person",
    "persona", "activity", "actividad", "lol", "omg", "ok", "up", "down", "left", "right",
}  # fmt: skip


def codes_key(codes: str) -> str:
    """Return code points such as "1F408-200D-2B1B" without the variation selector."""
    return "-".join(code for code in codes.upper().split("-") if code != "FE0F")


@dataclass(frozen=True)
class Concept:
    """One emoji."""

    codes: str
    group: str
    subgroup: str
    names: dict[Language, tuple[str, ...]]  # the usual one comes first
    keywords: dict[Language, tuple[str, ...]]
    titles: tuple[str, ...]  # English names that drawings of it may have; its label comes first
    synonyms: Words = field(default_factory=dict)  # other words that people type for it

    @property
    def is_one_sided(self) -> bool:
        """Whether its mirror image shows something else."""
        words = set(re.findall(r"[a-z]+", " ".join(self.titles)))
        sided = {"left", "right", "clock", "oclock", "thirty", "arrow", "pointing", "input"}
        return bool(words & sided) or self.group == "symbols"

    @property
    def is_shape(self) -> bool:
        """Whether a phrase about drawn shapes may fit it."""
        words = set(
            re.findall(r"[a-z]+", " ".join((*self.titles, *self.keywords[Language.ENGLISH])))
        )
        return self.subgroup in {"geometric", "arrow", "heart", "math"} or bool(
            words
            & {"circle", "square", "triangle", "star", "heart", "diamond", "moon", "ring", "cross",
               "plus", "arrow", "hexagon", "ball", "disc", "disk", "crescent", "rhombus"}
        )  # fmt: skip


def load(cache: Path) -> list[Concept]:
    """Return all concepts, without flags, keycaps, letters, skin tones and variants by gender.

    Args:
        cache: the folder that `fetch` filled.

    Raises:
        ValueError: the word lists name an emoji that the data does not have.
    """
    folder = npm_folder("emojibase-data", cache)
    data = {
        language: {
            entry["hexcode"]: entry
            for entry in json.loads(
                (folder / language.value / "data.json").read_text(encoding="utf-8")
            )
        }
        for language in Language
    }
    messages = json.loads((folder / "en" / "messages.json").read_text(encoding="utf-8"))
    groups = {item["order"]: item["key"] for item in messages["groups"]}
    meta = json.loads((folder / "meta" / "groups.json").read_text(encoding="utf-8"))
    subgroups = {int(order): key for order, key in meta["subgroups"].items()}
    codes = {
        name: json.loads(
            (folder / "en" / "shortcodes" / f"{name}.json").read_text(encoding="utf-8")
        )
        for name in ("cldr", "emojibase", "joypixels", "github")
    }
    synonyms = emoji_words.synonyms()
    concepts = []
    for hexcode, english in data[Language.ENGLISH].items():
        if "group" not in english:
            continue
        group, subgroup = groups[english["group"]], subgroups[english["subgroup"]]
        if group in _LEFT_OUT_GROUPS or subgroup in _LEFT_OUT:
            continue
        label = english["label"]
        joined = "200D" in hexcode
        if joined and (re.match(r"(man|woman|men|women)\b", label) or ":" in label):
            continue
        if joined and "facing right" in label:
            continue
        spanish = data[Language.SPANISH][hexcode]
        shortcodes: list[str] = []
        for table in codes.values():
            given = table.get(hexcode, [])
            shortcodes += [given] if isinstance(given, str) else given
        titles = tuple(dict.fromkeys([label, *(code.replace("_", " ") for code in shortcodes)]))
        concepts.append(
            Concept(
                codes=codes_key(hexcode),
                group=group,
                subgroup=subgroup,
                names={
                    Language.ENGLISH: _names(label, subgroup),
                    Language.SPANISH: _names(spanish["label"], subgroup),
                },
                keywords={
                    Language.ENGLISH: _keywords(english),
                    Language.SPANISH: _keywords(spanish),
                },
                titles=titles,
                synonyms=synonyms.get(label, {}),
            )
        )
    labels = {concept.titles[0] for concept in concepts}
    listed = set(synonyms).union(*(kind.fits | kind.unsure for kind in emoji_words.fine_kinds()))
    if unknown := sorted(listed - labels):
        raise ValueError(f"training/words/*.toml name emoji that the data does not have: {unknown}")
    return concepts


def families(concepts: list[Concept]) -> npt.NDArray[np.int64]:
    """Return the number of each concept's subgroup, [concepts]."""
    names = sorted({concept.subgroup for concept in concepts})
    return np.array([names.index(concept.subgroup) for concept in concepts])


def _names(label: str, subgroup: str) -> tuple[str, ...]:
    """Return a label and shorter forms of it: "cat face" is also "cat"."""
    plain = re.sub(r"[“”\"!]", "", label).replace(":", "").strip().lower()
    names = [plain]
    if subgroup.startswith("animal") or plain.endswith(("moon face", "sun with face")):
        names.append(re.sub(r"( face| with face)$", "", plain))
        names.append(re.sub(r"^cara de ", "", plain))
    return tuple(dict.fromkeys(names))


def _keywords(entry: dict[str, object]) -> tuple[str, ...]:
    tags = entry.get("tags", [])
    assert isinstance(tags, list)
    kept = [str(tag).lower() for tag in tags]
    return tuple(
        tag for tag in kept if tag not in _VAGUE and len(tag) > 2 and re.fullmatch(r"[\w\- ]+", tag)
    )

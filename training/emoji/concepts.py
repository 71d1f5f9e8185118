"""What the artwork shows: emoji with their names, keywords and kinds, in English and Spanish.

A meaning is a row over all concepts: which of them a phrase fits (a name, a keyword, a kind such
as "animal"), for which it is wrong, and for which one had better not say.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from training.captions.scene_captions import FITS, UNSURE, WRONG
from training.emoji.fetch import npm_folder
from training.words.everyday import FINE_KINDS, SYNONYMS, FineKind
from training.words.kinds import KINDS, Kind
from training.words.lexicon import Language

_LEFT_OUT: Final = {"keycap", "alphanum", "skin-tone", "hair-style", "gender", "family"}
_LEFT_OUT_GROUPS: Final = {"flags", "component"}
# Keywords that say nothing about what is to be seen.
_VAGUE: Final = {
    "symbol", "sign", "button", "object", "emoji", "cldr", "uhc", "thing", "mark", "other", "type",
    "botón", "símbolo", "signo", "señal", "objeto", "cosa", "tipo", "cara", "face", "person",
    "persona", "activity", "actividad", "lol", "omg", "ok", "up", "down", "left", "right",
}  # fmt: skip
# Words that do not tell two names apart.
_SMALL: Final = {
    "a", "an", "the", "of", "with", "and", "in", "on", "at", "to", "face", "de", "del", "la", "el",
    "con", "y", "en", "cara", "los", "las", "un", "una", "que", "person", "persona", "sign",
    "symbol", "button",
}  # fmt: skip


def codes_key(codes: str) -> str:
    """Code points as in "1F408-200D-2B1B", without the variation selector."""
    return "-".join(code for code in codes.upper().split("-") if code != "FE0F")


@dataclass(frozen=True)
class Concept:
    """One emoji."""

    codes: str
    group: str
    subgroup: str
    names: dict[Language, tuple[str, ...]]  # the usual one first
    keywords: dict[Language, tuple[str, ...]]
    titles: tuple[str, ...]  # English names under which sets of drawings may have it
    everyday: dict[Language, tuple[str, ...]] = field(default_factory=dict)  # what people call it

    @property
    def is_one_sided(self) -> bool:
        """Whether its mirror image is something else, or wrong."""
        words = set(re.findall(r"[a-z]+", " ".join(self.titles)))
        sided = {"left", "right", "clock", "oclock", "thirty", "arrow", "pointing", "input"}
        return bool(words & sided) or self.group == "symbols"

    @property
    def is_shape(self) -> bool:
        """Whether a phrase about drawn shapes might fit it."""
        words = set(
            re.findall(r"[a-z]+", " ".join((*self.titles, *self.keywords[Language.ENGLISH])))
        )
        return self.subgroup in {"geometric", "arrow", "heart", "math"} or bool(
            words
            & {"circle", "square", "triangle", "star", "heart", "diamond", "moon", "ring", "cross",
               "plus", "arrow", "hexagon", "ball", "disc", "disk", "crescent", "rhombus"}
        )  # fmt: skip


def load(cache: Path) -> list[Concept]:
    """All concepts, without flags, keycaps, letters, skin tones and variants by gender."""
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
                everyday=dict(zip(Language, SYNONYMS.get(label, ((), ())), strict=True)),
            )
        )
    labels = {concept.titles[0] for concept in concepts}
    spoken_of = set(SYNONYMS).union(*(kind.fits | kind.unsure for kind in FINE_KINDS))
    if unknown := sorted(spoken_of - labels):
        raise ValueError(f"training.words.everyday speaks of emoji that there are not: {unknown}")
    return concepts


def families(concepts: list[Concept]) -> npt.NDArray[np.int64]:
    """The number of each concept's subgroup, [concepts]."""
    names = sorted({concept.subgroup for concept in concepts})
    return np.array([names.index(concept.subgroup) for concept in concepts])


def _names(label: str, subgroup: str) -> tuple[str, ...]:
    """A label and shorter forms of it: "cat face" is also "cat"."""
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


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower())) - _SMALL


@dataclass
class Meanings:
    """Every name, keyword and kind, as texts and as rows over the concepts."""

    texts: list[dict[Language, tuple[str, ...]]] = field(default_factory=list)
    rows: list[npt.NDArray[np.int8]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)  # "name", "everyday", "keyword" or "kind"

    def matrix(self) -> npt.NDArray[np.int8]:
        """FITS, UNSURE or WRONG, int8 [meanings, concepts]."""
        return np.stack(self.rows)

    def add(
        self, texts: dict[Language, tuple[str, ...]], row: npt.NDArray[np.int8], source: str
    ) -> None:
        """One more meaning."""
        self.texts.append(texts)
        self.rows.append(row)
        self.sources.append(source)


def meanings(concepts: list[Concept]) -> Meanings:
    """All meanings of these concepts; the first ones are their names, in the same order."""
    result = Meanings()
    names = [
        {lang: [_words(name) for name in c.names[lang]] for lang in Language} for c in concepts
    ]
    said = [
        {
            lang: frozenset().union(*map(_words, (*c.names[lang], *c.keywords[lang])))
            for lang in Language
        }
        for c in concepts
    ]
    for index, concept in enumerate(concepts):
        row = np.full(len(concepts), WRONG, np.int8)
        for other in range(len(concepts)):
            for language in Language:
                mine = names[index][language]
                if any(words and words <= said[other][language] for words in mine):
                    row[other] = UNSURE
        row[index] = FITS
        result.add(dict(concept.names), row, "name")
    for language in Language:
        everyday = [concept.everyday.get(language, ()) for concept in concepts]
        _add_words(result, concepts, said, language, everyday, "everyday")
        keywords = [concept.keywords[language] for concept in concepts]
        _add_words(result, concepts, said, language, keywords, "keyword")
    for kind in KINDS:
        _add_kind(result, concepts, kind)
    for fine in FINE_KINDS:
        _add_fine_kind(result, concepts, fine)
    return result


def _add_words(
    result: Meanings,
    concepts: list[Concept],
    said: list[dict[Language, frozenset[str]]],
    language: Language,
    words_of: list[tuple[str, ...]],
    source: str,
) -> None:
    """One meaning for each word that some concepts have."""
    having: dict[str, list[int]] = {}
    for index, words in enumerate(words_of):
        for word in words:
            having.setdefault(word, []).append(index)
    for text, indices in having.items():
        if len(indices) > 40:
            continue
        needed = _words(text)
        row = np.full(len(concepts), WRONG, np.int8)
        subgroups = {concepts[at].subgroup for at in indices}
        for other, concept in enumerate(concepts):
            # A word for a part of a kind: the others of that kind might have it as well.
            if (needed and needed <= said[other][language]) or (
                len(indices) > 2 and concept.subgroup in subgroups
            ):
                row[other] = UNSURE
        row[indices] = FITS
        result.add({language: (text,)}, row, source)


def _add_fine_kind(result: Meanings, concepts: list[Concept], kind: FineKind) -> None:
    words = [_words(name) for name in kind.english]
    row = np.full(len(concepts), WRONG, np.int8)
    for index, concept in enumerate(concepts):
        label = concept.titles[0]
        own = _words(" ".join((label, *concept.keywords[Language.ENGLISH])))
        if label in kind.fits:
            row[index] = FITS
        elif label in kind.unsure or any(name and name <= own for name in words):
            row[index] = UNSURE
    result.add({Language.ENGLISH: kind.english, Language.SPANISH: kind.spanish}, row, "kind")


def _add_kind(result: Meanings, concepts: list[Concept], kind: Kind) -> None:
    row = np.full(len(concepts), WRONG, np.int8)
    for index, concept in enumerate(concepts):
        words = _words(
            " ".join((*concept.names[Language.ENGLISH], *concept.keywords[Language.ENGLISH]))
        )
        if concept.subgroup in kind.subgroups:
            row[index] = FITS
        elif concept.subgroup in kind.unsure or words & kind.words:
            row[index] = UNSURE
    if (row == FITS).any():
        result.add({Language.ENGLISH: kind.english, Language.SPANISH: kind.spanish}, row, "kind")

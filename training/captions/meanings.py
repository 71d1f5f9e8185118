"""What phrases about emoji mean: which concepts each name, keyword and kind fits.

A meaning is a row over all concepts. It says for each concept whether a phrase fits it, is wrong
for it, or is unsure: then one person would say yes and another no.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from training.captions.matching import FITS, UNSURE, WRONG
from training.emoji.concepts import Concept
from training.words import emoji_words
from training.words.emoji_words import FineKind, Kind
from training.words.language import Language, Words

# Words that do not tell one name from another.
_SMALL_WORDS: Final = {
    "a", "an", "the", "of", "with", "and", "in", "on", "at", "to", "face", "de", "del", "la", "el",
    "con", "y", "en", "cara", "los", "las", "un", "una", "que", "person", "persona", "sign",
    "symbol", "button",
}  # fmt: skip
# A keyword of more concepts than this says too little about each of them.
_MOST_CONCEPTS: Final = 40


@dataclass
class Meanings:
    """Every name, synonym, keyword and kind, as texts and as rows over the concepts."""

    texts: list[Words] = field(default_factory=list)
    rows: list[npt.NDArray[np.int8]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)  # "name", "synonym", "keyword" or "kind"

    def matrix(self) -> npt.NDArray[np.int8]:
        """Return FITS, UNSURE or WRONG for each pair, int8 [meanings, concepts]."""
        return np.stack(self.rows)

    def add(self, texts: Words, row: npt.NDArray[np.int8], source: str) -> None:
        """Append a meaning; `texts` may lack a language."""
        self.texts.append(texts)
        self.rows.append(row)
        self.sources.append(source)


def find_meanings(concepts: list[Concept]) -> Meanings:
    """Return all meanings of these concepts. The first ones are their names, in the same order."""
    result = Meanings()
    names = [
        {lang: [_words(name) for name in c.names[lang]] for lang in Language} for c in concepts
    ]
    vocabularies = [
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
                own = names[index][language]
                if any(words and words <= vocabularies[other][language] for words in own):
                    row[other] = UNSURE
        row[index] = FITS
        result.add(dict(concept.names), row, "name")
    for language in Language:
        synonyms = [concept.synonyms.get(language, ()) for concept in concepts]
        _add_words(result, concepts, vocabularies, language, synonyms, "synonym")
        keywords = [concept.keywords[language] for concept in concepts]
        _add_words(result, concepts, vocabularies, language, keywords, "keyword")
    for kind in emoji_words.kinds():
        _add_kind(result, concepts, kind)
    for fine in emoji_words.fine_kinds():
        _add_fine_kind(result, concepts, fine)
    return result


def _add_words(
    result: Meanings,
    concepts: list[Concept],
    vocabularies: list[dict[Language, frozenset[str]]],
    language: Language,
    words_of: Sequence[tuple[str, ...]],
    source: str,
) -> None:
    """Add a meaning for each word that some concepts have."""
    having: dict[str, list[int]] = {}
    for index, words in enumerate(words_of):
        for word in words:
            having.setdefault(word, []).append(index)
    for text, indices in having.items():
        if len(indices) > _MOST_CONCEPTS:
            continue
        needed = _words(text)
        row = np.full(len(concepts), WRONG, np.int8)
        subgroups = {concepts[at].subgroup for at in indices}
        for other, concept in enumerate(concepts):
            # A word for several concepts of a subgroup may also fit the rest of that subgroup.
            if (needed and needed <= vocabularies[other][language]) or (
                len(indices) > 2 and concept.subgroup in subgroups
            ):
                row[other] = UNSURE
        row[indices] = FITS
        result.add({language: (text,)}, row, source)


def _add_fine_kind(result: Meanings, concepts: list[Concept], kind: FineKind) -> None:
    words = [_words(name) for name in kind.words[Language.ENGLISH]]
    row = np.full(len(concepts), WRONG, np.int8)
    for index, concept in enumerate(concepts):
        label = concept.titles[0]
        own = _words(" ".join((label, *concept.keywords[Language.ENGLISH])))
        if label in kind.fits:
            row[index] = FITS
        elif label in kind.unsure or any(name and name <= own for name in words):
            row[index] = UNSURE
    result.add(kind.words, row, "kind")


def _add_kind(result: Meanings, concepts: list[Concept], kind: Kind) -> None:
    row = np.full(len(concepts), WRONG, np.int8)
    for index, concept in enumerate(concepts):
        words = _words(
            " ".join((*concept.names[Language.ENGLISH], *concept.keywords[Language.ENGLISH]))
        )
        if concept.subgroup in kind.subgroups:
            row[index] = FITS
        elif concept.subgroup in kind.unsure or words & kind.english_words:
            row[index] = UNSURE
    if (row == FITS).any():
        result.add(kind.words, row, "kind")


def _words(text: str) -> frozenset[str]:
    """Return the words of a text that tell it from others."""
    return frozenset(re.findall(r"\w+", text.lower())) - _SMALL_WORDS

"""Check that each language has every sentence of the source, with its placeholders, and phrase.

`make check` runs this. It prints what is missing, and then exits with 1.
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.games.spec.own_phrases import phrase_files
from bot.i18n.languages import CATALOGUES, SOURCE_LANGUAGE, languages

_SOURCE = Path(__file__).parents[1] / "bot"
_KEYWORDS = {"_": None, "_n": (1, 2)}
_PLACEHOLDER = re.compile(r"\{\w*\}|</?\w+>|(?<!<)/[a-z]+")


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _translated(message: Message) -> bool:
    forms = _forms(message.string)
    return bool(forms) and all(forms)


def catalogue_problems(language: str) -> list[str]:
    """Return what is wrong with the catalogue of one language, one sentence each."""
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    found = []
    wanted: set[str] = set()
    for _, _, ids, _, _ in extract_from_dir(_SOURCE, keywords=_KEYWORDS):
        source = _forms(ids)
        wanted.add(source[0])
        message: Message | None = catalogue.get(source[0])
        shown = repr(source[0][:60])
        if message is None or not _translated(message):
            found.append(f"{language}: {shown} is not translated")
        elif message.fuzzy:
            found.append(f"{language}: {shown} is marked fuzzy")
        else:
            names = set(_PLACEHOLDER.findall(source[-1]))
            found += [
                f"{language}: {shown} has other placeholders, tags or commands than its source"
                for form in _forms(message.string)[1 if len(source) > 1 else 0 :]
                if set(_PLACEHOLDER.findall(form)) != names
            ]
    found += [
        f"{language}: {_forms(message.id)[0][:60]!r} is translated, but the source no longer has it"
        for message in catalogue
        if message.id and _forms(message.id)[0] not in wanted
    ]
    return found


def phrase_problems(language: str) -> list[str]:
    """Return what is wrong with the file of phrases of one language, if it has one."""
    files = phrase_files()
    if language not in files:
        return []
    wanted, there = files[SOURCE_LANGUAGE].phrases, files[language].phrases
    return [
        *(f"{language}: phrase {key} is missing" for key in wanted if key not in there),
        *(f"{language}: phrase {key} is not in the source" for key in there if key not in wanted),
    ]


def main() -> None:
    """Check every language except the source's."""
    found = [
        problem
        for language in languages()
        if language != SOURCE_LANGUAGE
        for problem in catalogue_problems(language) + phrase_problems(language)
    ]
    for problem in found:
        print(problem, file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

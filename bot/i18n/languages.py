"""The languages that the bot speaks: one gettext catalogue, `<code>.po` beside this file, for each.

A catalogue is compiled in memory when its language is first spoken (a few milliseconds), so there
is no build step to forget and no binary file to review.
"""

import gettext
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

# The language of the sentences in the code, which needs no catalogue. People whose language the bot
# does not know get answers in this one.
SOURCE_LANGUAGE = "en"

CATALOGUES = Path(__file__).parent


@cache
def languages() -> Mapping[str, str]:
    """Return the name of each language, as on a button, by its code; the source language first."""
    codes = [SOURCE_LANGUAGE, *sorted(path.stem for path in CATALOGUES.glob("*.po"))]
    names = {code: own_name(code) for code in codes}
    return {code: name[:1].upper() + name[1:] for code, name in names.items()}


def own_name(code: str) -> str:
    """Return what a language calls itself, as within a sentence: `English`, `español`."""
    try:
        return Locale.parse(code).get_display_name() or code
    except UnknownLocaleError:
        return code


def locale_of(code: str) -> Locale:
    """Return how a language writes numbers; the source language's way where CLDR lacks it."""
    try:
        return Locale.parse(code)
    except UnknownLocaleError:
        return Locale.parse(SOURCE_LANGUAGE)


def choose(stored: str | None, client: str | None) -> str:
    """Return the language to speak: the person's choice, else their app's, else the source's.

    Args:
        stored: a code of `languages()`, or None.
        client: an IETF tag as Telegram sends it, such as `es-MX`, or None.
    """
    for tag in (stored, client):
        code = (tag or "").replace("_", "-").split("-")[0].lower()
        if code in languages():
            return code
    return SOURCE_LANGUAGE


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the translations of one language."""
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    compiled = BytesIO()
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)

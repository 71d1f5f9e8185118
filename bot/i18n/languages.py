"""The languages there are, and their gettext catalogues.

Catalogues are kept as `.po` files alone and compiled in memory (a few milliseconds), so there is no
build step to forget and no binary file to review.
"""

import gettext
from functools import cache
from importlib import resources
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"
# code → its own name
LANGUAGES = {"en": "English", "es": "Español"}


def choose(stored: str | None, client: str | None) -> str:
    """The language to speak: what the person chose, else their client's, else English.

    Args:
        stored: a code of LANGUAGES, or None.
        client: an IETF tag as Telegram sends it, such as `es-MX`, or None.
    """
    for tag in (stored, client):
        code = (tag or "").replace("_", "-").split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return SOURCE_LANGUAGE


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """gettext's view of one language's catalogue; the source language needs none."""
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    compiled = BytesIO()
    with resources.files(__package__).joinpath(f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)

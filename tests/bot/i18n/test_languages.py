"""Which language is spoken, and what languages call themselves."""

import pytest

from bot.i18n import choose, languages
from bot.i18n.formatter import Formatter
from bot.i18n.languages import locale_of, own_name


@pytest.mark.parametrize(
    ("stored", "client", "language"),
    [
        (None, None, "en"),
        (None, "es", "es"),
        (None, "es-MX", "es"),
        (None, "ES_mx", "es"),
        (None, "de", "en"),
        ("en", "es", "en"),
        ("es", "en", "es"),
        ("xx", "es", "es"),
    ],
)
def test_whose_language_is_spoken(stored: str | None, client: str | None, language: str) -> None:
    assert choose(stored, client) == language


def test_the_source_language_comes_first_and_each_calls_itself_by_its_own_name() -> None:
    assert next(iter(languages().items())) == ("en", "English")
    assert languages()["es"] == "Español"
    assert own_name("es") == "español"  # within a sentence


def test_a_language_that_cldr_does_not_know_is_called_by_its_code() -> None:
    assert own_name("qx") == "qx"
    assert locale_of("qx") == locale_of("en")


def test_languages_are_listed_as_the_language_does() -> None:
    assert " or " in Formatter("en").languages()
    assert " o " in Formatter("es").languages()
    assert all(name in Formatter("es").languages() for name in languages().values())

"""Reads all that a class of sentences can say."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from bot.i18n.formatter import Formatter
from clipbot_playground.botapi.model.html_markup import parse_html

# What a person may type that looks like HTML or like a placeholder.
TYPED = "<b>&amp; $x_1$ {0} %s"


def shown(html: str) -> str:
    """Return the text without its markup; raise where Telegram would refuse the markup."""
    return parse_html(html, lambda _: None)[0]


def spoken(
    sentences: Formatter, given: Mapping[Any, Sequence[Any]], *, but: frozenset[str] = frozenset()
) -> list[tuple[str, str]]:
    """Return the name and the text of every sentence, several times where its values vary.

    Args:
        given: values to try for each parameter, by its name, else by its type.
        but: methods that are left out.
    """
    found = []
    for name, method in inspect.getmembers(type(sentences), inspect.isfunction):
        if name.startswith("_") or name in but:
            continue
        parameters = [p for p in inspect.signature(method).parameters.values() if p.name != "self"]
        choices = [given[p.name if p.name in given else p.annotation] for p in parameters]
        for number in range(max(map(len, choices), default=1)):
            values = [choice[number % len(choice)] for choice in choices]
            said = getattr(sentences, name)(
                **{p.name: v for p, v in zip(parameters, values, strict=True)}
            )
            found.append((name, said))
    return found

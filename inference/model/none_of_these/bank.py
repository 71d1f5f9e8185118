"""The everyday things and scenes that labels are compared with: `bank.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from inference.protocol.models import is_multilingual

# How many texts stand for the whole bank where each of them costs a pass of the model.
_FEW = 32


@cache
def _concepts() -> dict[str, str]:
    """Return each concept in English, and the same in Spanish."""
    topics = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {english: spanish for topic in topics.values() for english, spanish in topic.items()}


def english_texts() -> tuple[str, ...]:
    """Return all concepts in English, short ones first: texts of one length need no padding."""
    return tuple(sorted(_concepts(), key=len))


def texts_for(model: str) -> tuple[str, ...]:
    """Return the texts of the bank that a model reads: `english_texts`, then perhaps Spanish ones.

    Args:
        model: as CLIP_MODEL. One that is not known to be multilingual gets English only.
    """
    spanish = sorted(_concepts().values(), key=len) if is_multilingual(model) else ()
    return (*english_texts(), *spanish)


def few_texts() -> tuple[str, ...]:
    """Return an even sample of `english_texts`."""
    texts = english_texts()
    return texts[:: len(texts) // _FEW][:_FEW]

"""Reads JSON from outside so that its values can be stored, sent and written again.

Python's reader accepts more than its writer, databases, NATS and Telegram do: integers of any size,
infinity, half of a surrogate pair, brackets nested deeper than its own stack.
"""

import json
import math
import re
from typing import Any, NoReturn

# PostgreSQL's and SQLite's largest integer. Bot API: ids have up to 52 significant bits.
_INTEGERS = range(-(2**63), 2**63)
# An update of the Bot API is about ten levels deep.
_DEPTH = 64
# PostgreSQL's text holds no NUL, and UTF-8 no half of a surrogate pair.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
# A zero-width space prints nothing and is dropped from labels and names. It is one UTF-16 unit, as
# they are: the Bot API counts in these units where an entity begins.
_IN_ITS_PLACE = "\u200b"


class Unusable(ValueError):
    """JSON that no honest sender sends; the text says what is wrong with it."""


def read(data: bytes) -> Any:
    """Return the JSON value, made safe.

    Raises:
        Unusable: it is not JSON by RFC 8259, or can't be stored.
    """
    try:
        return made_safe(json.loads(data, parse_constant=_refuse))
    except RecursionError:
        raise Unusable("it is nested too deeply") from None
    except Unusable:
        raise
    except ValueError as error:
        raise Unusable(f"it is not JSON ({error})") from None


def made_safe(value: Any) -> Any:
    """Return a value that was read from JSON with its texts made writable.

    Raises:
        Unusable: a number is too large, or lists and objects are nested too deeply.
    """
    return _safe(value, _DEPTH)


def _safe(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _UNWRITABLE.sub(_IN_ITS_PLACE, value)
    if isinstance(value, int):
        if value not in _INTEGERS:
            raise Unusable("a number has more than 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unusable("a number is infinite, or not a number")
        return value
    if depth == 0:
        raise Unusable("it is nested too deeply")
    if isinstance(value, list):
        return [_safe(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {_safe(name, depth): _safe(item, depth - 1) for name, item in value.items()}
    return value


def _refuse(name: str) -> NoReturn:
    raise Unusable(f"{name} is not a number in JSON")

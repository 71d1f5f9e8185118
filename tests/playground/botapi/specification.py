"""The machine-readable Bot API, and a check of answers against it.

The file is not part of this repository (PaulSonOfLars/telegram-bot-api-spec). Tests that need it
are skipped without it.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[4] / "shared" / "telegram-bot-api" / "api.min.json"
needs_specification = pytest.mark.skipif(
    not PATH.is_file(), reason="the machine-readable Bot API (api.min.json) is missing"
)


@lru_cache
def specification() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def faults_of_answer(method: str, result: Any) -> list[str]:
    """Return what is wrong with a method's result; nothing without the specification."""
    if not PATH.is_file():
        return []
    returns = specification()["methods"][method]["returns"]
    return _best([_faults(result, kind, method) for kind in returns])


def faults_of_object(kind: str, value: Any) -> list[str]:
    """Return what is wrong with an object; nothing without the specification."""
    return _faults(value, kind, kind) if PATH.is_file() else []


def _faults(value: Any, kind: str, where: str) -> list[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where} is no array"]
        inner = kind.removeprefix("Array of ")
        return [
            fault
            for index, item in enumerate(value)
            for fault in _faults(item, inner, f"{where}[{index}]")
        ]
    plain: dict[str, tuple[type, ...]] = {
        "Integer": (int,),
        "Float": (int, float),
        "String": (str,),
        "Boolean": (bool,),
    }
    if kind in plain:
        fits = isinstance(value, plain[kind]) and (kind == "Boolean") == isinstance(value, bool)
        return [] if fits else [f"{where} is {value!r}, not {kind}"]
    described = specification()["types"][kind]
    if subtypes := described.get("subtypes"):
        return _best([_faults(value, subtype, where) for subtype in subtypes])
    if not isinstance(value, dict):
        return [f"{where} is {value!r}, not {kind}"]
    fields = {field["name"]: field for field in described.get("fields", [])}
    faults = [f"{where}.{name} is unknown to {kind}" for name in value if name not in fields]
    for name, field in fields.items():
        if name in value:
            tried = [_faults(value[name], t, f"{where}.{name}") for t in field["types"]]
            faults += _best(tried)
        elif field["required"]:
            faults.append(f"{where}.{name} is missing")
    return faults


def _best(tried: list[list[str]]) -> list[str]:
    return min(tried, key=len)

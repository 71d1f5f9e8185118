"""Descriptions of the bot, each for one language or for all others."""

import re
from typing import Final

from clipbot_playground.botapi.methods import checks
from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.entities import utf16_length
from clipbot_playground.botapi.model.errors import BadRequestError
from clipbot_playground.botapi.model.users import User
from clipbot_playground.botapi.state.world import World

_LINES: Final = re.compile(r"\r\n?")


async def set_my_description(world: World, parameters: Parameters) -> bool:
    """`setMyDescription`."""
    text = _given(parameters, "description", limits.DESCRIPTION_LENGTH)
    return _set(world.descriptions, parameters, text)


async def get_my_description(world: World, parameters: Parameters) -> dict[str, str]:
    """`getMyDescription`."""
    return {"description": world.descriptions.get(checks.language_code(parameters), "")}


async def set_my_short_description(world: World, parameters: Parameters) -> bool:
    """`setMyShortDescription`."""
    text = _given(parameters, "short_description", limits.SHORT_DESCRIPTION_LENGTH)
    return _set(world.short_descriptions, parameters, text)


async def get_my_short_description(world: World, parameters: Parameters) -> dict[str, str]:
    """`getMyShortDescription`."""
    found = world.short_descriptions.get(checks.language_code(parameters), "")
    return {"short_description": found}


def shown(descriptions: dict[str, str], person: User) -> str:
    """Return the description that a person sees."""
    return descriptions.get((person.language_code or "")[:2]) or descriptions.get("", "")


def _given(parameters: Parameters, name: str, limit: int) -> str:
    text = _LINES.sub("\n", parameters.text(name)).strip()
    if utf16_length(text) > limit:
        raise BadRequestError(f"{name.replace('_', ' ')} is too long")
    return text


def _set(descriptions: dict[str, str], parameters: Parameters, text: str) -> bool:
    language = checks.language_code(parameters)
    if text:
        descriptions[language] = text
    else:
        descriptions.pop(language, None)
    return True

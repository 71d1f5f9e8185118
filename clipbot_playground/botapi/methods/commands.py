"""Menus of commands: setMyCommands, getMyCommands, deleteMyCommands, and what a person sees."""

import json
import re
from typing import Any, Final

from clipbot_playground.botapi.methods import checks
from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.chats import Chat
from clipbot_playground.botapi.model.errors import BadRequestError
from clipbot_playground.botapi.model.users import User
from clipbot_playground.botapi.state.world import CommandList, World

Json = dict[str, Any]
_NAME: Final = re.compile(rf"[a-z0-9_]{{1,{limits.COMMAND_LENGTH}}}")
_SCOPES: Final = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


async def set_my_commands(world: World, parameters: Parameters) -> bool:
    described = parameters.structure("commands", "Can't parse commands JSON object")
    if not isinstance(described, list):
        raise BadRequestError("Expected an Array of BotCommand")
    if len(described) > limits.COMMANDS:
        raise BadRequestError("BOT_COMMANDS_TOO_MUCH")
    commands = [_command(item) for item in described]
    world.commands[_key(world, parameters)] = commands
    return True


async def get_my_commands(world: World, parameters: Parameters) -> list[dict[str, str]]:
    return world.commands.get(_key(world, parameters), [])


async def delete_my_commands(world: World, parameters: Parameters) -> bool:
    world.commands.pop(_key(world, parameters), None)
    return True


def menu(world: World, person: User, chat: Chat) -> list[dict[str, str]]:
    """Return the commands that this person sees in this chat.

    Source: https://core.telegram.org/bots/api#determining-list-of-commands
    """
    here = {"chat_id": chat.id}
    scopes: list[Json] = [{"type": "chat", **here}, {"type": "all_private_chats"}]
    if not chat.is_private:
        admin = person.id in chat.administrators or person.id == chat.owner
        scopes = [{"type": "chat_member", **here, "user_id": person.id}]
        scopes += [{"type": "chat_administrators", **here}] if admin else []
        scopes += [{"type": "chat", **here}]
        scopes += [{"type": "all_chat_administrators"}] if admin else []
        scopes += [{"type": "all_group_chats"}]
    for scope in [*scopes, {"type": "default"}]:
        for language in ((person.language_code or "")[:2], ""):
            commands = world.commands.get(CommandList(_canonical(scope), language))
            if commands:
                return commands
    return []


def _key(world: World, parameters: Parameters) -> CommandList:
    complaint = "Can't parse BotCommandScope: "
    scope = parameters.structure("scope", "Can't parse BotCommandScope JSON object")
    scope = {"type": "default"} if scope is None else scope
    if not isinstance(scope, dict) or str(scope.get("type")) not in _SCOPES:
        raise BadRequestError(f"{complaint}Unsupported type specified")
    known = {"type": scope["type"]}
    for name in _SCOPES[scope["type"]]:
        if not scope.get(name):
            raise BadRequestError(f"{complaint}Empty {name} specified")
        known[name] = scope[name]
    if "chat_id" in known:
        known["chat_id"] = checks.chat(world, Parameters({"chat_id": known["chat_id"]})).id
    return CommandList(_canonical(known), checks.language_code(parameters))


def _canonical(scope: Json) -> str:
    return json.dumps(scope, sort_keys=True)


def _command(described: Any) -> dict[str, str]:
    if not isinstance(described, dict):
        raise BadRequestError("Can't parse BotCommand: expected an Object")
    name = str(described.get("command", "")).removeprefix("/")
    description = str(described.get("description", ""))
    if not _NAME.fullmatch(name):
        raise BadRequestError("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= limits.COMMAND_DESCRIPTION_LENGTH:
        raise BadRequestError("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}

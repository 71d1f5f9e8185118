"""getMe, getUpdates, webhooks, files, chats and their members."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from clipbot_playground.botapi.methods import checks
from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.chats import Chat
from clipbot_playground.botapi.model.errors import BadRequestError, ForbiddenError
from clipbot_playground.botapi.state.world import World

Json = dict[str, Any]
_SECRET_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]*")
_MAX_CONNECTIONS: Final = 40


async def get_me(world: World, parameters: Parameters) -> Json:
    return world.bot.to_json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": world.inline,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_updates(world: World, parameters: Parameters) -> list[Json]:
    _allow(world, parameters)
    timeout = max(0, min(parameters.integer("timeout"), limits.POLL_SECONDS))
    limit = max(1, parameters.integer("limit", limits.UPDATES_PER_POLL))
    updates = await world.updates.poll(parameters.integer("offset"), limit, timeout)
    return [update.to_json() for update in updates]


async def set_webhook(world: World, parameters: Parameters) -> bool:
    """`setWebhook`. Unlike Telegram's own server it accepts http, for a bot on loopback."""
    url = parameters.text("url")
    secret_token = parameters.text("secret_token")
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise BadRequestError("invalid webhook URL specified")
    if len(secret_token) > limits.SECRET_TOKEN_LENGTH:
        raise BadRequestError("secret token is too long")
    if not _SECRET_TOKEN.fullmatch(secret_token):
        raise BadRequestError("secret token contains unallowed characters")
    if parameters.boolean("drop_pending_updates"):
        world.updates.drop_pending()
    _allow(world, parameters)
    if not url:
        await world.webhook.stop()
        return True
    connections = parameters.integer("max_connections", _MAX_CONNECTIONS)
    await world.webhook.start(url, secret_token, connections)
    return True


async def delete_webhook(world: World, parameters: Parameters) -> bool:
    if parameters.boolean("drop_pending_updates"):
        world.updates.drop_pending()
    await world.webhook.stop()
    return True


async def get_webhook_info(world: World, parameters: Parameters) -> Json:
    webhook = world.webhook
    answer: Json = {
        "url": webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates.pending),
    }
    if webhook.url:
        answer["max_connections"] = webhook.max_connections
        if webhook.last_error is not None:
            answer["last_error_date"], answer["last_error_message"] = webhook.last_error
    if world.updates.allowed is not None:
        answer["allowed_updates"] = sorted(world.updates.allowed)
    return answer


async def get_file(world: World, parameters: Parameters) -> Json:
    file_id = parameters.text("file_id")
    if not file_id:
        raise BadRequestError("file_id not specified")
    if (file := world.files.by_id(file_id)) is None:
        raise BadRequestError("invalid file_id")
    # "For the moment, bots can download files of up to 20MB in size." (getFile)
    if file.size > limits.DOWNLOAD_SIZE:
        raise BadRequestError("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": world.files.open_for_download(file),
    }


async def get_chat(world: World, parameters: Parameters) -> Json:
    chat = _readable_chat(world, parameters)
    gifts = (
        "unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
        "gifts_from_channels",
    )  # fmt: skip
    return chat.to_json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


async def get_chat_member(world: World, parameters: Parameters) -> Json:
    chat = _readable_chat(world, parameters)
    user = world.users.get(parameters.integer("user_id"))
    if user is None:
        raise BadRequestError("user not found")
    return chat.member_json(user)


async def get_chat_administrators(world: World, parameters: Parameters) -> list[Json]:
    chat = _readable_chat(world, parameters)
    if chat.is_private:
        raise BadRequestError("there are no administrators in the private chat")
    members = [chat.member_json(user) for user in chat.members.values()]
    return [found for found in members if found["status"] in {"creator", "administrator"}]


async def get_chat_member_count(world: World, parameters: Parameters) -> int:
    chat = _readable_chat(world, parameters)
    return 2 if chat.is_private else len(chat.members)


async def leave_chat(world: World, parameters: Parameters) -> bool:
    chat = _readable_chat(world, parameters)
    if chat.is_private:
        raise BadRequestError("chat member status can't be changed in private chats")
    world.set_bot_status(chat, world.bot, "left")
    return True


def _readable_chat(world: World, parameters: Parameters) -> Chat:
    chat = checks.chat(world, parameters)
    if not chat.is_private and chat.bot_status in {"left", "kicked"}:
        raise ForbiddenError(f"bot is not a member of the {chat.type} chat")
    return chat


def _allow(world: World, parameters: Parameters) -> None:
    """Apply `allowed_updates`: "If not specified, the previous setting will be used." """
    types = parameters.structure("allowed_updates", "Can't parse allowed_updates JSON object")
    if types is not None:
        if not isinstance(types, list) or not all(isinstance(kind, str) for kind in types):
            raise BadRequestError("Expected an Array of String as allowed_updates")
        world.updates.allow(types)

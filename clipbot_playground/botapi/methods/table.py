"""The Bot API methods of this server, each with its parameters.

Parameters are those of Bot API 10.1; a test compares them with the machine-readable specification.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from clipbot_playground.botapi.methods import asking, commands, editing, inline, profile, sending
from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.state.world import World

Answer = Callable[[World, Parameters], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method in Telegram's spelling. `answer` returns its result or raises `ApiError`."""

    name: str
    answer: Answer
    parameters: frozenset[str]


_HOOK: Final = (
    "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token"
)
_TO: Final = "business_connection_id chat_id message_thread_id"
_SEND: Final = (
    f"{_TO} direct_messages_topic_id disable_notification protect_content allow_paid_broadcast "
    "message_effect_id reply_parameters"
)
_SEND_ONE: Final = f"{_SEND} suggested_post_parameters reply_markup"
_CAPTION: Final = "caption parse_mode caption_entities"
_EDIT: Final = "business_connection_id chat_id message_id inline_message_id reply_markup"
_MENU: Final = "scope language_code"


def _method(name: str, answer: Answer, parameters: str = "") -> Method:
    return Method(name, answer, frozenset(parameters.split()))


_ALL: Final = (
    _method("getMe", asking.get_me),
    _method("getUpdates", asking.get_updates, "offset limit timeout allowed_updates"),
    _method("setWebhook", asking.set_webhook, _HOOK),
    _method("deleteWebhook", asking.delete_webhook, "drop_pending_updates"),
    _method("getWebhookInfo", asking.get_webhook_info),
    _method("getFile", asking.get_file, "file_id"),
    _method("getChat", asking.get_chat, "chat_id"),
    _method("getChatMember", asking.get_chat_member, "chat_id user_id"),
    _method("getChatAdministrators", asking.get_chat_administrators, "chat_id return_bots"),
    _method("getChatMemberCount", asking.get_chat_member_count, "chat_id"),
    _method("leaveChat", asking.leave_chat, "chat_id"),
    _method(
        "sendMessage",
        sending.send_message,
        f"{_SEND_ONE} text parse_mode entities link_preview_options",
    ),
    _method(
        "sendPhoto",
        sending.send_photo,
        f"{_SEND_ONE} {_CAPTION} photo show_caption_above_media has_spoiler",
    ),
    _method(
        "sendDocument",
        sending.send_document,
        f"{_SEND_ONE} {_CAPTION} document thumbnail disable_content_type_detection",
    ),
    _method("sendMediaGroup", sending.send_media_group, f"{_SEND} media"),
    _method("sendChatAction", sending.send_chat_action, f"{_TO} action"),
    _method(
        "editMessageText",
        editing.edit_message_text,
        f"{_EDIT} text parse_mode entities link_preview_options rich_message",
    ),
    _method(
        "editMessageCaption",
        editing.edit_message_caption,
        f"{_EDIT} {_CAPTION} show_caption_above_media",
    ),
    _method("editMessageMedia", editing.edit_message_media, f"{_EDIT} media"),
    _method("editMessageReplyMarkup", editing.edit_message_reply_markup, _EDIT),
    _method("deleteMessage", editing.delete_message, "chat_id message_id"),
    _method(
        "answerCallbackQuery",
        editing.answer_callback_query,
        "callback_query_id text show_alert url cache_time",
    ),
    _method(
        "answerInlineQuery",
        inline.answer_inline_query,
        "inline_query_id results cache_time is_personal next_offset button",
    ),
    _method("setMyDescription", profile.set_my_description, "description language_code"),
    _method("getMyDescription", profile.get_my_description, "language_code"),
    _method(
        "setMyShortDescription",
        profile.set_my_short_description,
        "short_description language_code",
    ),
    _method("getMyShortDescription", profile.get_my_short_description, "language_code"),
    _method("setMyCommands", commands.set_my_commands, f"commands {_MENU}"),
    _method("getMyCommands", commands.get_my_commands, _MENU),
    _method("deleteMyCommands", commands.delete_my_commands, _MENU),
)

# Telegram accepts method names in upper and lower case.
METHODS: Final = {method.name.lower(): method for method in _ALL}

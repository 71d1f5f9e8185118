"""Unknown fields in the objects that a bot sends.

Telegram ignores them silently. In a test they are reported, because most are spelling mistakes.
"""

from collections.abc import Iterator
from typing import Any, Final

_FIELDS: Final = {
    "ReplyParameters": (
        "message_id chat_id allow_sending_without_reply quote quote_parse_mode quote_entities "
        "quote_position checklist_task_id poll_option_id"
    ),
    "LinkPreviewOptions": ("is_disabled url prefer_small_media prefer_large_media show_above_text"),
    "InlineKeyboardMarkup": "inline_keyboard",
    "ForceReply": "force_reply input_field_placeholder selective",
    "ReplyKeyboardRemove": "remove_keyboard selective",
    "ReplyKeyboardMarkup": (
        "keyboard is_persistent resize_keyboard one_time_keyboard input_field_placeholder selective"
    ),
    "InlineKeyboardButton": (
        "text icon_custom_emoji_id style url callback_data web_app login_url switch_inline_query "
        "switch_inline_query_current_chat switch_inline_query_chosen_chat copy_text callback_game "
        "pay"
    ),
    "InputMediaPhoto": (
        "type media caption parse_mode caption_entities show_caption_above_media has_spoiler"
    ),
    "InputMediaDocument": (
        "type media thumbnail caption parse_mode caption_entities disable_content_type_detection"
    ),
    "BotCommand": "command description",
    "InlineQueryResultArticle": (
        "type id title input_message_content reply_markup url description thumbnail_url "
        "thumbnail_width thumbnail_height"
    ),
    "InputTextMessageContent": "message_text parse_mode entities link_preview_options",
    "InlineQueryResultsButton": "text web_app start_parameter",
}
KNOWN_FIELDS: Final = {name: frozenset(fields.split()) for name, fields in _FIELDS.items()}
_INPUT_MEDIA: Final = {"photo": "InputMediaPhoto", "document": "InputMediaDocument"}
_MARKUPS: Final = {
    "inline_keyboard": "InlineKeyboardMarkup",
    "force_reply": "ForceReply",
    "remove_keyboard": "ReplyKeyboardRemove",
    "keyboard": "ReplyKeyboardMarkup",
}


def unknown_fields(parameters: dict[str, Any]) -> list[str]:
    """Return the unknown fields in the decoded parameters of a call, as "Type.field"."""
    return [
        f"{kind}.{name}"
        for kind, described in _objects(parameters)
        if isinstance(described, dict)
        for name in described
        if name not in KNOWN_FIELDS[kind]
    ]


def _objects(parameters: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "ReplyParameters", parameters.get("reply_parameters")
    yield "LinkPreviewOptions", parameters.get("link_preview_options")
    markup = parameters.get("reply_markup")
    if isinstance(markup, dict):
        for field, kind in _MARKUPS.items():
            if field in markup:
                yield kind, markup
        for row in _items(markup.get("inline_keyboard")):
            for button in _items(row):
                yield "InlineKeyboardButton", button
    media = parameters.get("media")
    for item in media if isinstance(media, list) else [media]:
        if isinstance(item, dict) and str(item.get("type")) in _INPUT_MEDIA:
            yield _INPUT_MEDIA[item["type"]], item
    for command in _items(parameters.get("commands")):
        yield "BotCommand", command
    for result in _items(parameters.get("results")):
        yield "InlineQueryResultArticle", result
        if isinstance(result, dict):
            yield "InputTextMessageContent", result.get("input_message_content")
    yield "InlineQueryResultsButton", parameters.get("button")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

"""The Bot API's limits, each with its unit.

They come from `telegram.constants`, which python-telegram-bot keeps up to date with
https://core.telegram.org/bots/api.
"""

from typing import Final

from telegram.constants import (
    BotCommandLimit,
    BotDescriptionLimit,
    CallbackQueryLimit,
    ChatAction,
    FileSizeLimit,
    InlineKeyboardButtonLimit,
    InlineKeyboardMarkupLimit,
    InlineQueryLimit,
    InlineQueryResultLimit,
    InlineQueryResultsButtonLimit,
    MediaGroupLimit,
    MessageLimit,
    PollingLimit,
    ReplyLimit,
    WebhookLimit,
)

# UTF-16 units after entities are parsed. Telegram says "characters"; this is the strictest reading.
TEXT_LENGTH: Final = int(MessageLimit.MAX_TEXT_LENGTH)
CAPTION_LENGTH: Final = int(MessageLimit.CAPTION_LENGTH)
ENTITIES: Final = int(MessageLimit.MESSAGE_ENTITIES)

# Bytes.
DOWNLOAD_SIZE: Final = int(FileSizeLimit.FILESIZE_DOWNLOAD)
UPLOAD_SIZE: Final = int(FileSizeLimit.FILESIZE_UPLOAD)
PHOTO_SIZE: Final = int(FileSizeLimit.PHOTOSIZE_UPLOAD)

# sendPhoto: "The photo's width and height must not exceed 10000 in total. Width and height ratio
# must be at most 20." Pixels; telegram.constants has no name for these two.
PHOTO_SIDES_SUM: Final = 10_000
PHOTO_SIDES_RATIO: Final = 20

MEDIA_GROUP_MIN: Final = int(MediaGroupLimit.MIN_MEDIA_LENGTH)
MEDIA_GROUP_MAX: Final = int(MediaGroupLimit.MAX_MEDIA_LENGTH)

CALLBACK_DATA_MIN: Final = int(InlineKeyboardButtonLimit.MIN_CALLBACK_DATA)  # bytes of UTF-8
CALLBACK_DATA_MAX: Final = int(InlineKeyboardButtonLimit.MAX_CALLBACK_DATA)  # bytes of UTF-8
KEYBOARD_BUTTONS: Final = int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER)
CALLBACK_ANSWER_LENGTH: Final = int(CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH)
PLACEHOLDER_LENGTH: Final = int(ReplyLimit.MAX_INPUT_FIELD_PLACEHOLDER)

INLINE_QUERY_LENGTH: Final = int(InlineQueryLimit.MAX_QUERY_LENGTH)
INLINE_RESULTS: Final = int(InlineQueryLimit.RESULTS)
INLINE_OFFSET_LENGTH: Final = int(InlineQueryLimit.MAX_OFFSET_LENGTH)  # bytes of UTF-8
INLINE_RESULT_ID_LENGTH: Final = int(InlineQueryResultLimit.MAX_ID_LENGTH)  # bytes of UTF-8
START_PARAMETER_LENGTH: Final = int(InlineQueryResultsButtonLimit.MAX_START_PARAMETER_LENGTH)

COMMANDS: Final = int(BotCommandLimit.MAX_COMMAND_NUMBER)
COMMAND_LENGTH: Final = int(BotCommandLimit.MAX_COMMAND)
COMMAND_DESCRIPTION_LENGTH: Final = int(BotCommandLimit.MAX_DESCRIPTION)

DESCRIPTION_LENGTH: Final = int(BotDescriptionLimit.MAX_DESCRIPTION_LENGTH)
SHORT_DESCRIPTION_LENGTH: Final = int(BotDescriptionLimit.MAX_SHORT_DESCRIPTION_LENGTH)

UPDATES_PER_POLL: Final = int(PollingLimit.MAX_LIMIT)
# Seconds. Telegram's own server never waits longer.
POLL_SECONDS: Final = 50
SECRET_TOKEN_LENGTH: Final = int(WebhookLimit.MAX_SECRET_TOKEN_LENGTH)

CHAT_ACTIONS: Final = frozenset(str(action) for action in ChatAction)

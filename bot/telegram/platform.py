"""`bot.platform.Platform` over the Bot API."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import PurePosixPath
from typing import Any

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import AIORateLimiter, ExtBot

from bot.asks import Media, Place
from bot.platform import Buttons, Gone, TooBig, TryAgain

log = logging.getLogger(__name__)

Bot = ExtBot[Any]

# What the Bot API says when it is the world that changed, not we who are wrong.
_GONE = (
    "chat not found",
    "user not found",
    "message to edit not found",
    "message can't be edited",
    "message to be replied not found",
    "message thread not found",
    "topic_closed",
    "topic_deleted",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "need administrator rights",
    "wrong file_id",
    "wrong file identifier",
    "invalid file id",
    "file_id",
    "temporarily unavailable",
    "query is too old",
    "message_id_invalid",
    "peer_id_invalid",
    "group chat was upgraded",
    "chat_restricted",
)


_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# After a group became a supergroup, its messages have new ids: there is nothing to reply to.
_NO_MESSAGE = 0
_NO_MESSAGES = {"sendChatAction", "getChatAdministrators", "getChatMember"}


class Pace(AIORateLimiter):
    """PTB's limits of Telegram's flood control, which counts messages: not actions and questions.

    PTB counts whatever has a chat_id; a question about a chat must not wait behind its messages.
    """

    async def process_request(
        self, callback: Any, args: Any, kwargs: Any, endpoint: str, data: Any, rate_limit_args: Any
    ) -> Any:
        if endpoint in _NO_MESSAGES:
            return await callback(*args, **kwargs)
        return await super().process_request(
            callback, args, kwargs, endpoint, data, rate_limit_args
        )


def seconds_of(error: RetryAfter) -> float:
    """The pause that Telegram asks for; PTB gives a timedelta where PTB_TIMEDELTA is set."""
    after = error.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()


@contextlib.asynccontextmanager
async def telegram_errors() -> AsyncIterator[None]:
    """Turns PTB's errors into `TryAgain`, `Gone` and `TooBig`; what is left is our own fault."""
    try:
        yield
    except RetryAfter as error:
        raise TryAgain("Telegram asks for a pause", seconds_of(error)) from error
    except (Forbidden, ChatMigrated) as error:
        raise Gone(error.message) from error
    except BadRequest as error:
        text = error.message.lower()
        if "too big" in text:
            raise TooBig(error.message) from error
        if any(phrase in text for phrase in _GONE):
            raise Gone(error.message) from error
        raise
    except InvalidToken as error:
        raise TryAgain("Telegram does not accept the token any more", 30.0) from error
    except NetworkError as error:
        raise TryAgain(f"Telegram can't be reached ({type(error).__name__})") from error
    except TelegramError as error:
        if type(error) is TelegramError:  # PTB's word for an answer that is no JSON
            raise TryAgain(f"Telegram's answer can't be read ({error.message})") from error
        raise


class TelegramPlatform:
    """Replies, edits and downloads."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, media: Media) -> bytes:
        """The picture's file; see `Platform.fetch`."""
        async with telegram_errors():
            file = await self._bot.get_file(media.file_id)
            try:
                return bytes(await file.download_as_bytearray())
            except InvalidToken as error:  # what PTB makes of a 404, here the file's own
                raise Gone("Telegram no longer has the file") from error

    async def show_working(self, place: Place) -> None:
        """`upload_photo` under the bot's name; a missing one is not worth a word."""
        with contextlib.suppress(TelegramError):
            await self._bot.send_chat_action(
                place.chat_id, ChatAction.UPLOAD_PHOTO, message_thread_id=place.thread_id
            )

    async def send_text(self, place: Place, text: str, reply_markup: Any = None) -> int:
        """A reply of text, with buttons or a request to answer where `reply_markup` has them."""

        async def send(where: Place) -> Message:
            return await self._bot.send_message(
                where.chat_id,
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=reply_markup,
                **_as_reply(where),
            )

        return await _sent(send, place)

    async def send_chart(self, place: Place, chart: bytes, caption: str) -> int:
        """A reply with a photo."""

        async def send(where: Place) -> Message:
            return await self._bot.send_photo(
                where.chat_id,
                InputFile(chart, filename=_name(chart)),
                caption=caption,
                parse_mode=ParseMode.HTML,
                **_as_reply(where),
            )

        return await _sent(send, place)

    async def edit_to_text(self, place: Place, answer_id: int, text: str) -> None:
        """Changes an answer of text."""
        async with telegram_errors(), _unchanged_is_fine():
            await self._bot.edit_message_text(
                text, place.chat_id, answer_id, parse_mode=ParseMode.HTML
            )

    async def edit_to_chart(self, place: Place, answer_id: int, chart: bytes, caption: str) -> None:
        """Changes an answer to a photo; the Bot API lets text become a photo too."""
        media = InputMediaPhoto(
            chart, caption=caption, parse_mode=ParseMode.HTML, filename=_name(chart)
        )
        async with telegram_errors(), _unchanged_is_fine():
            await self._bot.edit_message_media(media, place.chat_id, answer_id)

    async def send_board(self, place: Place, text: str, buttons: Buttons = ()) -> int:
        """A reply of text with buttons, without link previews."""

        async def send(where: Place) -> Message:
            return await self._bot.send_message(
                where.chat_id,
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=_keyboard(buttons),
                link_preview_options=_NO_PREVIEW,
                **_as_reply(where),
            )

        return await _sent(send, place)

    async def edit_board(
        self, place: Place, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        """Changes text and buttons."""
        async with telegram_errors(), _unchanged_is_fine():
            await self._bot.edit_message_text(
                text,
                place.chat_id,
                board_id,
                parse_mode=ParseMode.HTML,
                reply_markup=_keyboard(buttons),
                link_preview_options=_NO_PREVIEW,
            )


def _keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for row in buttons]
    )


async def _sent(send: Callable[[Place], Awaitable[Message]], place: Place) -> int:
    async with telegram_errors():
        try:
            message = await send(place)
        except ChatMigrated as moved:  # the group became a supergroup while we were thinking
            message = await send(Place(moved.new_chat_id, _NO_MESSAGE, place.thread_id))
    return message.message_id


def _as_reply(place: Place) -> dict[str, Any]:
    if place.message_id == _NO_MESSAGE:
        return {"message_thread_id": place.thread_id}
    return {
        # The question may have been deleted meanwhile; its answer is still an answer.
        "reply_parameters": ReplyParameters(place.message_id, allow_sending_without_reply=True),
        "message_thread_id": place.thread_id,
    }


def _name(chart: bytes) -> str:
    return str(PurePosixPath("chart").with_suffix(".png" if chart[:4] == b"\x89PNG" else ".jpg"))


@contextlib.asynccontextmanager
async def _unchanged_is_fine() -> AsyncIterator[None]:
    try:
        yield
    except BadRequest as error:
        if "message is not modified" not in error.message.lower():
            raise

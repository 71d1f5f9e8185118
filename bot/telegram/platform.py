"""`bot.platform.ports.Platform` over the Bot API."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
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
from telegram.constants import ChatAction, MessageLimit, ParseMode
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

from bot.i18n.lengths import shortened, shown
from bot.platform.models import Media, MessageRef
from bot.platform.ports import (
    Buttons,
    CallRejected,
    FileTooBig,
    PicturesNotAllowed,
    RetryLater,
    TargetGone,
)
from bot.telegram.refusals import Cure, cure_of

log = logging.getLogger(__name__)

Bot = ExtBot[Any]

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
    """Turn PTB's errors into those of `bot.platform.ports`; what is left is our own fault.

    A refusal that nobody knows is logged in one line, and as final as those that we do.
    """
    try:
        yield
    except RetryAfter as error:
        raise RetryLater("Telegram asks for a pause", seconds_of(error)) from error
    except (Forbidden, ChatMigrated) as error:
        raise TargetGone(error.message) from error
    except BadRequest as error:
        if "file is too big" in error.message.lower():
            raise FileTooBig(error.message) from error
        match cure_of(error):
            case None:
                log.error("Telegram refuses a call, and why is not known: %s", error.message)  # noqa: TRY400
                raise CallRejected(error.message) from error
            case Cure.AGAIN:
                raise RetryLater(f"Telegram failed ({error.message})") from error
            case _:
                raise TargetGone(error.message) from error
    except InvalidToken as error:
        raise RetryLater("Telegram does not accept the token any more", 30.0) from error
    except NetworkError as error:
        raise RetryLater(f"Telegram can't be reached ({type(error).__name__})") from error
    except TelegramError as error:
        if type(error) is TelegramError:  # PTB's word for an answer that is no JSON
            raise RetryLater(f"Telegram's answer can't be read ({error.message})") from error
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
                raise TargetGone("Telegram no longer has the file") from error

    async def show_working(self, place: MessageRef) -> None:
        """`upload_photo` under the bot's name; a missing one is not worth a word."""
        with contextlib.suppress(TelegramError):
            await self._bot.send_chat_action(
                place.chat_id, ChatAction.UPLOAD_PHOTO, message_thread_id=place.thread_id
            )

    async def send_text(self, place: MessageRef, text: str, reply_markup: Any = None) -> int:
        """A reply of text, with buttons or a request to answer where `reply_markup` has them."""
        return await self._say(place, text, {"reply_markup": reply_markup})

    async def send_chart(self, place: MessageRef, chart: bytes, caption: str) -> int:
        """A reply with a photo; `PicturesNotAllowed` where it has to be said in words."""

        async def send(where: MessageRef) -> Message:
            return await self._bot.send_photo(
                where.chat_id,
                InputFile(chart, filename=_name(chart)),
                caption=caption,
                parse_mode=ParseMode.HTML,
                **_as_reply(where),
            )

        async with telegram_errors(), _as_no_pictures():
            return await _placed(send, place)

    async def edit_to_text(self, place: MessageRef, answer_id: int, text: str) -> None:
        """Changes an answer of text."""
        await self._reword(place, answer_id, text, {})

    async def edit_to_chart(
        self, place: MessageRef, answer_id: int, chart: bytes, caption: str
    ) -> None:
        """Changes an answer to a photo; the Bot API lets text become a photo too."""
        media = InputMediaPhoto(
            chart, caption=caption, parse_mode=ParseMode.HTML, filename=_name(chart)
        )
        async with telegram_errors(), _as_no_pictures(), _unchanged_is_fine():
            await self._bot.edit_message_media(media, place.chat_id, answer_id)

    async def send_board(self, place: MessageRef, text: str, buttons: Buttons = ()) -> int:
        """A reply of text with buttons, without link previews."""
        return await self._say(place, text, _board(buttons))

    async def edit_board(
        self, place: MessageRef, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        """Changes text and buttons."""
        await self._reword(place, board_id, text, _board(buttons))

    async def _say(self, place: MessageRef, text: str, extras: dict[str, Any]) -> int:
        """Sends text; where Telegram does not like its form, without formats and buttons."""

        async def send(where: MessageRef) -> Message:
            return await self._bot.send_message(
                where.chat_id, text, parse_mode=ParseMode.HTML, **extras, **_as_reply(where)
            )

        async def send_plainly(where: MessageRef) -> Message:
            return await self._bot.send_message(where.chat_id, _plain(text), **_as_reply(where))

        async with telegram_errors():
            try:
                return await _placed(send, place)
            except (NetworkError, Forbidden) as error:
                if not _wants_other_form(error):
                    raise
            return await _placed(send_plainly, place)

    async def _reword(self, place: MessageRef, id_: int, text: str, extras: dict[str, Any]) -> None:
        """Changes text; where Telegram does not like its form, without formats and buttons."""
        async with telegram_errors(), _unchanged_is_fine():
            try:
                await self._bot.edit_message_text(
                    text, place.chat_id, id_, parse_mode=ParseMode.HTML, **extras
                )
            except (NetworkError, Forbidden) as error:
                if not _wants_other_form(error):
                    raise
                await self._bot.edit_message_text(_plain(text), place.chat_id, id_)


def _board(buttons: Buttons) -> dict[str, Any]:
    return {"reply_markup": _keyboard(buttons), "link_preview_options": _NO_PREVIEW}


def _keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for row in buttons]
    )


async def _placed(send: Callable[[MessageRef], Awaitable[Message]], place: MessageRef) -> int:
    """Sends to a place, or as near to it as Telegram lets us.

    Raises PTB's errors; a refusal only where another place does not help.
    """
    left = [Cure.AGAIN, Cure.WITHOUT_THREAD, Cure.WITHOUT_REPLY, Cure.NEW_CHAT]
    while True:
        try:
            return (await send(place)).message_id
        except (BadRequest, Forbidden, ChatMigrated) as error:
            cure = cure_of(error)
            nearby = _near(place, cure, error)
            if cure not in left or (nearby == place and cure is not Cure.AGAIN):
                raise
            left.remove(cure)
            place = nearby


def _near(place: MessageRef, cure: Cure | None, error: TelegramError) -> MessageRef:
    """Where to try next."""
    if isinstance(error, ChatMigrated):  # the group became a supergroup while we were thinking
        return MessageRef(error.new_chat_id, _NO_MESSAGE, place.thread_id)
    if cure is Cure.WITHOUT_THREAD:
        return replace(place, thread_id=None)
    if cure is Cure.WITHOUT_REPLY:
        return replace(place, message_id=_NO_MESSAGE)
    return place


def _wants_other_form(error: TelegramError) -> bool:
    """Whether a refusal is about how it is said, as far as we know."""
    cure = cure_of(error)
    if cure is None and isinstance(error, BadRequest):
        log.error("Telegram refuses a message, and why is not known: %s", error.message)
        return True
    return cure in {Cure.OTHER_FORM, Cure.AGAIN}


@contextlib.asynccontextmanager
async def _as_no_pictures() -> AsyncIterator[None]:
    try:
        yield
    except (NetworkError, Forbidden) as error:
        if _wants_other_form(error):
            raise PicturesNotAllowed(error.message) from error
        raise


def _plain(text: str) -> str:
    """A text with markup as it reads without, at most as long as a message may be."""
    return shortened(shown(text), MessageLimit.MAX_TEXT_LENGTH)


def _as_reply(place: MessageRef) -> dict[str, Any]:
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
        if cure_of(error) is not Cure.DONE:
            raise

"""`bot.platform.ports.ChatPlatform` over the Bot API."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from telegram import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputFile,
    InputMediaPhoto,
    InputTextMessageContent,
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
    TelegramError,
)
from telegram.ext import ExtBot

from bot.i18n.lengths import shortened, shown
from bot.platform.incoming import ButtonPress, ChatTopic, IncomingMessage, InlineQuery
from bot.platform.models import NO_MESSAGE, TELEGRAM, Media, MessageRef
from bot.platform.ports import Buttons, InlineResult, PicturesNotAllowed, TargetGone
from bot.telegram.admins import Admins
from bot.telegram.incoming import restore_message
from bot.telegram.refusals import Cure, cure_of, telegram_errors

log = logging.getLogger(__name__)

Bot = ExtBot[Any]

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramPlatform:
    """Sends, edits and downloads for one bot."""

    name = TELEGRAM
    text_limit = int(MessageLimit.MAX_TEXT_LENGTH)
    caption_limit = int(MessageLimit.CAPTION_LENGTH)

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._admins = Admins(bot)

    async def fetch(self, media: Media) -> bytes:
        """Return the picture's file."""
        async with telegram_errors():
            file = await self._bot.get_file(media.file_id)
            try:
                return bytes(await file.download_as_bytearray())
            except InvalidToken as error:  # PTB's error for 404, which here means the file
                raise TargetGone("Telegram no longer has the file") from error

    async def show_working(self, ref: MessageRef) -> None:
        """Show `upload_photo` under the bot's name. Errors are ignored: the answer matters more."""
        with contextlib.suppress(TelegramError):
            await self._bot.send_chat_action(
                ref.chat_id, ChatAction.UPLOAD_PHOTO, message_thread_id=ref.thread_id
            )

    async def send_text(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        """Reply with text."""
        return await self._send_text(ref, text, {"reply_markup": _keyboard(buttons)})

    async def ask_for_reply(self, ref: MessageRef, text: str, placeholder: str) -> int:
        """Reply with a question; the app opens a reply to it for the person who is asked."""
        markup = ForceReply(selective=True, input_field_placeholder=placeholder)
        return await self._send_text(ref, text, {"reply_markup": markup})

    async def send_chart(
        self,
        ref: MessageRef,
        chart: bytes,
        caption: str,
        buttons: Buttons = (),
        *,
        has_spoiler: bool = False,
    ) -> int:
        """Reply with a photo."""

        async def send(where: MessageRef) -> Message:
            return await self._bot.send_photo(
                where.chat_id,
                InputFile(chart, filename=_name(chart)),
                caption=caption,
                parse_mode=ParseMode.HTML,
                has_spoiler=has_spoiler or None,
                reply_markup=_keyboard(buttons),
                **_as_reply(where),
            )

        async with telegram_errors(), _as_no_pictures():
            return await _send_near(send, ref)

    async def send_file(self, ref: MessageRef, name: str, data: bytes, caption: str) -> int:
        """Reply with a document."""

        async def send(where: MessageRef) -> Message:
            return await self._bot.send_document(
                where.chat_id,
                InputFile(data, filename=name),
                caption=caption,
                parse_mode=ParseMode.HTML,
                **_as_reply(where),
            )

        async with telegram_errors(), _as_no_pictures():
            return await _send_near(send, ref)

    async def edit_to_text(
        self, ref: MessageRef, answer_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        """Change an answer of text."""
        await self._edit_text(ref, answer_id, text, {"reply_markup": _keyboard(buttons)})

    async def edit_to_chart(
        self,
        ref: MessageRef,
        answer_id: int,
        chart: bytes,
        caption: str,
        buttons: Buttons = (),
        *,
        has_spoiler: bool = False,
    ) -> None:
        """Change an answer to a photo. The Bot API lets text become a photo, too."""
        media = InputMediaPhoto(
            chart,
            caption=caption,
            parse_mode=ParseMode.HTML,
            filename=_name(chart),
            has_spoiler=has_spoiler or None,
        )
        async with telegram_errors(), _as_no_pictures(), _unchanged_is_fine():
            await self._bot.edit_message_media(
                media, ref.chat_id, answer_id, reply_markup=_keyboard(buttons)
            )

    async def send_board(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        """Reply with text and buttons."""
        return await self._send_text(ref, text, _board(buttons))

    async def edit_board(
        self, ref: MessageRef, board_id: int, text: str, buttons: Buttons = ()
    ) -> None:
        """Change text and buttons."""
        await self._edit_text(ref, board_id, text, _board(buttons))

    async def answer_press(self, press: ButtonPress, text: str, *, is_alert: bool = False) -> None:
        """Show a toast or an alert."""
        async with telegram_errors():
            await self._bot.answer_callback_query(press.handle, text, show_alert=is_alert)

    async def answer_inline(
        self, query: InlineQuery, results: Sequence[InlineResult], hint: str
    ) -> None:
        """Show choices above the input field, or a button that opens a private chat."""
        articles = [
            InlineQueryResultArticle(
                result.id,
                result.title,
                InputTextMessageContent(result.text),
                description=result.description,
            )
            for result in results
        ]
        button = None if articles else InlineQueryResultsButton(hint, start_parameter="inline")
        async with telegram_errors():
            await self._bot.answer_inline_query(
                query.handle, articles, cache_time=0, is_personal=True, button=button
            )

    def start_link(self, parameter: str) -> str:
        """Return a deep link."""
        return f"https://t.me/{self._bot.username}?start={parameter}"

    async def is_admin(self, topic: ChatTopic, user_id: int) -> bool:
        """Return whether a person is an admin of a group."""
        return await self._admins.has(topic.chat_id, user_id)

    def link_person(self, user_id: int, username: str, name: str, *, mentions: bool) -> str:
        """Return a person's name with a link: as a mention, or else to their username."""
        if mentions:
            return f'<a href="tg://user?id={user_id}">{name}</a>'
        if username:
            return f'<a href="https://t.me/{username}">{name}</a>'
        return f"<b>{name}</b>"

    def restore(self, stored: bytes) -> IncomingMessage | None:
        """Return the message of `IncomingMessage.stored`."""
        return restore_message(stored, self._bot)

    async def _send_text(self, ref: MessageRef, text: str, extras: dict[str, Any]) -> int:
        """Send text; without formats and buttons where Telegram refuses those."""

        async def send(where: MessageRef) -> Message:
            return await self._bot.send_message(
                where.chat_id, text, parse_mode=ParseMode.HTML, **extras, **_as_reply(where)
            )

        async def send_plainly(where: MessageRef) -> Message:
            return await self._bot.send_message(where.chat_id, _plain(text), **_as_reply(where))

        async with telegram_errors():
            try:
                return await _send_near(send, ref)
            except (NetworkError, Forbidden) as error:
                if not _wants_other_form(error):
                    raise
            return await _send_near(send_plainly, ref)

    async def _edit_text(
        self, ref: MessageRef, id_: int, text: str, extras: dict[str, Any]
    ) -> None:
        """Change text; without formats and buttons where Telegram refuses those."""
        async with telegram_errors(), _unchanged_is_fine():
            try:
                await self._bot.edit_message_text(
                    text, ref.chat_id, id_, parse_mode=ParseMode.HTML, **extras
                )
            except (NetworkError, Forbidden) as error:
                if not _wants_other_form(error):
                    raise
                await self._bot.edit_message_text(_plain(text), ref.chat_id, id_)


def _board(buttons: Buttons) -> dict[str, Any]:
    return {"reply_markup": _keyboard(buttons), "link_preview_options": _NO_PREVIEW}


def _keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for row in buttons]
    )


async def _send_near(send: Callable[[MessageRef], Awaitable[Message]], ref: MessageRef) -> int:
    """Send a reply; if refused, without its topic, without the reply, or to a group's new id.

    Raises PTB's errors. A refusal is raised only if none of these helps.
    """
    left = [Cure.AGAIN, Cure.WITHOUT_THREAD, Cure.WITHOUT_REPLY, Cure.NEW_CHAT]
    while True:
        try:
            return (await send(ref)).message_id
        except (BadRequest, Forbidden, ChatMigrated) as error:
            cure = cure_of(error)
            other = _next_try(ref, cure, error)
            if cure not in left or (other == ref and cure is not Cure.AGAIN):
                raise
            left.remove(cure)
            ref = other


def _next_try(ref: MessageRef, cure: Cure | None, error: TelegramError) -> MessageRef:
    """Return where to send it next."""
    if isinstance(error, ChatMigrated):  # the group became a supergroup meanwhile
        # Its messages got new ids, so that the old ones can't be replied to.
        return MessageRef(error.new_chat_id, NO_MESSAGE, ref.thread_id)
    if cure is Cure.WITHOUT_THREAD:
        return replace(ref, thread_id=None)
    if cure is Cure.WITHOUT_REPLY:
        return replace(ref, message_id=NO_MESSAGE)
    return ref


def _wants_other_form(error: TelegramError) -> bool:
    """Return whether Telegram may accept a simpler form of the same message."""
    cure = cure_of(error)
    if cure is None and isinstance(error, BadRequest):
        log.error("Telegram refuses a message, and why is not known: %s", error.message)
        return True
    return cure in {Cure.OTHER_FORM, Cure.AGAIN}


@contextlib.asynccontextmanager
async def _as_no_pictures() -> AsyncIterator[None]:
    """Raise `PicturesNotAllowed` if Telegram may accept words instead."""
    try:
        yield
    except (NetworkError, Forbidden) as error:
        if _wants_other_form(error):
            raise PicturesNotAllowed(error.message) from error
        raise


def _plain(text: str) -> str:
    """Return a text without its markup, at most as long as a message can be."""
    return shortened(shown(text), MessageLimit.MAX_TEXT_LENGTH)


def _as_reply(ref: MessageRef) -> dict[str, Any]:
    if ref.message_id == NO_MESSAGE:
        return {"message_thread_id": ref.thread_id}
    return {
        # The question may have been deleted meanwhile; it is answered anyway.
        "reply_parameters": ReplyParameters(ref.message_id, allow_sending_without_reply=True),
        "message_thread_id": ref.thread_id,
    }


def _name(chart: bytes) -> str:
    return str(PurePosixPath("chart").with_suffix(".png" if chart[:4] == b"\x89PNG" else ".jpg"))


@contextlib.asynccontextmanager
async def _unchanged_is_fine() -> AsyncIterator[None]:
    """Ignore the refusal of an edit that would change nothing."""
    try:
        yield
    except BadRequest as error:
        if cure_of(error) is not Cure.DONE:
            raise

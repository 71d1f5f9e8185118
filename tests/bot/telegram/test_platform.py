"""Telegram's errors, and what the bot makes of them."""

from datetime import timedelta

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.platform.ports import CallRejected, FileTooBig, RetryLater, TargetGone
from bot.telegram.refusals import telegram_errors


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (RetryAfter(timedelta(seconds=17)), RetryLater),
        (TimedOut(), RetryLater),
        (NetworkError("Bad Gateway"), RetryLater),
        (InvalidToken(), RetryLater),
        (Forbidden("bot was blocked by the user"), TargetGone),
        (ChatMigrated(-100), TargetGone),
        (BadRequest("Chat not found"), TargetGone),
        (BadRequest("Message to edit not found"), TargetGone),
        (BadRequest("wrong file_id or the file is temporarily unavailable"), TargetGone),
        (BadRequest("not enough rights to send photos to the chat"), TargetGone),
        (BadRequest("file is too big"), FileTooBig),
        (BadRequest("something that nobody knows"), CallRejected),
        (Conflict("terminated by other getUpdates request"), TelegramError),
        (ValueError("a bug"), ValueError),
    ],
)
async def test_whose_fault_it_is(error: Exception, wanted: type[Exception]) -> None:
    with pytest.raises(wanted) as raised:
        async with telegram_errors():
            raise error
    if isinstance(error, RetryAfter):
        assert isinstance(raised.value, RetryLater)
        assert raised.value.after == 17.0

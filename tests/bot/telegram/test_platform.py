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

from bot.platform.ports import Gone, Rejected, TooBig, TryAgain
from bot.telegram.platform import telegram_errors


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (RetryAfter(timedelta(seconds=17)), TryAgain),
        (TimedOut(), TryAgain),
        (NetworkError("Bad Gateway"), TryAgain),
        (InvalidToken(), TryAgain),
        (Forbidden("bot was blocked by the user"), Gone),
        (ChatMigrated(-100), Gone),
        (BadRequest("Chat not found"), Gone),
        (BadRequest("Message to edit not found"), Gone),
        (BadRequest("wrong file_id or the file is temporarily unavailable"), Gone),
        (BadRequest("not enough rights to send photos to the chat"), Gone),
        (BadRequest("file is too big"), TooBig),
        (BadRequest("something that nobody knows"), Rejected),
        (Conflict("terminated by other getUpdates request"), TelegramError),
        (ValueError("a bug"), ValueError),
    ],
)
async def test_whose_fault_it_is(error: Exception, wanted: type[Exception]) -> None:
    with pytest.raises(wanted) as raised:
        async with telegram_errors():
            raise error
    if isinstance(error, RetryAfter):
        assert isinstance(raised.value, TryAgain)
        assert raised.value.after == 17.0

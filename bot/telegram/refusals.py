"""What errors of the Bot API mean, and what helps against each refusal (`refusals.toml`)."""

import contextlib
import logging
import tomllib
from collections.abc import AsyncIterator
from enum import Enum
from functools import cache
from importlib import resources

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.platform.ports import CallRejected, FileTooBig, RetryLater, TargetGone

log = logging.getLogger(__name__)


class Cure(Enum):
    """What helps against a refusal."""

    DONE = "done"
    AGAIN = "again"
    WITHOUT_THREAD = "without_thread"
    WITHOUT_REPLY = "without_reply"
    OTHER_FORM = "other_form"
    NEW_MESSAGE = "new_message"
    NEW_CHAT = "new_chat"
    GIVE_UP = "give_up"


def cure_of(error: TelegramError) -> Cure | None:
    """Return what helps against a refusal; None if the table does not have it."""
    if isinstance(error, ChatMigrated):
        return Cure.NEW_CHAT
    description = error.message.lower()
    for says, cure in refusals():
        if says in description:
            return cure
    return Cure.GIVE_UP if isinstance(error, Forbidden) else None


@cache
def refusals() -> tuple[tuple[str, Cure], ...]:
    """Return the table: parts of descriptions, the longest first, each with its cure."""
    written = tomllib.loads(
        resources.files(__package__).joinpath("refusals.toml").read_text(encoding="utf-8")
    )
    rows = [(says, Cure(cure)) for cure, table in written.items() for says in table["says"]]
    return tuple(sorted(rows, key=lambda row: -len(row[0])))


def seconds_of(error: RetryAfter) -> float:
    """Return the pause that Telegram asks for. PTB gives a timedelta where PTB_TIMEDELTA is set."""
    after = error.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()


@contextlib.asynccontextmanager
async def telegram_errors() -> AsyncIterator[None]:
    """Turn PTB's errors into those of `bot.platform.ports`. The others are our own fault.

    A refusal that the table does not have is logged in one line, and is final.
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
        if type(error) is TelegramError:  # PTB raises it for an answer that is not JSON
            raise RetryLater(f"Telegram's answer can't be read ({error.message})") from error
        raise

"""What the Bot API's refusals mean, and what helps against each: the table `refusals.toml`."""

import tomllib
from enum import Enum
from functools import cache
from importlib import resources

from telegram.error import ChatMigrated, Forbidden, TelegramError


class Cure(Enum):
    """What helps against a refusal."""

    DONE = "done"
    AGAIN = "again"
    WITHOUT_THREAD = "without_thread"
    WITHOUT_REPLY = "without_reply"
    OTHER_FORM = "other_form"
    ANEW = "anew"
    NEW_CHAT = "new_chat"
    GIVE_UP = "give_up"


def cure_of(error: TelegramError) -> Cure | None:
    """What helps against a refusal; None where the table does not know it."""
    if isinstance(error, ChatMigrated):
        return Cure.NEW_CHAT
    description = error.message.lower()
    for says, cure in refusals():
        if says in description:
            return cure
    return Cure.GIVE_UP if isinstance(error, Forbidden) else None


@cache
def refusals() -> tuple[tuple[str, Cure], ...]:
    """The table: parts of descriptions, the longest first, each with its cure."""
    written = tomllib.loads(
        resources.files(__package__).joinpath("refusals.toml").read_text(encoding="utf-8")
    )
    rows = [(says, Cure(cure)) for cure, table in written.items() for says in table["says"]]
    return tuple(sorted(rows, key=lambda row: -len(row[0])))

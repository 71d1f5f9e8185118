"""The bot that `clipbot playground` starts beside itself."""

from collections.abc import Mapping
from pathlib import Path

from bot.services import own_command as itself
from bot.services.child_process import Child


def embedded_bot(environment: Mapping[str, str], folder: Path) -> Child:
    """A `clipbot run` in a process of its own.

    Args:
        environment: the whole environment, settings included.
        folder: where it runs; no `.env` of the operator's should be there.
    """
    return Child("bot", lambda: itself.command("run"), environment, folder=folder)

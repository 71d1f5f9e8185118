"""The clipbot processes that are started beside another one, and kept running."""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

from bot.services.child_command import clipbot_command
from bot.services.child_process import Child
from inference.protocol.errors import SettingError


def embedded_worker(nats_url: str, environment: Mapping[str, str] = os.environ) -> Child:
    """Return a `clipbot worker` for the queue at `nats_url`, as `clipbot run` starts it.

    Raises:
        SettingError: torch or transformers are not installed here.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise SettingError(
                f"NATS_URL is not set, so this machine must run the model, but {package} is not "
                "installed: run `pip install clipbot[worker]`, or set NATS_URL."
            )
    return Child(
        "worker",
        lambda: clipbot_command("worker"),
        # METRICS_PORT is the bot's; an embedded worker serves no metrics.
        {**environment, "NATS_URL": nats_url, "METRICS_PORT": "0"},
    )


def embedded_bot(environment: Mapping[str, str], folder: Path) -> Child:
    """Return a `clipbot run`, as `clipbot playground` starts it.

    Args:
        environment: the whole environment, settings included.
        folder: where it runs; no `.env` of the operator's should be there.
    """
    return Child("bot", lambda: clipbot_command("run"), environment, folder=folder)

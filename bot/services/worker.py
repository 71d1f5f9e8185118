"""The inference worker that `clipbot run` starts beside itself."""

import importlib.util
import os
from collections.abc import Mapping

from bot.services import own_command as itself
from bot.services.child_process import Child
from inference.protocol.errors import SettingError


def embedded_worker(nats_url: str, environment: Mapping[str, str] = os.environ) -> Child:
    """A `clipbot worker` for the queue at `nats_url`, in a process of its own.

    Raises:
        SettingError: torch or transformers are not installed here.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise SettingError(
                f"NATS_URL is not set, so this machine must do the seeing, but {package} is not "
                "installed: run `pip install clipbot[worker]`, or set NATS_URL."
            )
    return Child(
        "worker",
        lambda: itself.command("worker"),
        # The bot's metrics have that port; the embedded worker keeps its own to itself.
        {**environment, "NATS_URL": nats_url, "METRICS_PORT": "0"},
    )

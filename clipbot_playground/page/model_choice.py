"""Which model answers in the playground.

It is the model that is set; without one the default model, if it is in the hub's cache on this
machine; otherwise the bundled `demo`, of which a banner on the page tells.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.model.hub.cache import find_complete
from inference.protocol.settings import DEFAULT_MODEL, DEMO_MODEL


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model. `stands_in` is true for `demo` if no model was set and none is cached."""

    name: str
    stands_in: bool = False

    @property
    def comes_from_hub(self) -> bool:
        """Whether a download may be needed: the model is neither bundled nor a folder."""
        return self.name != DEMO_MODEL and not Path(self.name).expanduser().exists()

    def to_json(self) -> dict[str, Any]:
        """Return the choice for the page."""
        return {
            "name": self.name,
            "stands_in": self.stands_in,
            "demo": self.name == DEMO_MODEL,
            "command": f"{_called()} playground --model {DEFAULT_MODEL}",
        }


def choose(wanted: str | None, environment: Mapping[str, str] = os.environ) -> ModelChoice:
    """Return the model for a playground; `wanted` is the one that is set, if any."""
    if wanted:
        return ModelChoice(wanted)
    if find_complete(DEFAULT_MODEL, environment):
        return ModelChoice(DEFAULT_MODEL)
    return ModelChoice(DEMO_MODEL, stands_in=True)


def _called() -> str:
    """Return how to call clipbot in a shell: by its name, or by its path if it is not on PATH."""
    path = Path(sys.argv[0]).absolute()
    if path.name != "clipbot" or shutil.which("clipbot"):
        return "clipbot"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

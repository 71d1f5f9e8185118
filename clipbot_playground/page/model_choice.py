"""Which model answers in the playground.

The one that is set; else the default one, if a download has left it on this machine; else the
bundled `demo`, which the page then says in a banner.
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
    """`stands_in` is true where `demo` was taken because nobody chose and nothing is cached."""

    name: str
    stands_in: bool = False

    @property
    def comes_from_hub(self) -> bool:
        """Whether a download may be needed: it is neither bundled nor a folder."""
        return self.name != DEMO_MODEL and not Path(self.name).expanduser().exists()

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "stands_in": self.stands_in,
            "demo": self.name == DEMO_MODEL,
            "command": f"{_called()} playground --model {DEFAULT_MODEL}",
        }


def choose(wanted: str | None, environment: Mapping[str, str] = os.environ) -> ModelChoice:
    """The model for a playground in which `wanted` is set, or nothing is."""
    if wanted:
        return ModelChoice(wanted)
    if find_complete(DEFAULT_MODEL, environment):
        return ModelChoice(DEFAULT_MODEL)
    return ModelChoice(DEMO_MODEL, stands_in=True)


def _called() -> str:
    """What to type for clipbot: the word alone where the shell finds it, else its path."""
    path = Path(sys.argv[0]).absolute()
    if path.name != "clipbot" or shutil.which("clipbot"):
        return "clipbot"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

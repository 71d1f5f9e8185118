"""Which model answers in the playground.

It is the model that is set; without one the default model, if it is in the hub's cache on this
machine; otherwise the bundled `demo`, of which a banner on the page tells.
"""

import os
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
        return not self.is_demo and not Path(self.name).expanduser().exists()

    @property
    def is_demo(self) -> bool:
        """Whether it is the bundled model, which does not know photographs."""
        return self.name == DEMO_MODEL

    def to_json(self) -> dict[str, Any]:
        """Return the choice for the page."""
        return {
            "name": self.name,
            "stands_in": self.stands_in,
            "demo": self.is_demo,
        }


def choose(wanted: str | None, environment: Mapping[str, str] = os.environ) -> ModelChoice:
    """Return the model for a playground; `wanted` is the one that is set, if any."""
    if wanted:
        return ModelChoice(wanted)
    if find_complete(DEFAULT_MODEL, environment):
        return ModelChoice(DEFAULT_MODEL)
    return ModelChoice(DEMO_MODEL, stands_in=True)

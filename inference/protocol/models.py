"""Which models have a short name, and what is known of each: `models.toml`.

Short names are accepted wherever a model is named, and become hub ids there: what is stored and
sent always names the hub id, so that a bot and its workers agree, whichever name each was given.
"""

import difflib
import os
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

DEMO_MODEL = "demo"

# How alike a name and a short name must be for "did you mean"; `siglip2-b8` is, `my-clip` is not.
_ALIKE = 0.75


class ModelPreset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model with a short name, and what was published about it.

    Attributes:
        pixels: the side of the square that the picture is scaled to.
        parameters: of both towers.
        languages: "English", or how many.
        multilingual: whether it reads Spanish as well as English.
        imagenet: zero-shot accuracy on ImageNet, in per cent.
        spanish: how often the right picture of Crossmodal-3600 is found first by its Spanish
            caption, in per cent; None if nobody published it.
        all_languages: the same, on average over its 36 languages.
        source: where these three were read, a key of `ModelFile.sources`.
        good_for: in a few words.
    """

    name: str
    hub_id: str
    family: str
    tower: str
    pixels: int
    parameters: int
    languages: str
    multilingual: bool
    licence: str
    imagenet: float
    all_languages: float
    source: str
    good_for: str
    spanish: float | None = None

    @property
    def megabytes(self) -> int:
        """The size of its float32 weights, in MB."""
        return round(self.parameters * 4 / 1e6)


class ModelFamily(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Models whose hub ids match a pattern, written in lower case."""

    pattern: str
    multilingual: bool


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `models.toml` holds."""

    sources: dict[str, str]
    presets: tuple[ModelPreset, ...]
    families: tuple[ModelFamily, ...]


@cache
def model_file() -> ModelFile:
    """Return what is known of models."""
    path = Path(__file__).with_suffix(".toml")
    return msgspec.toml.decode(path.read_bytes(), type=ModelFile)


def presets() -> tuple[ModelPreset, ...]:
    """Return the models with a short name, in the order in which they are shown."""
    return model_file().presets


def resolve(name: str) -> str:
    """Return the hub id that a short name means; any other name as it is.

    Raises:
        ValueError: the name is like a short name, but is none; the text says what is allowed.
    """
    hub_ids = {preset.name: preset.hub_id for preset in presets()}
    lowered = name.lower()
    if hub_id := hub_ids.get(lowered):
        return hub_id
    meant = difflib.get_close_matches(lowered, hub_ids, n=1, cutoff=_ALIKE)
    if not meant or "/" in name or os.path.exists(name):  # noqa: PTH110 - False for what is no path
        return name
    raise ValueError(
        f"{', '.join(hub_ids)}, {DEMO_MODEL}, a hub id or a folder (did you mean {meant[0]}?)"
    )


def is_multilingual(model: str) -> bool | None:
    """Return whether a model reads Spanish as well as English; None if that is not known.

    Args:
        model: a short name, a hub id, a folder or `demo`.
    """
    if model == DEMO_MODEL:
        return True
    for preset in presets():
        if model.lower() in {preset.name, preset.hub_id}:
            return preset.multilingual
    families = model_file().families
    known = (each for each in families if fnmatchcase(model.lower(), each.pattern))
    return next((family.multilingual for family in known), None)

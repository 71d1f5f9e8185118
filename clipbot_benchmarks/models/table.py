"""What is known of the models with a short name, in the forms that people and programs read."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clipbot_benchmarks.models.speed import Measured, Speed
from inference.model.hub.cache import find_complete
from inference.protocol.models import ModelPreset, model_file, presets

_UNKNOWN = "–"
_NOTES = """
ImageNet: how often the right one of its 1,000 classes wins, without training on it. Spanish and \
36 languages: how often the right one of 3,600 pictures is found first by its caption \
(Crossmodal-3600, text to image, recall@1). – where no published figure was found, or nothing was \
measured.
CLIP's probabilities add up to 100 %. SigLIP 2 scores each phrase by itself.
OpenAI's cards name no licence for CLIP's weights; MIT is that of the code.
Any other model works that transformers loads as AutoModelForZeroShotImageClassification, without \
code of its own: name its hub id or a folder. demo is in the package: English and Spanish, \
drawings only.
""".strip().splitlines()


def as_json(measured: Measured | None) -> list[dict[str, Any]]:
    """Return all that is known of each model."""
    found = []
    for preset in presets():
        speed = _speed(preset, measured)
        found.append(
            {
                "name": preset.name,
                "hub_id": preset.hub_id,
                "loads_as": _loads_as(preset),
                "pixels": preset.pixels,
                "parameters": preset.parameters,
                "megabytes": preset.megabytes,
                "licence": preset.licence,
                "languages": preset.languages,
                "multilingual": preset.multilingual,
                "imagenet": preset.imagenet,
                "spanish": preset.spanish,
                "36_languages": preset.all_languages,
                "source": model_file().sources[preset.source],
                "good_for": preset.good_for,
                "cached": find_complete(preset.hub_id) is not None,
                "milliseconds": speed.milliseconds if speed else None,
                "memory_megabytes": speed.megabytes if speed else None,
                "measured_on": speed.how if speed else None,
            }
        )
    return found


def on_terminal(measured: Measured | None) -> RenderableType:
    """Return tables that fit on 80 columns, and what to know about them."""
    figures = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("model", "good for"):
        figures.add_column(heading)
    for heading in ("download", "memory", "ms/photo", "here"):
        figures.add_column(heading, justify="right")
    for preset in presets():
        speed = _speed(preset, measured)
        figures.add_row(
            preset.name,
            preset.good_for,
            f"{preset.megabytes:,} MB",
            f"{speed.megabytes:,} MB" if speed else _UNKNOWN,
            f"{speed.milliseconds:,.0f}" if speed else _UNKNOWN,
            "yes" if find_complete(preset.hub_id) else "no",
        )
    quality = Table(box=None, padding=(0, 2, 0, 0))
    quality.add_column("model")
    for heading in ("ImageNet", "Spanish", "36 languages"):
        quality.add_column(heading, justify="right")
    quality.add_column("languages")
    quality.add_column("licence")
    for preset in presets():
        quality.add_row(
            preset.name,
            _percent(preset.imagenet),
            _percent(preset.spanish),
            _percent(preset.all_languages),
            preset.languages,
            preset.licence,
        )
    ids = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for preset in presets():
        ids.add_row(preset.name, preset.hub_id, _millions(preset), _loads_as(preset))
    notes = [*_NOTES, _where(measured)]
    notes += [f"{name}: {source}" for name, source in model_file().sources.items()]
    return Group(figures, "", quality, "", ids, "", *map(Text, notes))


def as_markdown(measured: Measured | None) -> str:
    """Return the table of docs/models.md."""
    headings = (
        "model", "good for", "parameters", "weights", "memory", "ms a photo", "ImageNet", "Spanish",
        "36 languages", "languages", "licence",
    )  # fmt: skip
    rows = [headings, ["---"] * 2 + ["--:"] * 7 + ["---"] * 2]
    for preset in presets():
        speed = _speed(preset, measured)
        rows.append(
            (
                f"`{preset.name}`<br>[{preset.hub_id}](https://huggingface.co/{preset.hub_id})",
                preset.good_for,
                _millions(preset),
                f"{preset.megabytes:,} MB",
                f"{speed.megabytes:,} MB" if speed else _UNKNOWN,
                f"{speed.milliseconds:,.0f}" if speed else _UNKNOWN,
                _percent(preset.imagenet),
                _percent(preset.spanish),
                _percent(preset.all_languages),
                preset.languages,
                preset.licence,
            )
        )
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _where(measured: Measured | None) -> str:
    if measured is None:
        return "clipbot models --measure fills in time and memory on this machine."
    return f"Time and memory: {measured.machine}."


def _speed(preset: ModelPreset, measured: Measured | None) -> Speed | None:
    return measured.speeds.get(preset.name) if measured else None


def _percent(share: float | None) -> str:
    return _UNKNOWN if share is None else f"{share:.1f} %"


def _millions(preset: ModelPreset) -> str:
    return f"{preset.parameters / 1e6:.0f} M"


def _loads_as(preset: ModelPreset) -> str:
    return "CLIPModel" if preset.family == "CLIP" else "SiglipModel"

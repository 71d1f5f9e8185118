"""The CLIP side of `clipbot doctor`: libraries, model, fonts.

`python -m inference.diagnosis` prints findings as JSON, so that the bot's process never imports
torch, and so that a library that brings its process down takes only this one.
"""

import contextlib
import importlib
import importlib.util
import io
import sys
import time
from collections.abc import Iterator

import msgspec

from inference.model.hub import cache, checkpoint_files, download
from inference.model.hub.faults import HubFault
from inference.protocol.errors import ModelUnavailable, SettingError
from inference.protocol.findings import Finding, State
from inference.protocol.settings import WorkerSettings, load

_LIBRARIES = "libraries"
_MODEL = "model"
_FONTS = "fonts"
# One family for each script that people are likely to type; see inference.charts.fonts.
_SCRIPTS = {"Noto Sans CJK": "Chinese, Japanese, Korean", "Noto Sans Arabic": "Arabic"}


def libraries() -> Finding:
    """Do torch, torchvision and transformers fit together?"""
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:
        return Finding(
            _LIBRARIES,
            State.BROKEN,
            f"torch can't be imported: {error}",
            "pip install 'clipbot[worker]'",
        )
    versions = [f"torch {torch.__version__}"]
    if importlib.util.find_spec("torchvision"):
        try:
            torchvision = importlib.import_module("torchvision")
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            return Finding(
                _LIBRARIES,
                State.BROKEN,
                f"torchvision is not built for torch {torch.__version__}: {error}",
                "pip uninstall torchvision (clipbot works without it), "
                "or install the torchvision that matches this torch",
            )
        versions.append(f"torchvision {torchvision.__version__}")
    try:
        transformers = importlib.import_module("transformers")
    except (ImportError, OSError, RuntimeError) as error:
        return Finding(
            _LIBRARIES,
            State.BROKEN,
            f"transformers can't be imported: {error}",
            "pip install 'clipbot[worker]'",
        )
    versions.append(f"transformers {transformers.__version__}")
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU, CPU only"
    return Finding(_LIBRARIES, State.FINE, ", ".join([*versions, device]))


def model(settings: WorkerSettings) -> Finding:
    """Can CLIP_MODEL be loaded, as far as that is possible without a download?"""
    name = settings.clip_model
    if not checkpoint_files.is_here(name):
        return _to_be_fetched(name)
    from inference.model.engine import Engine

    began = time.monotonic()
    try:
        engine = Engine.load(
            name,
            device=settings.clip_device,
            dtype=settings.clip_dtype,
            runtime=settings.clip_runtime,
            threads=settings.clip_threads,
        )
    except ModelUnavailable as error:
        return Finding(_MODEL, State.BROKEN, str(error), "mend CLIP_MODEL, or set it to demo")
    seconds = time.monotonic() - began
    kind = "independent scores" if engine.sigmoid_scores else "probabilities"
    how = f"{engine.device}, {engine.runtime}, {engine.dtype}"
    found = f"{name} on {how}, {kind}, loaded in {seconds:.1f} s"
    if engine.is_demo:
        return Finding(
            _MODEL,
            State.NOTE,
            found,
            "it knows drawings, not photographs; unset CLIP_MODEL for the real one",
        )
    return Finding(_MODEL, State.FINE, found)


def _to_be_fetched(name: str) -> Finding:
    """Would the hub hand it out, and how much is there to fetch?"""
    try:
        progress = download.announced(name)
    except HubFault as fault:
        sentence = f"CLIP_MODEL is {name!r}, but {fault}"
        return Finding(_MODEL, State.BROKEN, sentence, "CLIP_MODEL=demo needs no download")
    there = f"{download.megabytes(progress)} are in {cache.model_folder(name)}"
    return Finding(
        _MODEL,
        State.NOTE,
        f"{name} is not complete on this machine yet: {there}",
        "the first start fetches the rest from the model hub; CLIP_MODEL=demo needs no download",
    )


def fonts() -> Finding:
    """Are there fonts for the scripts that people type?"""
    from inference.charts import font_list

    font_list.refresh()
    families = font_list.families()
    missing = [
        script
        for family, script in _SCRIPTS.items()
        if not any(found.startswith(family) for found in families)
    ]
    if missing:
        return Finding(
            _FONTS,
            State.NOTE,
            f"charts have no letters for: {'; '.join(missing)}",
            "install Noto fonts (Debian: fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji); "
            f"charts take them in by themselves, in the list of fonts {font_list.path()}",
        )
    return Finding(_FONTS, State.FINE, f"Noto, by the list of fonts {font_list.path()}")


def examine() -> Iterator[Finding]:
    """All checks, in the order in which one needs the other."""
    found = libraries()
    yield found
    if found.state is State.BROKEN:
        return
    try:
        settings = load(WorkerSettings)
    except SettingError as error:
        yield Finding("settings", State.BROKEN, str(error), "mend it in the environment or .env")
        return
    yield model(settings)
    yield fonts()


def main() -> None:
    """Prints the findings as a JSON list and nothing else on standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        findings = list(examine())
    sys.stdout.buffer.write(msgspec.json.encode(findings))


if __name__ == "__main__":
    main()

"""Checks the CLIP side for `clipbot doctor`: libraries, model, fonts.

`python -m inference.diagnosis` prints findings as JSON. It is a process of its own, so that the
bot's process never imports torch, and so that a library that crashes ends only this process.
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
# One font family for each group of scripts that people are likely to type; see `charts.fonts`.
_SCRIPTS = {"Noto Sans CJK": "Chinese, Japanese, Korean", "Noto Sans Arabic": "Arabic"}


def check_libraries() -> Finding:
    """Check that torch, torchvision and transformers work together."""
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
                f"torchvision does not fit torch {torch.__version__}: {error}",
                "pip uninstall torchvision (clipbot works without it), "
                "or install the version that matches this torch",
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


def check_model(settings: WorkerSettings) -> Finding:
    """Check that CLIP_MODEL can be loaded; nothing is downloaded."""
    name = settings.clip_model
    if not checkpoint_files.is_local(name):
        return _check_download(name)
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
        return Finding(_MODEL, State.BROKEN, str(error), "correct CLIP_MODEL, or set it to demo")
    seconds = time.monotonic() - began
    kind = "independent scores" if engine.sigmoid_scores else "probabilities"
    how = f"{engine.device}, {engine.runtime}, {engine.dtype}"
    found = f"{name} on {how}, {kind}, loaded in {seconds:.1f} s"
    if engine.is_demo:
        return Finding(
            _MODEL,
            State.NOTE,
            found,
            "it knows drawings, not photographs; unset CLIP_MODEL to use the real one",
        )
    return Finding(_MODEL, State.FINE, found)


def _check_download(name: str) -> Finding:
    """Check that the hub has the model, and how much of it must be downloaded."""
    try:
        progress = download.local_progress(name)
    except HubFault as fault:
        sentence = f"CLIP_MODEL is {name!r}, but {fault}"
        return Finding(_MODEL, State.BROKEN, sentence, "CLIP_MODEL=demo needs no download")
    there = f"{download.megabytes(progress)} are in {cache.model_folder(name)}"
    return Finding(
        _MODEL,
        State.NOTE,
        f"{name} is not complete on this machine yet: {there}",
        "`clipbot download`, or the first start, downloads the rest; CLIP_MODEL=demo needs none",
    )


def check_fonts() -> Finding:
    """Check that there are fonts for the scripts that people are likely to type."""
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
            f"charts have no fonts for: {'; '.join(missing)}",
            "install Noto fonts (Debian: fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji); "
            f"charts then use them without a restart (font list: {font_list.path()})",
        )
    return Finding(_FONTS, State.FINE, f"Noto (font list: {font_list.path()})")


def examine() -> Iterator[Finding]:
    """Yield the findings of all checks; each check needs the ones before it."""
    found = check_libraries()
    yield found
    if found.state is State.BROKEN:
        return
    try:
        settings = load(WorkerSettings)
    except SettingError as error:
        advice = "correct it in the environment or in .env"
        yield Finding("settings", State.BROKEN, str(error), advice)
        return
    yield check_model(settings)
    yield check_fonts()


def main() -> None:
    """Print the findings as a JSON list, and nothing else, on standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        findings = list(examine())
    sys.stdout.buffer.write(msgspec.json.encode(findings))


if __name__ == "__main__":
    main()

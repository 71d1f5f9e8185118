"""Measures models: milliseconds for a photo, and memory.

Each model is measured in a process of its own, so that its memory is the model's alone.
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec

from clipbot_benchmarks.models import shapes
from inference.protocol.errors import OperatorError
from inference.protocol.models import ModelPreset, presets

_PHOTOS, _LABELS = 16, 5
# Writing, exporting and loading the largest takes about five minutes on two cores.
_LONGEST = 1_800.0  # seconds


class Speed(msgspec.Struct, frozen=True):
    """How fast a model is on one machine.

    Attributes:
        milliseconds: for one photo of 800 x 600 pixels with five labels whose features are cached,
            decoded but not yet scaled; the median.
        megabytes: the most memory that the process had while it loaded and answered.
        how: device, runtime and dtype.
    """

    milliseconds: float
    megabytes: int
    how: str


class Measured(msgspec.Struct, frozen=True):
    """The speeds on one machine, by the models' short names.

    Attributes:
        machine: in words.
    """

    machine: str
    speeds: dict[str, Speed]


def measured_file() -> Path:
    """Return where the speeds on this machine are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "clipbot" / "models.json"


def read(file: Path) -> Measured | None:
    """Return the speeds in a file; None if it is not there or can't be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Measured)
    except (OSError, msgspec.DecodeError):
        return None


def measure_all(file: Path, say: Callable[[str], None]) -> Measured:
    """Measure all models one after the other, and keep what was measured after each.

    Raises:
        OperatorError: the libraries are missing, or the file can't be written.
    """
    try:
        found = Measured(_here(), {})
    except ImportError as error:
        raise OperatorError(
            f"Measuring needs {error.name}: pip install 'clipbot[worker]'."
        ) from error
    for preset in presets():
        say(f"{preset.name}: {preset.megabytes:,} MB of random weights …")
        speed = _in_a_process(preset, say)
        if speed is None:
            continue
        say(f"{preset.name}: {speed.milliseconds:.0f} ms a photo, {speed.megabytes:,} MB")
        found = Measured(found.machine, {**found.speeds, preset.name: speed})
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        except OSError as error:
            raise OperatorError(f"{file} can't be written: {error.strerror}.") from error
    return found


def _here() -> str:
    from clipbot_benchmarks.model_side import machine  # not at the top: the table needs no torch

    found = machine.describe()
    instructions = ", ".join(found.instructions) or "unknown instructions"
    gpu = f", {found.gpu}" if found.gpu else ""
    return f"{found.cpu}, {found.cores} cores ({instructions}){gpu}"


def _in_a_process(preset: ModelPreset, say: Callable[[str], None]) -> Speed | None:
    """Return the speed of a model; None if it can't be measured here."""
    with tempfile.TemporaryDirectory(prefix="clipbot-models-") as folder:
        # The export for OpenVINO goes to the hub's cache: not to that of this person.
        environment = {**os.environ, "HF_HOME": folder, "HF_HUB_OFFLINE": "1"}
        try:
            for step in ("write", "measure"):
                done = subprocess.run(  # noqa: S603 - this module
                    [sys.executable, "-P", "-m", __spec__.name, step, preset.name, folder],
                    env=environment,
                    capture_output=True,
                    timeout=_LONGEST,
                    check=True,
                )
            return msgspec.json.decode(done.stdout, type=Speed)
        except subprocess.TimeoutExpired:
            reason = f"it takes over {_LONGEST / 60:.0f} minutes"
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode(errors="replace").strip().splitlines()
            reason = last[-1] if last else "perhaps there is too little memory"
    say(f"{preset.name}: not measured, {reason}")
    return None


def measure(checkpoint: Path, runtime: str = "auto") -> Speed:
    """Measure a checkpoint in this process."""
    import resource  # not on Windows

    from clipbot_benchmarks.model_side import pictures
    from inference.images.decoding import decode
    from inference.model.classifier import LabelSet
    from inference.model.engine import Engine

    engine = Engine.load(str(checkpoint), runtime=runtime)
    photos = [decode(pictures.photo(seed)) for seed in range(_PHOTOS)]
    asked = [LabelSet(pictures.LABELS[:_LABELS])]
    times = []
    for photo in [photos[0], *photos]:  # the first one encodes the labels, and is not counted
        began = time.perf_counter()
        engine.classify([photo], asked)
        times.append(time.perf_counter() - began)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in kB, on macOS in bytes
    megabytes = most * (1 if sys.platform == "darwin" else 1_024) / 1e6
    how = f"{engine.device}, {engine.runtime}, {engine.dtype}"
    return Speed(round(median(times[1:]) * 1e3, 1), round(megabytes), how)


def main() -> None:
    """Write the random weights of a model, or measure them and print a `Speed` as JSON."""
    step, name, folder = sys.argv[1:]
    checkpoint = Path(folder) / "checkpoint"
    with contextlib.redirect_stdout(io.StringIO()):
        if step == "write":
            shapes.write(next(one for one in presets() if one.name == name), checkpoint)
            return
        found = measure(checkpoint)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()

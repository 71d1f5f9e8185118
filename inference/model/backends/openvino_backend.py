"""Exported towers, compiled by OpenVINO for this machine's processor.

OpenVINO is faster than torch on CPUs: it packs weights in the order in which the processor reads
them, joins operations, and uses bfloat16 instructions if there are any. It needs no compiler on
the machine. docs/benchmarks.md compares its speed and memory with the other ways that were tried.
"""

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from inference.model.encoder.preprocessing import Inputs
from inference.model.encoder.scoring import FloatArray
from inference.model.precision import bfloat16

_PRECISION: Final = {"float32": "f32", "bfloat16": "bf16"}


def openvino() -> Any:
    """Import the library without its telemetry, and return it.

    By default it reports its import and each conversion to its makers, through the package
    `openvino_telemetry`. None in `sys.modules` makes Python treat that package as missing, and
    OpenVINO then reports nothing.

    Raises:
        ImportError: it is not installed; it is an extra, `clipbot[fast]`.
    """
    modules: dict[str, Any] = sys.modules
    modules.setdefault("openvino_telemetry", None)
    return importlib.import_module("openvino")


@cache
def core() -> Any:
    """Return this process's only `openvino.Core`.

    Each `Core` installs a stack for signal handlers in the calling thread and removes it at its
    end. With two of them, the second can put back a stack that the first has removed. The next
    signal, such as SIGTERM, then causes a segmentation fault.

    Source: https://github.com/openvinotoolkit/openvino/pull/11894
    """
    return openvino().Core()


def is_installed() -> bool:
    """Return whether OpenVINO is installed, without importing it."""
    return importlib.util.find_spec("openvino") is not None


def native_dtypes() -> list[str]:
    """Return the dtypes that this processor computes in natively, the fastest first."""

    def detect() -> bool:
        return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    return ["bfloat16", "float32"] if bfloat16.is_native(detect) else ["float32"]


def processor() -> str:
    """Return the processor's maker and model."""
    return str(core().get_property("CPU", "FULL_DEVICE_NAME"))


class CompiledTower:
    """A tower as a function of arrays. One thread at a time."""

    def __init__(self, file: Path, dtype: str, threads: int) -> None:
        """Compile a tower for this processor.

        Args:
            file: `.xml`, with its weights beside it in a `.bin` of the same name.
            dtype: what is computed in: `float32` or `bfloat16`.
            threads: at most this many.

        Raises:
            RuntimeError: the files are missing or damaged, or don't fit into memory.
        """
        settings = {
            "INFERENCE_PRECISION_HINT": _PRECISION[dtype],
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",  # all threads work on one batch
            # With pinning, two workers would use the same cores and leave the others idle.
            "ENABLE_CPU_PINNING": False,
        }
        self._model = core().compile_model(str(file), "CPU", settings)
        self._names = [each.get_any_name() for each in self._model.inputs]

    def __call__(self, inputs: Inputs) -> FloatArray:
        """Return features, float32 [batch, dimensions], not normalised."""
        arrays = [inputs[name] for name in self._names]
        # The next call would overwrite shared outputs.
        features: FloatArray = self._model(arrays, share_outputs=False)[0]
        return features


class CompiledTowers:
    """Both towers of a model; an `EncoderRuntime`."""

    def __init__(self, images: CompiledTower, texts: CompiledTower) -> None:
        self.encode_images = images
        self.encode_texts = texts

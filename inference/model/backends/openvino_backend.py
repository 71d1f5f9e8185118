"""Exported towers compiled by OpenVINO for the processor at hand, where torch leaves time unused.

OpenVINO packs weights in the order in which the processor reads them, joins operations, and uses
bfloat16 instructions where there are any. It needs no compiler on the machine. What it gains and
costs beside the other ways that were tried: docs/benchmarks.md.
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
    """The library, imported so that it tells nobody of its use.

    By default it reports its import and each translation to its makers. Without the package that
    does so, and None among the loaded modules means that there is none, it goes on silently.

    Raises:
        ImportError: it is not installed; it is an extra, `clipbot[fast]`.
    """
    modules: dict[str, Any] = sys.modules
    modules.setdefault("openvino_telemetry", None)
    return importlib.import_module("openvino")


@cache
def core() -> Any:
    """The one through which this process sees its processor.

    Each one gives the calling thread a stack for signal handlers, and takes it away at its end. Of
    two the later may put back what the earlier had taken away: then the next signal, be it SIGTERM,
    is a segmentation fault. https://github.com/openvinotoolkit/openvino/pull/11894
    """
    return openvino().Core()


def is_installed() -> bool:
    """Whether OpenVINO is there, without importing it."""
    return importlib.util.find_spec("openvino") is not None


def native_dtypes() -> list[str]:
    """Those that this processor computes in natively, the fastest first."""

    def asked() -> bool:
        return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    return ["bfloat16", "float32"] if bfloat16.is_native(asked) else ["float32"]


def processor() -> str:
    """Its maker and model."""
    return str(core().get_property("CPU", "FULL_DEVICE_NAME"))


class CompiledTower:
    """A tower as a function of arrays. For one thread at a time."""

    def __init__(self, file: Path, dtype: str, threads: int) -> None:
        """Compiles it for this processor.

        Args:
            file: `.xml`, with its weights beside it in a `.bin` of the same name.
            dtype: float32 or bfloat16, of what is computed inside.
            threads: at most so many.

        Raises:
            RuntimeError: the files are missing or damaged, or don't fit into memory.
        """
        settings = {
            "INFERENCE_PRECISION_HINT": _PRECISION[dtype],
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",  # all threads on one batch
            # Pinned, two workers would share the same cores and leave the others idle.
            "ENABLE_CPU_PINNING": False,
        }
        self._model = core().compile_model(str(file), "CPU", settings)
        self._names = [each.get_any_name() for each in self._model.inputs]

    def __call__(self, inputs: Inputs) -> FloatArray:
        """Features, float32 [batch, dimensions], not normalised."""
        arrays = [inputs[name] for name in self._names]
        # Shared outputs would be overwritten by the next call.
        features: FloatArray = self._model(arrays, share_outputs=False)[0]
        return features


class CompiledTowers:
    """Both of a model: see `inference.model.encoder.dual_encoder.Runtime`."""

    def __init__(self, images: CompiledTower, texts: CompiledTower) -> None:
        self.images = images
        self.texts = texts

"""Towers compiled by OpenVINO for the processor at hand, where torch leaves time unused.

OpenVINO packs weights in the order in which the processor reads them, joins operations, and uses
bfloat16 instructions where there are any. It needs no compiler on the machine. What it gains and
costs beside the other ways that were tried: docs/benchmarks.md.
"""

import importlib.util
import sys
import warnings
from functools import cache
from typing import Any

import torch

from inference.preprocessing import Inputs

_PRECISION = {torch.float32: "f32", torch.bfloat16: "bf16"}


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


def native_dtypes() -> list[torch.dtype]:
    """Those that this processor computes in natively, the fastest first."""
    able = core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return [torch.bfloat16, torch.float32] if "BF16" in able else [torch.float32]


class _Feature(torch.nn.Module):
    """A tower as one function of tensors in a fixed order, as tracing wants it."""

    def __init__(self, model: torch.nn.Module, method: str, names: list[str]) -> None:
        super().__init__()
        self.model, self.method, self.names = model, method, names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        output = getattr(self.model, self.method)(**dict(zip(self.names, tensors, strict=True)))
        feature: torch.Tensor = getattr(output, "pooler_output", output)
        return feature


class Translation:
    """A tower in OpenVINO's language, not yet compiled. Shares its weights with torch's tower."""

    def __init__(self, model: torch.nn.Module, method: str, example: Inputs) -> None:
        """Follows the tower through one call.

        Args:
            model: has the weights, float32.
            method: of the model: `get_image_features` or `get_text_features`.
            example: its arguments; the first axis is the batch. All axes may differ later.

        Raises:
            Exception: whatever the tracer or OpenVINO says of a tower that they can't follow.
        """
        self._names = list(example)
        tensors = tuple(example.values())
        with warnings.catch_warnings():
            # torch says that tracing is on its way out, and transformers that shapes are taken as
            # constants; what comes out is compared with the tower itself before it is used.
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                _Feature(model, method, self._names), tensors, check_trace=False, strict=False
            )
            self._model = openvino().convert_model(traced, example_input=tensors)

    def compiled(self, dtype: torch.dtype, threads: int) -> "CompiledTower":
        """For this processor.

        Args:
            dtype: float32 or bfloat16, of what is computed inside.
            threads: at most so many.
        """
        settings = {
            "INFERENCE_PRECISION_HINT": _PRECISION[dtype],
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",  # all threads on one batch
            # Pinned, two workers would share the same cores and leave the others idle.
            "ENABLE_CPU_PINNING": False,
        }
        return CompiledTower(core().compile_model(self._model, "CPU", settings), self._names)


class CompiledTower:
    """A tower that can be called like torch's. For one thread at a time."""

    def __init__(self, model: Any, names: list[str]) -> None:
        self._model, self._names = model, names

    def __call__(self, **inputs: torch.Tensor) -> torch.Tensor:
        """Features, float32 [batch, dimensions], not normalised."""
        arrays = [inputs[name].numpy() for name in self._names]
        # Shared outputs would be overwritten by the next call.
        features: torch.Tensor = torch.from_numpy(self._model(arrays, share_outputs=False)[0])
        return features

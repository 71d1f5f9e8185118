"""The image tower alone, in every runtime that is installed: the limit of each.

Optional packages: openvino; onnx with onnxscript and onnxruntime; a C++ compiler for torch.compile.
What is missing is skipped with its reason.
"""

import contextlib
import copy
import importlib
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from clipbot_benchmarks.model_side.interleaving import Contestant
from clipbot_benchmarks.model_side.pictures import BATCHES
from clipbot_benchmarks.model_side.reference import Reference
from clipbot_benchmarks.report.figures import Fidelity, Run, Skipped
from clipbot_benchmarks.report.names import TORCH_FLOAT32
from inference.model.backends import openvino_backend
from inference.model.backends.checkpoint import has_native_bfloat16

# pixels float32 [images, 3, side, side] → features [images, dimensions]
Forward = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Tower:
    """A runtime with its dtype, ready to run."""

    name: str
    forward: Forward


class Missing(Exception):
    """Why a runtime is not measured, as one clause."""


@dataclass
class Towers:
    """All that could be built.

    Attributes:
        towers: torch float32 is the first.
    """

    towers: list[Tower]
    skipped: list[Skipped]

    @torch.inference_mode()
    def fidelity(self, pixels: torch.Tensor) -> list[Fidelity]:
        """Least cosine of each tower's features with torch float32's."""
        true = self.towers[0].forward(pixels)
        return [
            Fidelity(
                tower.name,
                functional.cosine_similarity(tower.forward(pixels).float(), true).min().item(),
            )
            for tower in self.towers
        ]


def build(reference: Reference, pixels: torch.Tensor, folder: Path, *, quick: bool) -> Towers:
    """Builds every runtime's tower.

    Args:
        pixels: float32 [at least 2, 3, side, side], what the towers are traced with.
        folder: for exported models.
        quick: leaves out what takes a minute to build.
    """
    exported = _Exported(reference, pixels[:2], folder)
    no_bfloat16 = "" if has_native_bfloat16() else "this processor has no bfloat16 instructions"
    no_compiling = "left out of a quick run" if quick else ""
    builders: list[tuple[str, str, Callable[[], Forward]]] = [
        (TORCH_FLOAT32, "", lambda: _tower(reference)),
        ("torch bfloat16", no_bfloat16, lambda: _bfloat16(reference)),
        ("torch.compile float32", no_compiling, lambda: _compiled(reference, pixels)),
        ("OpenVINO float32", "", lambda: exported.openvino("f32")),
        ("OpenVINO bfloat16", no_bfloat16, lambda: exported.openvino("bf16")),
        ("ONNX Runtime float32", "", exported.onnx_float32),
        ("ONNX Runtime int8", "", exported.onnx_int8),
    ]
    towers, skipped = [], []
    for name, why_not, builder in builders:
        if why_not:
            skipped.append(Skipped(name, why_not))
            continue
        try:
            with _quiet():
                forward = builder()
                forward(pixels[:1])
            towers.append(Tower(name, torch.inference_mode()(forward)))
        except Missing as missing:
            skipped.append(Skipped(name, str(missing)))
        except Exception as error:
            # A runtime that fails is a finding, and no reason to lose the others' figures.
            skipped.append(Skipped.failed(name, error))
    return Towers(towers, skipped)


def contestants(towers: Sequence[Tower], pixels: torch.Tensor, few: int) -> list[Contestant]:
    """Each tower at each batch size; `few` photos for those below 16."""

    def entry(tower: Tower, batch: int) -> Contestant:
        count = len(pixels) if batch == max(BATCHES) else max(few, batch)

        def work(_: int) -> None:
            for start in range(0, count, batch):
                tower.forward(pixels[start : min(start + batch, count)])

        return Contestant(Run("tower", tower.name, batch), count, work)

    return [entry(tower, batch) for tower in towers for batch in BATCHES]


class _Features(torch.nn.Module):
    """The image tower as a module of its own: pixels in, features out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        output = self.model.get_image_features(pixel_values=pixel_values)
        features: torch.Tensor = getattr(output, "pooler_output", output)
        return features


def _tower(reference: Reference) -> Forward:
    module = _Features(reference.model).eval()

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = module(pixels)
        return features

    return forward


def _bfloat16(reference: Reference) -> Forward:
    module = _Features(copy.deepcopy(reference.model).to(torch.bfloat16)).eval()

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = module(pixels.to(torch.bfloat16))
        return features

    return forward


def _compiled(reference: Reference, pixels: torch.Tensor) -> Forward:
    if not (shutil.which("g++") or shutil.which("clang++")):
        raise Missing("no C++ compiler is installed")
    forward: Forward = torch.compile(_Features(reference.model).eval(), dynamic=True)
    with torch.inference_mode():
        for batch in BATCHES:  # each size may be compiled anew
            forward(pixels[:batch])
    return forward


class _Exported:
    """The tower outside of torch, converted once for all that share a format."""

    def __init__(self, reference: Reference, example: torch.Tensor, folder: Path) -> None:
        self._module = _Features(reference.model).eval()
        self._example = example
        self._folder = folder
        self._shape = [-1, *example.shape[1:]]

    def openvino(self, precision: str) -> Forward:
        try:
            ov = openvino_backend.openvino()
        except ImportError as error:
            raise Missing("openvino is not installed") from error
        with torch.no_grad():
            model = ov.convert_model(self._module, example_input=self._example)
        model.reshape(self._shape)
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,  # unset, it is bfloat16 where that is native
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,  # as our engine has it
        }
        tower = openvino_backend.core().compile_model(model, "CPU", settings)
        return lambda pixels: torch.from_numpy(tower([pixels.numpy()])[0])

    def onnx_float32(self) -> Forward:
        return self._onnx_session(self._onnx_file())

    def onnx_int8(self) -> Forward:
        source = self._onnx_file()
        quantization = _package("onnxruntime.quantization")
        target = self._folder / "tower-int8.onnx"
        quantization.quantize_dynamic(
            source,
            target,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm"],
        )
        return self._onnx_session(target)

    def _onnx_file(self) -> Path:
        for name in ("onnxruntime", "onnx", "onnxscript"):
            _package(name)
        file = self._folder / "tower.onnx"
        if not file.exists():
            batch = torch.export.Dim("batch", min=1, max=256)
            torch.onnx.export(
                self._module,
                (self._example,),
                file,
                dynamic_shapes={"pixel_values": {0: batch}},
                dynamo=True,
                verbose=False,
            )
        return file

    def _onnx_session(self, file: Path) -> Forward:
        ort = _package("onnxruntime")
        options = ort.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        # else its threads look for more work for a while, in the next contestant's time
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors
        session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda pixels: torch.from_numpy(session.run(None, {name: pixels.numpy()})[0])


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Missing(f"{(error.name or name).split('.')[0]} is not installed") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Converters warn about what their users can't change."""
    was = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(was)

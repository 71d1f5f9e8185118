"""The image tower alone in every runtime that is installed: the limit of each runtime.

The packages openvino, onnx with onnxscript, and onnxruntime are optional. So is the C++ compiler
that torch.compile needs. What is missing is listed as not measured, with the reason.
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

from clipbot_benchmarks.model_side.interleaving import BenchmarkCase
from clipbot_benchmarks.model_side.pictures import BATCHES
from clipbot_benchmarks.model_side.reference import TransformersReference
from clipbot_benchmarks.report.figures import TORCH_FLOAT32, Fidelity, Measurement, NotMeasured
from inference.model.backends import openvino_backend
from inference.model.backends.checkpoint import has_native_bfloat16

# pixels float32 [images, 3, side, side] → features [images, dimensions]
Forward = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class ImageTower:
    """A runtime with its dtype, ready to run."""

    name: str
    forward: Forward


class RuntimeMissing(Exception):
    """Why a runtime is not measured, as one clause."""


@dataclass
class BuiltTowers:
    """The towers that could be built.

    Attributes:
        towers: torch float32 comes first.
    """

    towers: list[ImageTower]
    not_measured: list[NotMeasured]

    @torch.inference_mode()
    def fidelity(self, pixels: torch.Tensor) -> list[Fidelity]:
        """Return the lowest cosine of each tower's features with those of torch float32."""
        expected = self.towers[0].forward(pixels)
        return [
            Fidelity(
                tower.name,
                functional.cosine_similarity(tower.forward(pixels).float(), expected).min().item(),
            )
            for tower in self.towers
        ]


def build(
    reference: TransformersReference, pixels: torch.Tensor, folder: Path, *, quick: bool
) -> BuiltTowers:
    """Build the tower of every runtime.

    Args:
        pixels: float32 [2 or more, 3, side, side]; the towers are traced with these.
        folder: for exported models.
        quick: whether to leave out what takes a minute to build.
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
    towers, not_measured = [], []
    for name, reason, builder in builders:
        if reason:
            not_measured.append(NotMeasured(name, reason))
            continue
        try:
            with _quiet():
                forward = builder()
                forward(pixels[:1])
            towers.append(ImageTower(name, torch.inference_mode()(forward)))
        except RuntimeMissing as missing:
            not_measured.append(NotMeasured(name, str(missing)))
        except Exception as error:
            # A runtime that fails is a result too; the figures of the others must not be lost.
            not_measured.append(NotMeasured.failed(name, error))
    return BuiltTowers(towers, not_measured)


def tower_cases(
    towers: Sequence[ImageTower], pixels: torch.Tensor, few: int
) -> list[BenchmarkCase]:
    """Return each tower at each batch size; `few` photos for batches below 16."""

    def case(tower: ImageTower, batch: int) -> BenchmarkCase:
        count = len(pixels) if batch == max(BATCHES) else max(few, batch)

        def work(_: int) -> None:
            for start in range(0, count, batch):
                tower.forward(pixels[start : min(start + batch, count)])

        return BenchmarkCase(Measurement("tower", tower.name, batch), count, work)

    return [case(tower, batch) for tower in towers for batch in BATCHES]


class _Features(torch.nn.Module):
    """The image tower as a module of its own: pixels in, features out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        output = self.model.get_image_features(pixel_values=pixel_values)
        features: torch.Tensor = getattr(output, "pooler_output", output)
        return features


def _tower(reference: TransformersReference) -> Forward:
    module = _Features(reference.model).eval()

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = module(pixels)
        return features

    return forward


def _bfloat16(reference: TransformersReference) -> Forward:
    module = _Features(copy.deepcopy(reference.model).to(torch.bfloat16)).eval()

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = module(pixels.to(torch.bfloat16))
        return features

    return forward


def _compiled(reference: TransformersReference, pixels: torch.Tensor) -> Forward:
    if not (shutil.which("g++") or shutil.which("clang++")):
        raise RuntimeMissing("no C++ compiler is installed")
    forward: Forward = torch.compile(_Features(reference.model).eval(), dynamic=True)
    with torch.inference_mode():
        for batch in BATCHES:  # each size may need its own compilation
            forward(pixels[:batch])
    return forward


class _Exported:
    """The tower in formats other than torch's, each exported once."""

    def __init__(
        self, reference: TransformersReference, example: torch.Tensor, folder: Path
    ) -> None:
        self._module = _Features(reference.model).eval()
        self._example = example
        self._folder = folder
        self._shape = [-1, *example.shape[1:]]

    def openvino(self, precision: str) -> Forward:
        try:
            ov = openvino_backend.openvino()
        except ImportError as error:
            raise RuntimeMissing("openvino is not installed") from error
        with torch.no_grad():
            model = ov.convert_model(self._module, example_input=self._example)
        model.reshape(self._shape)
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,  # default: bfloat16 if native
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,  # as in clipbot's engine
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
        # Otherwise its threads keep spinning during the next case.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors
        session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda pixels: torch.from_numpy(session.run(None, {name: pixels.numpy()})[0])


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RuntimeMissing(f"{(error.name or name).split('.')[0]} is not installed") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide the warnings of converters, which their users can't fix."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)

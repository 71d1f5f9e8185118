"""Images per second on an NVIDIA GPU: ViT-B/32 and ViT-L/14 in float16, random weights.

Each time ends when the GPU has finished. The cases of one shape are interleaved.
"""

import gc
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import torch

from clipbot_benchmarks.model_side.baselines import pipeline_case
from clipbot_benchmarks.model_side.checkpoints import Shape, random_clip
from clipbot_benchmarks.model_side.interleaving import BenchmarkCase, InterleavedRounds
from clipbot_benchmarks.model_side.pictures import LABELS, open_all
from clipbot_benchmarks.model_side.reference import TransformersReference
from clipbot_benchmarks.report.figures import GpuPart, GpuRun, Measurement, Spread
from inference import cores
from inference.images.decoding import decode
from inference.model.classifier import LabelSet
from inference.model.encoder.preprocessing import Inputs
from inference.model.engine import Engine

SHAPES: tuple[Shape, ...] = ("ViT-B/32", "ViT-L/14")
BATCHES = (1, 16, 64)


def measure(
    files: Sequence[bytes], folder: Path, rounds: int
) -> tuple[list[GpuRun], list[GpuPart]]:
    """Measure both shapes, one after the other.

    Args:
        folder: for their checkpoints, each of which is deleted after its measurement.
    """
    runs: list[GpuRun] = []
    parts: list[GpuPart] = []
    for shape in SHAPES:
        checkpoint = random_clip(folder / "gpu", shape)
        try:
            found = _Shape(shape, checkpoint, files).measure(rounds)
        finally:
            shutil.rmtree(checkpoint)
        runs += found[0]
        parts += found[1]
        gc.collect()
        torch.cuda.empty_cache()
    return runs, parts


class _Shape:
    """One checkpoint on the GPU, in clipbot's engine and in transformers' pipeline."""

    def __init__(self, shape: Shape, checkpoint: Path, files: Sequence[bytes]) -> None:
        self._shape = shape
        self._files = files
        self._engine = Engine.load(str(checkpoint), device="cuda", dtype="float16")
        assert self._engine.torch_model is not None  # on a GPU only torch runs models
        self._model = self._engine.torch_model
        self._reference = TransformersReference(str(checkpoint), "cuda", torch.float16)
        self._readers = ThreadPoolExecutor(min(8, cores.available()), "read")  # as in the worker

    def measure(self, rounds: int) -> tuple[list[GpuRun], list[GpuPart]]:
        cases = []
        for batch in BATCHES:
            cases += [
                self._case("part", part, batch, work) for part, work in self._stages(batch).items()
            ]
            cases += [
                self._case("engine", "raw", batch, self._raw(batch)),
                self._case("engine", "engine", batch, self._images(batch)),
                self._case("engine", "jpeg", batch, self._jpeg(batch)),
            ]
        # Their results are in the CPU's memory, so there is no need to wait for the GPU.
        cases += [pipeline_case(self._reference, self._files, batch) for batch in (1, 16)]
        interleaved = InterleavedRounds(cases)
        with torch.inference_mode():
            interleaved.warm_up()  # cuDNN and cuBLAS choose their kernels here
            for _ in range(rounds):
                interleaved.round()
        runs, parts = [], []
        for measurement in interleaved.results():
            assert measurement.seconds
            if measurement.kind == "part":
                parts.append(
                    GpuPart(self._shape, measurement.batch, measurement.name, measurement.seconds)
                )
            else:
                rates = _rates(measurement.seconds)
                runs.append(GpuRun(self._shape, measurement.name, measurement.batch, rates))  # type: ignore[arg-type]
        return runs, parts

    def _case(
        self, kind: Literal["engine", "part"], name: str, batch: int, work: Callable[[], object]
    ) -> BenchmarkCase:
        """Return a case of `max(BATCHES)` photos in batches of this size."""
        photos = max(BATCHES)

        def run(_: int) -> None:
            for _ in range(photos // batch):
                work()
            torch.cuda.synchronize()

        return BenchmarkCase(Measurement(kind, name, batch), photos, run)

    def _batch(self, batch: int) -> list[bytes]:
        return [self._files[place % len(self._files)] for place in range(batch)]

    def _stages(self, batch: int) -> dict[str, Callable[[], object]]:
        """Return decoding, preprocessing with the copy to the GPU, and the forward pass."""
        encoder, size = self._engine.encoder, self._engine.image_size
        files = self._batch(batch)
        images = open_all(files, size)
        return {
            "decode, one thread": lambda: open_all(files, size),
            "preprocess and copy to the GPU": lambda: self._model.tensors(
                encoder.preprocess(images)
            ),
            "image tower": self._raw(batch),
        }

    def _raw(self, batch: int) -> Callable[[], object]:
        images = open_all(self._batch(batch), self._engine.image_size)
        tensors = self._model.tensors(self._engine.encoder.preprocess(images))
        # The pixels are already on the GPU, so that only the forward pass is timed.
        return lambda: self._model.checkpoint.model.get_image_features(**tensors)

    def _images(self, batch: int) -> Callable[[], object]:
        images = open_all(self._batch(batch), self._engine.image_size)
        label_sets = [LabelSet(LABELS)] * batch
        return lambda: self._engine.classify(images, label_sets)

    def _jpeg(self, batch: int) -> Callable[[], object]:
        files, size = self._batch(batch), self._engine.image_size
        label_sets = [LabelSet(LABELS)] * batch

        def read(data: bytes) -> Inputs:
            return self._engine.prepare(decode(data, target_side=size))

        return lambda: self._engine.classify(list(self._readers.map(read, files)), label_sets)


def _rates(seconds: Spread) -> Spread:
    """Return photos per second for seconds per photo."""
    return Spread(1 / seconds.median, 1 / seconds.high, 1 / seconds.low, seconds.runs)

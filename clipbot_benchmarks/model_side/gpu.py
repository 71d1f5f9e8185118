"""Images per second on an NVIDIA GPU: ViT-B/32 and ViT-L/14 in float16, random weights.

Everything is timed until the GPU has finished. Runs of one shape take turns.
"""

import gc
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import torch

from clipbot_benchmarks.model_side.baselines import piped
from clipbot_benchmarks.model_side.checkpoints import Shape, random_clip
from clipbot_benchmarks.model_side.interleaving import Contestant, Turns
from clipbot_benchmarks.model_side.pictures import LABELS, open_all
from clipbot_benchmarks.model_side.reference import Reference
from clipbot_benchmarks.report.figures import GpuPart, GpuRun, Run, Spread
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
    """Both shapes, one after the other, each checkpoint in `folder` for as long as it is needed."""
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
    """One checkpoint on the GPU: ours and transformers'."""

    def __init__(self, shape: Shape, checkpoint: Path, files: Sequence[bytes]) -> None:
        self._shape = shape
        self._files = files
        self._engine = Engine.load(str(checkpoint), device="cuda", dtype="float16")
        assert self._engine.torch_model is not None  # nothing but torch runs it there
        self._model = self._engine.torch_model
        self._reference = Reference(str(checkpoint), "cuda", torch.float16)
        self._readers = ThreadPoolExecutor(min(8, cores.available()), "read")  # as the worker's

    def measure(self, rounds: int) -> tuple[list[GpuRun], list[GpuPart]]:
        contestants = []
        for batch in BATCHES:
            contestants += [
                self._contestant("part", part, batch, work)
                for part, work in self._stages(batch).items()
            ]
            contestants += [
                self._contestant("engine", "raw", batch, self._raw(batch)),
                self._contestant("engine", "engine", batch, self._images(batch)),
                self._contestant("engine", "jpeg", batch, self._jpeg(batch)),
            ]
        # what they return lies in the CPU's memory: nothing to wait for
        contestants += [piped(self._reference, self._files, batch) for batch in (1, 16)]
        turns = Turns(contestants)
        with torch.inference_mode():
            turns.warm_up()  # in which kernels are chosen
            for _ in range(rounds):
                turns.round()
        runs, parts = [], []
        for run in turns.results():
            assert run.seconds
            if run.kind == "part":
                parts.append(GpuPart(self._shape, run.batch, run.name, run.seconds))
            else:
                rates = _rates(run.seconds)
                runs.append(GpuRun(self._shape, run.name, run.batch, rates))  # type: ignore[arg-type]
        return runs, parts

    def _contestant(
        self, kind: Literal["engine", "part"], name: str, batch: int, work: Callable[[], object]
    ) -> Contestant:
        """Everybody deals with as many photos in a turn; it ends when the GPU has finished."""
        photos = max(BATCHES)

        def turn(_: int) -> None:
            for _ in range(photos // batch):
                work()
            torch.cuda.synchronize()

        return Contestant(Run(kind, name, batch), photos, turn)

    def _batch(self, batch: int) -> list[bytes]:
        return [self._files[place % len(self._files)] for place in range(batch)]

    def _stages(self, batch: int) -> dict[str, Callable[[], object]]:
        """Decoding, preprocessing with the copy, and the forward pass, each by itself."""
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
        # not as arrays, which would be copied to the GPU first
        return lambda: self._model.checkpoint.model.get_image_features(**tensors)

    def _images(self, batch: int) -> Callable[[], object]:
        images = open_all(self._batch(batch), self._engine.image_size)
        asked = [LabelSet(LABELS)] * batch
        return lambda: self._engine.classify(images, asked)

    def _jpeg(self, batch: int) -> Callable[[], object]:
        files, size = self._batch(batch), self._engine.image_size
        asked = [LabelSet(LABELS)] * batch

        def read(data: bytes) -> Inputs:
            return self._engine.prepare(decode(data, target_side=size))

        return lambda: self._engine.classify(list(self._readers.map(read, files)), asked)


def _rates(seconds: Spread) -> Spread:
    """Photos per second."""
    return Spread(1 / seconds.median, 1 / seconds.high, 1 / seconds.low, seconds.runs)

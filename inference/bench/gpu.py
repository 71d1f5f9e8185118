"""Images per second on an NVIDIA GPU: ViT-B/32 and ViT-L/14 in float16, random weights.

Everything is timed until the GPU has finished. Runs of one shape take turns.
"""

import gc
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from inference import cores
from inference.bench.checkpoints import Shape, random_clip
from inference.bench.figures import GpuPart, GpuRun, Run, Spread
from inference.bench.pictures import LABELS, open_all
from inference.bench.reference import Reference
from inference.bench.rivals import piped
from inference.engine import Engine, LabelSet
from inference.images import decode
from inference.preprocessing import Inputs

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
        self._reference = Reference(str(checkpoint), "cuda", torch.float16)
        self._readers = ThreadPoolExecutor(min(8, cores.available()), "read")  # as the worker's

    def measure(self, rounds: int) -> tuple[list[GpuRun], list[GpuPart]]:
        works: dict[GpuRun | GpuPart, tuple[int, Callable[[], object]]] = {}
        nothing = Spread(0, 0, 0, 0)
        for batch in BATCHES:
            for part, work in self._stages(batch).items():
                works[GpuPart(self._shape, batch, part, nothing)] = batch, work
            works[GpuRun(self._shape, "raw", batch, nothing)] = batch, self._raw(batch)
            works[GpuRun(self._shape, "engine", batch, nothing)] = batch, self._images(batch)
            works[GpuRun(self._shape, "jpeg", batch, nothing)] = batch, self._jpeg(batch)
        for contestant in (piped(self._reference, self._files, batch) for batch in (1, 16)):
            about: Run = contestant.about
            rival = GpuRun(self._shape, "pipeline", about.batch, nothing)
            works[rival] = contestant.photos, lambda work=contestant.work: work(0)  # type: ignore[misc]
        seconds = _take_turns(works, rounds)
        runs, parts = [], []
        for about_it, samples in seconds.items():
            if isinstance(about_it, GpuRun):
                rates = Spread.of([1 / sample for sample in samples])
                runs.append(GpuRun(self._shape, about_it.what, about_it.batch, rates))
            else:
                spread = Spread.of(samples)
                parts.append(GpuPart(self._shape, about_it.batch, about_it.part, spread))
        return runs, parts

    def _batch(self, batch: int) -> list[bytes]:
        return [self._files[place % len(self._files)] for place in range(batch)]

    def _stages(self, batch: int) -> dict[str, Callable[[], object]]:
        """Decoding, preprocessing with the copy, and the forward pass, each by itself."""
        towers, size = self._engine.towers, self._engine.image_size
        files = self._batch(batch)
        images = open_all(files, size)
        inputs = towers.preprocess(images)
        return {
            "decode, one thread": lambda: open_all(files, size),
            "preprocess and copy to the GPU": lambda: towers.preprocess(images),
            "image tower": lambda: towers.image_features(inputs),
        }

    def _raw(self, batch: int) -> Callable[[], object]:
        inputs = self._engine.towers.preprocess(
            open_all(self._batch(batch), self._engine.image_size)
        )
        return lambda: self._engine.towers.image_features(inputs)

    def _images(self, batch: int) -> Callable[[], object]:
        images = open_all(self._batch(batch), self._engine.image_size)
        asked = [LabelSet(LABELS)] * batch
        return lambda: self._engine.classify(images, asked)

    def _jpeg(self, batch: int) -> Callable[[], object]:
        files, size = self._batch(batch), self._engine.image_size
        asked = [LabelSet(LABELS)] * batch

        def read(data: bytes) -> Inputs:
            return self._engine.prepare(decode(data, want=size))

        return lambda: self._engine.classify(list(self._readers.map(read, files)), asked)


@torch.inference_mode()
def _take_turns(
    works: dict[GpuRun | GpuPart, tuple[int, Callable[[], object]]], rounds: int
) -> dict[GpuRun | GpuPart, list[float]]:
    """Seconds for each photo; a first round, in which kernels are chosen, does not count."""
    seconds: dict[GpuRun | GpuPart, list[float]] = {about: [] for about in works}
    for number in range(-1, rounds):
        for about, (photos, work) in works.items():
            torch.cuda.synchronize()
            began = time.perf_counter()
            work()
            torch.cuda.synchronize()
            if number >= 0:
                seconds[about].append((time.perf_counter() - began) / photos)
    return seconds

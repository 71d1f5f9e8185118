"""All that needs the model, in one process, a round at a time: whoever conducts may do other
things between two rounds, so that those are measured side by side as well.
"""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from clipbot_benchmarks.model_side import answers, gpu, label_growth, machine, runtimes
from clipbot_benchmarks.model_side.baselines import rivals
from clipbot_benchmarks.model_side.engine_cases import Ours
from clipbot_benchmarks.model_side.interleaving import Turns
from clipbot_benchmarks.model_side.pictures import LABELS, SIZE
from clipbot_benchmarks.model_side.reference import Reference
from clipbot_benchmarks.report.figures import (
    Answers,
    Fidelity,
    GpuPart,
    GpuRun,
    LabelsPoint,
    Model,
    Parts,
    Skipped,
)
from inference import cores
from inference.model.engine import Engine
from inference.model.loading import load_engine
from inference.protocol.settings import DEMO_MODEL, WorkerSettings

T = TypeVar("T")


class Measuring:
    """What `--only` left of the sections that need the model.

    Args:
        settings: of the engine, as a worker would read them.
        shown_name: of the model, for people.
        files: JPEG photos.
        folder: for what is exported on the way.
        sections: of `rivals`, `towers`, `engine`, `charts`, `answers`, `growth`, `gpu`.
        quick: fewer photos for those who take them one by one, and less growth.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        shown_name: str,
        *,
        random: bool,
        files: list[bytes],
        folder: Path,
        sections: set[str],
        quick: bool,
    ) -> None:
        self._sections, self._quick, self._files, self._folder = sections, quick, files, folder
        few = 2 if quick else len(files)
        torch.set_num_threads(settings.clip_threads or cores.available())  # for the rivals too
        engine = load_engine(settings)
        assert isinstance(engine, Engine)
        self._engine = engine
        self._model = Model(
            name=shown_name,
            random=random,
            device=engine.device,
            dtype=engine.dtype,
            runtime=engine.runtime,
            image_size=engine.image_size,
            threads=torch.get_num_threads(),
        )
        self._ours = Ours(engine, files, few)
        # The rivals run where our engine runs: on a GPU, in its dtype there.
        on_cpu = engine.device == "cpu"
        dtype = torch.float32 if on_cpu else torch.float16
        self._reference = Reference(settings.clip_model, engine.device, dtype)
        self._skipped: list[Skipped] = []
        self._fidelity: list[Fidelity] = []
        contestants = []
        if "rivals" in sections:
            contestants += rivals(self._reference, files, few)
        if "towers" in sections and on_cpu:
            pixels = self._reference.pixels(self._ours.images)
            towers = runtimes.build(self._reference, pixels, folder, quick=quick)
            self._skipped += towers.skipped
            self._fidelity = towers.fidelity(pixels[:4])
            contestants += runtimes.contestants(towers.towers, pixels, few)
        if sections & {"towers", "engine"}:
            contestants += self._ours.limits()
        if "engine" in sections:
            contestants += self._ours.engine_runs() + self._ours.parts()
        if "charts" in sections:
            contestants += self._ours.charts()
        self._turns = Turns(contestants)
        # The garbage collector shall not look through what rivals left while charts are timed.
        gc.collect()
        gc.freeze()
        self._label_growth: list[LabelsPoint] = []

    def warm_up(self) -> None:
        """One turn for each contestant that does not count."""
        self._turns.warm_up()

    def round(self) -> None:
        """One turn for each contestant."""
        self._turns.round()

    def growth(self) -> None:
        """From 2 labels to 50."""
        sizes = [2, 10] if self._quick else [2, 6, 10, 20, 50]
        self._label_growth = self._tried(
            "growth", lambda: label_growth.measure(self._ours, sizes, 1 if self._quick else 3), []
        )

    def results(self) -> Parts:
        """Everything so far; what is measured but once is measured now."""
        charts = "charts" in self._sections
        found: list[Answers] = self._tried("answers", self._answers, [])
        no_gpu: tuple[list[GpuRun], list[GpuPart]] = [], []
        gpu_runs, gpu_parts = self._tried("gpu", self._gpu, no_gpu)
        return Parts(
            machine=machine.describe(),
            model=self._model,
            photos=len(self._files),
            photo_size=SIZE,
            labels=LABELS,
            runs=self._turns.results(),
            fidelity=self._fidelity,
            skipped=self._skipped,
            chart_size=self._ours.chart_size() if charts else None,
            answers=found,
            label_growth=self._label_growth,
            gpu=gpu_runs,
            gpu_parts=gpu_parts,
        )

    def _tried(self, section: str, measure: Callable[[], T], nothing: T) -> T:
        """What fails here is no reason to lose all figures that there are."""
        if section not in self._sections:
            return nothing
        try:
            return measure()
        except Exception as error:
            self._skipped.append(Skipped.failed(section, error))
            return nothing

    def _answers(self) -> list[Answers]:
        """Of the bundled model, run as the measured one is: its answers mean something."""
        ours = self._engine
        demo = Engine.load(DEMO_MODEL, device=ours.device, dtype=ours.dtype, runtime=ours.runtime)
        return [answers.compare(DEMO_MODEL, demo, Reference(DEMO_MODEL), *answers.samples())]

    def _gpu(self) -> tuple[list[GpuRun], list[GpuPart]]:
        if not torch.cuda.is_available():
            self._skipped.append(Skipped("gpu", "there is no NVIDIA GPU that PyTorch can use"))
            return [], []
        return gpu.measure(self._files, self._folder, self._turns.rounds)

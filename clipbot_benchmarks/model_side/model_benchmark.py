"""All cases that need the model, in one process, a round at a time.

Between two rounds the runner measures the running bot, so that both are measured side by side.
"""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from clipbot_benchmarks.model_side import gpu, machine, reference, runtimes
from clipbot_benchmarks.model_side.baselines import baseline_cases
from clipbot_benchmarks.model_side.engine_cases import EngineCases, label_growth
from clipbot_benchmarks.model_side.interleaving import InterleavedRounds
from clipbot_benchmarks.model_side.pictures import LABELS, SIZE
from clipbot_benchmarks.model_side.reference import TransformersReference
from clipbot_benchmarks.report.figures import (
    AnswerComparison,
    Fidelity,
    GpuPart,
    GpuRun,
    LabelsPoint,
    Model,
    ModelResults,
    NotMeasured,
)
from inference import cores
from inference.model.engine import Engine
from inference.model.loading import load_engine
from inference.protocol.settings import DEMO_MODEL, WorkerSettings

T = TypeVar("T")


class ModelBenchmark:
    """The sections of the benchmark that need the model.

    Args:
        settings: of the engine, as a worker reads them.
        shown_name: the model's name in the report.
        files: JPEG photos.
        folder: for exported models.
        sections: some of `rivals`, `towers`, `engine`, `charts`, `answers`, `growth`, `gpu`.
        quick: fewer photos for cases with small batches, and less growth.
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
        torch.set_num_threads(settings.clip_threads or cores.available())  # for the baselines too
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
        self._engine_cases = EngineCases(engine, files, few)
        # The baselines run on the same device as the engine, and on a GPU in float16.
        on_cpu = engine.device == "cpu"
        dtype = torch.float32 if on_cpu else torch.float16
        self._reference = TransformersReference(settings.clip_model, engine.device, dtype)
        self._not_measured: list[NotMeasured] = []
        self._fidelity: list[Fidelity] = []
        cases = []
        if "rivals" in sections:
            cases += baseline_cases(self._reference, files, few)
        if "towers" in sections and on_cpu:
            pixels = self._reference.pixels(self._engine_cases.images)
            towers = runtimes.build(self._reference, pixels, folder, quick=quick)
            self._not_measured += towers.not_measured
            self._fidelity = towers.fidelity(pixels[:4])
            cases += runtimes.tower_cases(towers.towers, pixels, few)
        if sections & {"towers", "engine"}:
            cases += self._engine_cases.limits()
        if "engine" in sections:
            cases += self._engine_cases.engine_cases() + self._engine_cases.parts()
        if "charts" in sections:
            cases += self._engine_cases.charts()
        self._rounds = InterleavedRounds(cases)
        # Keep the garbage collector from scanning the baselines' objects while charts are timed.
        gc.collect()
        gc.freeze()
        self._label_growth: list[LabelsPoint] = []

    def warm_up(self) -> None:
        """Run each case once without measuring it."""
        self._rounds.warm_up()

    def round(self) -> None:
        """Run and measure each case once."""
        self._rounds.round()

    def growth(self) -> None:
        """Measure what more labels cost, from 2 to 50."""
        sizes = [2, 10] if self._quick else [2, 6, 10, 20, 50]
        self._label_growth = self._tried(
            "growth", lambda: label_growth(self._engine_cases, sizes, 1 if self._quick else 3), []
        )

    def results(self) -> ModelResults:
        """Measure what is measured only once, and return everything."""
        charts = "charts" in self._sections
        found: list[AnswerComparison] = self._tried("answers", self._answers, [])
        no_gpu: tuple[list[GpuRun], list[GpuPart]] = [], []
        gpu_runs, gpu_parts = self._tried("gpu", self._gpu, no_gpu)
        return ModelResults(
            machine=machine.describe(),
            model=self._model,
            photos=len(self._files),
            photo_size=SIZE,
            labels=LABELS,
            measurements=self._rounds.results(),
            fidelity=self._fidelity,
            not_measured=self._not_measured,
            chart_size=self._engine_cases.chart_size() if charts else None,
            answers=found,
            label_growth=self._label_growth,
            gpu=gpu_runs,
            gpu_parts=gpu_parts,
        )

    def _tried(self, section: str, measure: Callable[[], T], nothing: T) -> T:
        """Return what `measure` finds; `nothing` if it fails or the section was not chosen."""
        if section not in self._sections:
            return nothing
        try:
            return measure()
        except Exception as error:
            self._not_measured.append(NotMeasured.failed(section, error))
            return nothing

    def _answers(self) -> list[AnswerComparison]:
        """Compare the bundled model, run like the measured one: its answers mean something."""
        engine = self._engine
        demo = Engine.load(
            DEMO_MODEL, device=engine.device, dtype=engine.dtype, runtime=engine.runtime
        )
        return [
            reference.compare(
                DEMO_MODEL, demo, TransformersReference(DEMO_MODEL), *reference.samples()
            )
        ]

    def _gpu(self) -> tuple[list[GpuRun], list[GpuPart]]:
        if not torch.cuda.is_available():
            self._not_measured.append(
                NotMeasured("gpu", "there is no NVIDIA GPU that PyTorch can use")
            )
            return [], []
        return gpu.measure(self._files, self._folder, self._rounds.rounds)

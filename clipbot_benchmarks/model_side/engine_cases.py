"""clipbot's engine, its stages, its raw forward pass, and what more labels cost."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from PIL import Image

from clipbot_benchmarks.model_side.interleaving import BenchmarkCase, InterleavedRounds
from clipbot_benchmarks.model_side.pictures import BATCHES, LABELS, NewLabels, as_fetched
from clipbot_benchmarks.report.figures import (
    CHART,
    DECODE,
    DECODE_FETCHED,
    IMAGES,
    JPEG,
    PREPROCESS,
    RAW,
    ChartSize,
    LabelsPoint,
    Measurement,
    Spread,
)
from inference import cores
from inference.charts import chart
from inference.images.decoding import decode
from inference.model.classifier import LabelSet
from inference.model.encoder.preprocessing import Inputs
from inference.model.engine import Engine
from inference.protocol.messages import ChartWords

_CHARTS = 4  # drawn for each number of labels


class EngineCases:
    """The engine as the worker uses it: images are decoded on threads, then the model runs.

    Args:
        files: JPEG photos.
        few: number of photos for cases with small batches.

    Attributes:
        new: labels that are not in the engine's cache.
    """

    def __init__(self, engine: Engine, files: Sequence[bytes], few: int) -> None:
        self.engine = engine
        self.new = NewLabels()
        self._files = files
        self._few = few
        self._images = [decode(data, target_side=engine.image_size) for data in files]
        self._decoders = ThreadPoolExecutor(min(8, cores.available()), "decode")

    @property
    def images(self) -> list[Image.Image]:
        """All photos, decoded."""
        return self._images

    def engine_cases(self) -> list[BenchmarkCase]:
        """Return the engine from decoded images and from JPEG bytes, with known and new labels."""
        return [
            self._engine(name, batch, labels)
            for name in (IMAGES, JPEG)
            for labels in ("known", "new")
            for batch in BATCHES
        ]

    def limits(self) -> list[BenchmarkCase]:
        """Return the forward pass of preprocessed pictures: the engine's limit."""
        inputs = {batch: self._preprocessed(batch) for batch in BATCHES}

        def case(batch: int) -> BenchmarkCase:
            def work(_: int) -> None:
                for each in inputs[batch]:
                    self.engine.encoder.image_features(each)

            return BenchmarkCase(Measurement("limit", RAW, batch), self._count(batch), work)

        return [case(batch) for batch in BATCHES]

    def parts(self) -> list[BenchmarkCase]:
        """Return decoding and preprocessing, one photo at a time on one thread."""
        size = self.engine.image_size
        fetched = [as_fetched(data) for data in self._files]

        def decoding(files: Sequence[bytes]) -> None:
            for data in files:
                decode(data, target_side=size)

        def preparing(_: int) -> None:
            for image in self._images:
                self.engine.prepare(image)

        return [
            self._part(DECODE, lambda _: decoding(self._files)),
            self._part(DECODE_FETCHED, lambda _: decoding(fetched)),
            self._part(PREPROCESS, preparing),
        ]

    def charts(self) -> list[BenchmarkCase]:
        """Return charts of six labels with their photo, as JPEG, one at a time."""

        def work(number: int) -> None:
            for place, picture in enumerate(self._images):
                draw(picture, LABELS, number + place)

        return [self._part(CHART, work)]

    def chart_size(self) -> ChartSize:
        """Return how large the charts' files are."""
        sizes = [len(draw(picture, LABELS, 1)) for picture in self._images]
        return ChartSize(int(Spread.of(sizes).median), max(sizes))

    def classify(self, labels: Sequence[Sequence[str]]) -> None:
        """Classify all photos in one batch, each with labels of its own."""
        self._ask(self._images, [LabelSet(tuple(each)) for each in labels])

    def _ask(self, images: Sequence[Image.Image | Inputs], sets: Sequence[LabelSet]) -> None:
        self.engine.classify(images, sets)

    def _engine(self, name: str, batch: int, labels: Literal["known", "new"]) -> BenchmarkCase:
        count = self._count(batch)

        def work(_: int) -> None:
            for start in range(0, count, batch):
                part = range(start, min(start + batch, count))
                sets = [LabelSet(LABELS if labels == "known" else self.new.six()) for _ in part]
                if name == IMAGES:
                    self._ask([self._images[place] for place in part], sets)
                else:
                    self._ask(self._read([self._files[place] for place in part]), sets)

        return BenchmarkCase(Measurement("engine", name, batch, labels), count, work)

    def _read(self, files: Sequence[bytes]) -> list[Inputs]:
        size = self.engine.image_size
        return list(
            self._decoders.map(
                lambda data: self.engine.prepare(decode(data, target_side=size)), files
            )
        )

    def _preprocessed(self, batch: int) -> list[Inputs]:
        images = self._images[: self._count(batch)]
        return [
            self.engine.encoder.preprocess(images[start : start + batch])
            for start in range(0, len(images), batch)
        ]

    def _part(self, name: str, work: Callable[[int], None]) -> BenchmarkCase:
        return BenchmarkCase(Measurement("part", name, 1), len(self._files), work)

    def _count(self, batch: int) -> int:
        return len(self._files) if batch == max(BATCHES) else max(self._few, batch)


def draw(picture: Image.Image, labels: Sequence[str], number: int) -> bytes:
    """Return a chart as the worker draws it; `number` varies its probabilities."""
    row = [(7 * number + 13 * place) % 97 + 1.0 for place in range(len(labels))]
    shares = [share / sum(row) for share in row]
    return chart.to_jpeg(chart.draw([picture], list(labels), [shares], ChartWords()))


def label_growth(cases: EngineCases, sizes: list[int], rounds: int) -> list[LabelsPoint]:
    """Return what a photo costs at each number of labels; the numbers are interleaved."""
    interleaved = InterleavedRounds([case for size in sizes for case in _label_cases(cases, size)])
    interleaved.warm_up()
    for _ in range(rounds):
        interleaved.round()
    found = iter(interleaved.results())
    return [LabelsPoint(size, *(_seconds(next(found)) for _ in range(3))) for size in sizes]


def _label_cases(cases: EngineCases, size: int) -> list[BenchmarkCase]:
    """Return known labels, new labels and charts, in the order of `LabelsPoint`."""
    photos, name = len(cases.images), f"{size} labels"
    known = cases.new.of_three_words(size)  # the warm-up puts them into the cache

    def charts(number: int) -> None:
        for picture in cases.images[:_CHARTS]:
            draw(picture, known, number)

    return [
        BenchmarkCase(
            Measurement("part", name, photos, "known"),
            photos,
            lambda _: cases.classify([known] * photos),
        ),
        BenchmarkCase(
            Measurement("part", name, photos, "new"),
            photos,
            lambda _: cases.classify([cases.new.of_three_words(size) for _ in range(photos)]),
        ),
        BenchmarkCase(Measurement("part", name, 1), _CHARTS, charts),
    ]


def _seconds(measurement: Measurement) -> Spread:
    assert measurement.seconds
    return measurement.seconds

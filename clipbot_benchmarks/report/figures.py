"""What a run of `clipbot bench` found: the contents of bench.json.

The file keeps its field names: if an attribute has another name here, `name=` gives the file's.
Times are in seconds and sizes in bytes, unless a name says otherwise.
"""

import statistics
from collections.abc import Sequence
from typing import Literal

import msgspec

# Names of measurements, for the code that measures and the code that reports.
NOTEBOOK = "notebook"
PIPELINE = "pipeline"
TORCH_FLOAT32 = "torch float32"
RAW = "raw"
IMAGES = "decoded images"
JPEG = "JPEG bytes"
DECODE = "decode 800 × 600"
DECODE_FETCHED = "decode what the bot fetches"
PREPROCESS = "preprocess"
CHART = "chart"


class Spread(msgspec.Struct, frozen=True):
    """The median of several samples, the lowest and the highest."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        """Return the spread of one sample or more."""
        return cls(statistics.median(samples), min(samples), max(samples), len(samples))


class Machine(msgspec.Struct, frozen=True):
    """What the figures depend on. Nothing in it names the machine.

    Attributes:
        cores: number of cores that this process may use (affinity and cgroup).
        instructions: those that make a model faster, such as `avx2` or `avx512_bf16`.
    """

    cpu: str
    cores: int
    memory: int
    instructions: tuple[str, ...]
    system: str
    python: str
    torch: str
    transformers: str
    gpu: str = ""


class Model(msgspec.Struct, frozen=True):
    """The checkpoint of all figures except those of the GPU.

    Attributes:
        random: its weights are random numbers in ViT-B/32's shape. It is as fast as the real one,
            but its answers mean nothing.
        runtime: what runs the image tower: `torch` or `openvino`.
        threads: number of torch's threads in the process that measures.
    """

    name: str
    random: bool
    device: str
    dtype: str
    runtime: str
    image_size: int
    threads: int


class Measurement(msgspec.Struct, frozen=True):
    """The time of one benchmark case, such as the engine at batch 16.

    Attributes:
        kind: `rival`: a baseline, another way to get the same answer; `tower`: an image tower
            alone, from pixels to features; `limit`: the same with the runtime and dtype of
            clipbot's engine; `engine`: clipbot's engine, from pictures and labels to
            probabilities; `part`: one stage of clipbot's work.
        name: unique within its kind.
        batch: photos at a time.
        labels: `known` where their features are cached, `new` where each photo has labels that
            are not in the cache.
        seconds: for each photo.
        core_seconds: processor time of all threads for each photo; the median.
    """

    kind: Literal["rival", "tower", "limit", "engine", "part"]
    name: str
    batch: int
    labels: Literal["", "known", "new"] = ""
    seconds: Spread | None = None
    core_seconds: float = 0.0


class NotMeasured(msgspec.Struct, frozen=True):
    """What was not measured, and why, as one clause."""

    what: str
    reason: str = msgspec.field(name="why")

    @classmethod
    def failed(cls, what: str, error: Exception) -> "NotMeasured":
        """Return that a measurement failed, with the first line of the error."""
        first_line = (str(error).splitlines() or [""])[0][:120]
        return cls(what, f"it failed: {type(error).__name__}: {first_line}")


class Fidelity(msgspec.Struct, frozen=True):
    """The lowest cosine, 0..1, between a tower's features and those of torch float32."""

    tower: str
    cosine: float


class ChartSize(msgspec.Struct, frozen=True):
    """Bytes of a chart of six labels with its photo, as JPEG: median and largest."""

    median: int
    largest: int = msgspec.field(name="most")


class AnswerComparison(msgspec.Struct, frozen=True):
    """The engine's probabilities compared with transformers' own in float32.

    Attributes:
        same_winner: number of pictures, of `pictures`, whose most probable label is the same.
        difference: the largest |Δp| of any picture and label, 0..1.
        batched: the largest |Δp| between all pictures in one batch and one by one, 0..1.
    """

    model: str
    pictures: int
    same_winner: int
    difference: float
    batched: float


class LabelsPoint(msgspec.Struct, frozen=True):
    """What a number of labels costs, in seconds for each photo at batch 16."""

    labels: int
    known: Spread
    new: Spread
    chart: Spread


class EndToEnd(msgspec.Struct, frozen=True):
    """From the moment a photo is sent until its chart is in the chat, over HTTP.

    Attributes:
        people: number of people who send at the same moment.
        photos: number of photos that all of them send in one round.
        per_photo: seconds from the first photo sent to the last chart, divided by `photos`.
        latencies: seconds of every photo of the last round, ascending.
        alone: seconds from photo to chart while nobody else sends.
        core_seconds: processor time for each photo, by process. `stand-in` is the load generator,
            which stands in for Telegram.
    """

    people: int
    photos: int
    per_photo: Spread
    latencies: list[float]
    alone: Spread
    core_seconds: dict[str, float]


class GrowthPoint(msgspec.Struct, frozen=True):
    """What a photo costs while `size` photos wait or `size` people are stored.

    Attributes:
        seconds: end to end, for each photo.
        core_seconds: processor time of bot, worker and nats-server for each photo. Unlike
            `seconds` it does not depend on other programs. None if the system has no /proc.
        bot_seconds: the bot's share of `core_seconds`.
    """

    size: int
    seconds: Spread
    core_seconds: Spread | None = None
    bot_seconds: Spread | None = None


class ProcessMemory(msgspec.Struct, frozen=True):
    """Resident memory of one process of `clipbot run`, in bytes."""

    name: str
    at_rest: int
    after_work: int


class StartupTime(msgspec.Struct, frozen=True):
    """Seconds from the start of `clipbot run` until something is ready."""

    ready: str
    seconds: Spread


class GpuRun(msgspec.Struct, frozen=True):
    """Images per second on an NVIDIA GPU, float16, random weights.

    Attributes:
        what: `raw`: the image tower alone, with the pixels on the GPU; `engine`: from decoded
            images with known labels; `jpeg`: the same from JPEG bytes; `pipeline`: transformers'
            pipeline from JPEG bytes.
    """

    shape: str
    what: Literal["raw", "engine", "jpeg", "pipeline"]
    batch: int
    per_second: Spread


class GpuPart(msgspec.Struct, frozen=True):
    """Seconds of one stage for each photo, at one batch size."""

    shape: str
    batch: int
    part: str
    seconds: Spread


class ModelResults(msgspec.Struct, frozen=True, kw_only=True):
    """What the child with torch measured."""

    machine: Machine
    model: Model
    photos: int
    photo_size: tuple[int, int]
    labels: tuple[str, ...]
    measurements: list[Measurement] = msgspec.field(name="runs", default=[])
    fidelity: list[Fidelity] = []
    not_measured: list[NotMeasured] = msgspec.field(name="skipped", default=[])
    chart_size: ChartSize | None = None
    answers: list[AnswerComparison] = []
    label_growth: list[LabelsPoint] = []
    gpu: list[GpuRun] = []
    gpu_parts: list[GpuPart] = []


class BotResults(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a running bot, its worker and its queue."""

    end_to_end: EndToEnd | None = msgspec.field(name="road", default=None)
    queue: list[GrowthPoint] = []
    users: list[GrowthPoint] = []
    processes: list[ProcessMemory] = []
    starts: list[StartupTime] = []
    not_measured: list[NotMeasured] = msgspec.field(name="skipped", default=[])


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as bench.json holds it."""

    version: int = 1
    clipbot: str
    date: str
    quick: bool
    rounds: int
    model_side: ModelResults = msgspec.field(name="parts")
    bot_side: BotResults = msgspec.field(name="whole")

    def measurement(self, kind: str, name: str, batch: int, labels: str = "") -> Measurement | None:
        """Return the figures of a benchmark case; None if it was not measured."""
        wanted = (kind, name, batch, labels)
        return next(
            (
                r
                for r in self.model_side.measurements
                if (r.kind, r.name, r.batch, r.labels) == wanted
            ),
            None,
        )

    def seconds(self, kind: str, name: str, batch: int, labels: str = "") -> float | None:
        """Return the median of a benchmark case, in seconds for each photo."""
        found = self.measurement(kind, name, batch, labels)
        return found.seconds.median if found and found.seconds else None


class Prepared(msgspec.Struct, frozen=True):
    """What `prepare` put into the temporary folder.

    Attributes:
        model: the CLIP_MODEL to measure: a name, or the folder of the random checkpoint.
        note: a sentence for the operator if this is not the model that was asked for; or "".
    """

    model: str
    random: bool
    labels: list[str]
    note: str = ""

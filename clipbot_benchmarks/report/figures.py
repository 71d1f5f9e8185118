"""What a run of `clipbot bench` found: the contents of bench.json.

Imports neither torch nor the bot, so that both halves of the benchmark can share it. All times are
seconds, all sizes bytes, unless a name says otherwise.
"""

import statistics
from collections.abc import Sequence
from typing import Literal

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """The median of several runs, the best and the worst."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        """Of at least one sample."""
        return cls(statistics.median(samples), min(samples), max(samples), len(samples))


class Machine(msgspec.Struct, frozen=True):
    """What the figures depend on; nothing that names the machine.

    Attributes:
        cores: that this process may use (affinity and cgroup).
        instructions: of those that matter to a model, such as `avx2` or `avx512_bf16`.
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
    """The checkpoint that all but the GPU figures are about.

    Attributes:
        random: its weights are random numbers in ViT-B/32's shape: as fast as the true ones, but
            its answers mean nothing.
        runtime: what runs the image tower: `torch` or `openvino`.
        threads: torch's, in the process that measures.
    """

    name: str
    random: bool
    device: str
    dtype: str
    runtime: str
    image_size: int
    threads: int


class Run(msgspec.Struct, frozen=True):
    """One contestant of the side-by-side rounds.

    Attributes:
        kind: `rival`: somebody else's way; `tower`: an image tower alone, pixels to features;
            `limit`: the same, with the runtime and dtype of our engine; `engine`: ours, pictures
            and labels to probabilities; `part`: one stage of ours.
        name: within its kind.
        batch: photos at a time.
        labels: `known` where their features are cached, `new` where each photo has labels that
            were never seen.
        seconds: for each photo.
        core_seconds: of all threads together, for each photo; the median.
    """

    kind: Literal["rival", "tower", "limit", "engine", "part"]
    name: str
    batch: int
    labels: Literal["", "known", "new"] = ""
    seconds: Spread | None = None
    core_seconds: float = 0.0


class Skipped(msgspec.Struct, frozen=True):
    """What was not measured, and why, as one clause."""

    what: str
    why: str

    @classmethod
    def failed(cls, what: str, error: Exception) -> "Skipped":
        """It was tried; the first line of what went wrong is told."""
        first_line = (str(error).splitlines() or [""])[0][:120]
        return cls(what, f"it failed: {type(error).__name__}: {first_line}")


class Fidelity(msgspec.Struct, frozen=True):
    """How true a tower stays: least cosine between its features and torch float32's, 0..1."""

    tower: str
    cosine: float


class ChartSize(msgspec.Struct, frozen=True):
    """Bytes of a chart of six labels with its photo, as JPEG: the median and the most."""

    median: int
    most: int


class Answers(msgspec.Struct, frozen=True):
    """Our probabilities beside transformers' own in float32.

    Attributes:
        same_winner: pictures whose most probable label is the same, of `pictures`.
        difference: the largest |Δp| of any picture and label, 0..1.
        batched: the largest |Δp| between all pictures at once and one by one, 0..1.
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


class Road(msgspec.Struct, frozen=True):
    """From the moment a photo is sent until its chart is in the chat, over HTTP.

    Attributes:
        people: who send at the same moment.
        photos: that all of them together send in one round.
        per_photo: seconds of a round, from the first photo sent to the last chart, for each photo.
        latencies: of every photo of the last round, in seconds, ascending.
        alone: latency of one photo, while nobody else asks.
        core_seconds: for each photo, by process; `stand-in` plays Telegram.
    """

    people: int
    photos: int
    per_photo: Spread
    latencies: list[float]
    alone: Spread
    core_seconds: dict[str, float]


class GrowthPoint(msgspec.Struct, frozen=True):
    """What a photo costs when there is so much of something.

    Attributes:
        seconds: for each photo, on the whole road.
        core_seconds: of bot, worker and nats-server together, for each photo. Unlike `seconds`
            they do not depend on what else the machine does. None where the system has no /proc.
        bot_seconds: of these, the bot's own.
    """

    size: int
    seconds: Spread
    core_seconds: Spread | None = None
    bot_seconds: Spread | None = None


class Process(msgspec.Struct, frozen=True):
    """Resident memory of one process of `clipbot run`, in bytes."""

    name: str
    at_rest: int
    after_work: int


class Start(msgspec.Struct, frozen=True):
    """Seconds from the start of `clipbot run` until something is ready."""

    ready: str
    seconds: Spread


class GpuRun(msgspec.Struct, frozen=True):
    """Images per second on an NVIDIA GPU, float16, random weights.

    Attributes:
        what: `raw`: the image tower alone, pixels on the GPU; `engine`: from decoded images with
            known labels; `jpeg`: the same from JPEG bytes; `pipeline`: transformers', from JPEG.
    """

    shape: str
    what: Literal["raw", "engine", "jpeg", "pipeline"]
    batch: int
    per_second: Spread


class GpuPart(msgspec.Struct, frozen=True):
    """Where a photo's time goes at one batch size: seconds for each photo."""

    shape: str
    batch: int
    part: str
    seconds: Spread


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What `clipbot_benchmarks.model_side` found."""

    machine: Machine
    model: Model
    photos: int
    photo_size: tuple[int, int]
    labels: tuple[str, ...]
    runs: list[Run] = []
    fidelity: list[Fidelity] = []
    skipped: list[Skipped] = []
    chart_size: ChartSize | None = None
    answers: list[Answers] = []
    label_growth: list[LabelsPoint] = []
    gpu: list[GpuRun] = []
    gpu_parts: list[GpuPart] = []


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the bot, its worker and its queue, each in a process of its own."""

    road: Road | None = None
    queue: list[GrowthPoint] = []
    users: list[GrowthPoint] = []
    processes: list[Process] = []
    starts: list[Start] = []
    skipped: list[Skipped] = []


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as bench.json holds it."""

    version: int = 1
    clipbot: str
    date: str
    quick: bool
    rounds: int
    parts: Parts
    whole: Whole

    def run(self, kind: str, name: str, batch: int, labels: str = "") -> Run | None:
        """That contestant's figures; None where it did not take part."""
        wanted = (kind, name, batch, labels)
        return next(
            (r for r in self.parts.runs if (r.kind, r.name, r.batch, r.labels) == wanted), None
        )

    def seconds(self, kind: str, name: str, batch: int, labels: str = "") -> float | None:
        """Its median, in seconds for each photo."""
        run = self.run(kind, name, batch, labels)
        return run.seconds.median if run and run.seconds else None


class Prepared(msgspec.Struct, frozen=True):
    """What `prepare` put into the temporary folder.

    Attributes:
        model: what CLIP_MODEL shall be: a name, or the folder of the random checkpoint.
    """

    model: str
    random: bool
    labels: list[str]
    note: str = ""

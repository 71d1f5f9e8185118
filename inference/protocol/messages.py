"""The messages between bot and worker: msgspec structs, sent as msgpack.

A worker knows no language, no chat and no label set but what a job brings; a bot knows no model
but what a result or a worker's status says. `VERSION` changes when an old reader would misread a
new message; new fields with defaults need no new version (msgspec ignores unknown fields).
"""

import time
from enum import StrEnum
from statistics import correlation, pstdev
from typing import TypeVar

import msgspec

from inference.protocol.errors import Problem

VERSION = 1

T = TypeVar("T")


class UnknownVersion(Exception):
    """A message from a newer or older clipbot than this one can read."""


class ChartWords(msgspec.Struct, frozen=True):
    """Everything that a chart says besides the labels, in the asker's language."""

    title: str = "What CLIP sees"
    something_else: str = "something else"
    # {count}: how many labels are not shown; {share}: their summed probability, e.g. "2.1 %"
    and_more: str = "and {count} more: {share}"
    independent: str = "Scores are independent: they need not add up to 100 %."
    demo: str = "demo model: knows drawings and shapes, not photographs"
    unreadable: str = "not readable"
    decimal_point: str = "."


class Reply(msgspec.Struct, frozen=True):
    """Where a result goes. Opaque to the worker, which only copies it.

    Attributes:
        subject: the NATS subject that the asker listens on.
        data: whatever the asker needs to know again.
    """

    subject: str
    data: bytes = b""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures to be compared with labels.

    Attributes:
        id: unique and deterministic: the same question asked again has the same id.
        images: 1..10 files as they came (JPEG, PNG, …), undecoded.
        labels: 1..MAX_LABELS, distinct without regard to case, as typed.
        template: holds one `{}` that each label replaces; None uses labels as typed.
        locale: the asker's language, for logs and metrics only.
        created_at: Unix time in seconds.
        captions: what the chart writes in place of the labels, one for each; empty: the labels.
        merge_above: labels whose text features' cosine reaches this count as one, the earliest of
            them; None keeps all apart.
        draw: whether a chart is wanted.
        fingerprint: whether each picture's `Fingerprint` is wanted.
        numbers: what the chart of several pictures calls each of them; empty: 1, 2, …
        model: the CLIP_MODEL of whoever asks; empty from 0.1, which any worker answers.
    """

    id: str
    images: list[bytes]
    labels: list[str]
    reply: Reply
    template: str | None = None
    locale: str = "en"
    words: ChartWords = ChartWords()
    created_at: float = msgspec.field(default_factory=time.time)
    captions: list[str] = []
    merge_above: float | None = None
    draw: bool = True
    fingerprint: bool = False
    numbers: list[int] = []
    model: str = ""
    version: int = VERSION


# How far the colours of two copies may lie apart at any place, of 255. Measured on drawings, icons
# and soft noise, saved anew at half and double size and at JPEG quality 40: copies differed by up
# to 7, and the two most alike different pictures by 43.
_COPY_STEPS = 20
# Pictures of little contrast lie closer together than that whatever they show: their structure
# must agree as well, as a correlation of their greys.
_COPY_LIKENESS = 0.9
# Below this deviation of its greys, of 255, a picture has no structure to compare: what is left of
# it is rounding. Such pictures are the same only where they are so within a few steps.
_FLAT, _FLAT_STEPS = 1.5, 4


class Fingerprint(msgspec.Struct, frozen=True):
    """A perceptual hash: nearly the same for the same picture, saved anew or in another size.

    Attributes:
        colours: 192 bytes, the mean RGB of each of 8 × 8 parts, row by row.
        greys: 256 bytes, the mean brightness of each of 16 × 16 parts; empty from older workers.
    """

    colours: bytes
    greys: bytes = b""

    def is_same(self, other: "Fingerprint") -> bool:
        """True where both are of the same picture, as far as one can tell."""
        if not _is_within(self.colours, other.colours, _COPY_STEPS):
            return False
        if len(self.greys) != len(other.greys) or not self.greys:
            return True
        mine, theirs = pstdev(self.greys), pstdev(other.greys)
        if min(mine, theirs) < _FLAT:
            return _is_within(self.colours, other.colours, _FLAT_STEPS) and _is_within(
                self.greys, other.greys, _FLAT_STEPS
            )
        return correlation(self.greys, other.greys) >= _COPY_LIKENESS


def _is_within(mine: bytes, theirs: bytes, steps: int) -> bool:
    return len(mine) == len(theirs) and all(
        abs(a - b) <= steps for a, b in zip(mine, theirs, strict=True)
    )


class ImageOutcome(msgspec.Struct, frozen=True):
    """What became of one picture: either probabilities, one for each label in order, or a problem.

    With a single label there is a single probability: that label against neutral phrases.

    Attributes:
        same_as: where the job merges labels, for each the place of the first one that means nearly
            the same, mostly its own; a label that is not the first has probability 0.
        fingerprint: where the job wants it.
    """

    probabilities: list[float] = []
    problem: Problem | None = None
    same_as: list[int] = []
    fingerprint: Fingerprint | None = None


class Timings(msgspec.Struct, frozen=True):
    """Where the time went, in seconds; `model` is the whole batch's, shared by its pictures."""

    queued: float = 0.0
    decode: float = 0.0
    model: float = 0.0
    chart: float = 0.0
    batch_size: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a job.

    Attributes:
        images: one outcome for each picture of the job, in order; empty when `problem` is set.
        chart: PNG or JPEG file; empty when no picture could be read.
        model: the checkpoint's name, as set in CLIP_MODEL.
        sigmoid_scores: True where scores are sigmoids, which need not add up to 1.
        problem: set when the job failed as a whole.
    """

    job_id: str
    reply: Reply
    labels: list[str]
    images: list[ImageOutcome] = []
    chart: bytes = b""
    model: str = ""
    sigmoid_scores: bool = msgspec.field(default=False, name="independent")
    timings: Timings = Timings()
    problem: Problem | None = None
    version: int = VERSION


class WorkerState(StrEnum):
    """Where a worker stands with its model."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker tells the fleet about itself, every few seconds.

    Attributes:
        takes: subject of the jobs that it takes; empty from 0.1, which takes those that name no
            model.
        image_size: shorter side, in pixels, that the model looks at.
        reason: one sentence: why state is FAILED; or, while it is LOADING, what takes so long, such
            as a download. Older workers say nothing in the latter case.
    """

    worker: str
    model: str
    state: WorkerState
    device: str = ""
    image_size: int = 224
    sigmoid_scores: bool = msgspec.field(default=False, name="independent")
    reason: str = ""
    takes: str = ""


class _Versioned(msgspec.Struct):
    version: int = 0


_encoder = msgspec.msgpack.Encoder()
_version_of = msgspec.msgpack.Decoder(_Versioned)
_job = msgspec.msgpack.Decoder(Job)
_result = msgspec.msgpack.Decoder(Result)
_status = msgspec.msgpack.Decoder(WorkerStatus)


def encode(message: Job | Result | WorkerStatus) -> bytes:
    """The message as msgpack."""
    return _encoder.encode(message)


def _read(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except (UnicodeDecodeError, RecursionError) as error:  # no kinds of DecodeError to msgspec
        raise msgspec.DecodeError(str(error)) from error


def _check_version(data: bytes) -> None:
    if (found := _read(_version_of, data).version) != VERSION:
        raise UnknownVersion(f"this message has version {found}; this clipbot reads {VERSION}")


def decode_job(data: bytes) -> Job:
    """Reads a job.

    Raises:
        UnknownVersion: it was written by another version of clipbot.
        msgspec.DecodeError: it is not a job at all.
    """
    _check_version(data)
    return _read(_job, data)


def decode_result(data: bytes) -> Result:
    """Reads a result; raises as `decode_job` does."""
    _check_version(data)
    return _read(_result, data)


def decode_status(data: bytes) -> WorkerStatus:
    """Reads a worker's status.

    Raises:
        msgspec.DecodeError: it is not a status.
    """
    return _read(_status, data)

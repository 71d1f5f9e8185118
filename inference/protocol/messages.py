"""The messages between bot and worker: msgspec structs, sent as msgpack.

A worker learns languages and labels only from jobs; a bot learns about models only from results and
from the workers' statuses. `VERSION` changes when an older clipbot would misread a new message. A
new field with a default needs no new version, because msgspec ignores unknown fields.
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
    """A message of another version, which this clipbot can't read."""


class ChartWords(msgspec.Struct, frozen=True):
    """Everything that a chart says besides the labels, in the user's language."""

    title: str = "What CLIP sees"
    something_else: str = "something else"
    # {count}: how many labels are not shown; {share}: their summed probability, e.g. "2.1 %"
    and_more: str = "and {count} more: {share}"
    independent: str = "Scores are independent: they need not add up to 100 %."
    demo: str = "demo model: knows drawings and shapes, not photographs"
    unreadable: str = "not readable"
    decimal_point: str = "."
    # stands under "something else" where its share is not part of the labels' 100 %
    apart: str = "measured apart, against everyday things"


class Reply(msgspec.Struct, frozen=True):
    """Where a result goes. The worker copies it and reads only the subject.

    Attributes:
        subject: the NATS subject of the bot's results.
        data: what the bot needs to send the answer; only the bot reads it.
    """

    subject: str
    data: bytes = b""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures to be compared with labels.

    Attributes:
        id: unique and deterministic: the same request sent again has the same id.
        images: 1..10 undecoded files (JPEG, PNG, …), as the user sent them.
        labels: 1..MAX_LABELS labels as typed; no two differ only in case.
        template: holds one `{}`, which each label replaces; None uses labels as typed;
            `labels.AUTO_TEMPLATE` averages several templates.
        locale: the user's language, for logs and metrics only.
        created_at: Unix time in seconds.
        captions: what the chart shows instead of the labels, one for each label; empty shows the
            labels.
        merge_above: labels count as one, the first of them, if the cosine of their text features
            is at least this; None merges none.
        draw: True if a chart is wanted.
        fingerprint: True if the `Fingerprint` of each picture is wanted.
        numbers: the numbers of the pictures in the chart of an album; empty: 1, 2, …
        model: CLIP_MODEL of the bot; empty from version 0.1, whose jobs any worker answers.
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


# The largest difference between the colours of two copies at any place, of 255. Measured on
# drawings, icons and soft noise, saved again at half and double size and at JPEG quality 40: copies
# differed by up to 7, and the two most similar different pictures by 43.
_COPY_STEPS = 20
# Pictures of low contrast differ by less than that, whatever they show. So the correlation of their
# greys must be at least this, too.
_COPY_LIKENESS = 0.9
# A picture whose greys have a smaller standard deviation, of 255, is flat: the rest is rounding, so
# a correlation says nothing. Two flat pictures are copies if they differ by at most `_FLAT_STEPS`.
_FLAT, _FLAT_STEPS = 1.5, 4


class Fingerprint(msgspec.Struct, frozen=True):
    """A perceptual hash: nearly the same for copies of a picture, saved again or resized.

    Attributes:
        colours: 192 bytes, the mean RGB of each of 8 × 8 parts, row by row.
        greys: 256 bytes, the mean brightness of each of 16 × 16 parts; empty from older workers.
    """

    colours: bytes
    greys: bytes = b""

    def is_same(self, other: "Fingerprint") -> bool:
        """Return whether both are probably of the same picture."""
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


# The share of everyday things from which a reader should see it.
_SHOWN_FROM = 0.25


class ImageOutcome(msgspec.Struct, frozen=True):
    """The outcome for one picture: either probabilities, one for each label in order, or a problem.

    With a single label there is a single probability: that label compared with everyday things.

    Attributes:
        same_as: if the job merges labels, for each label the index of the first label with nearly
            the same meaning, usually its own index. The others have probability 0.
        fingerprint: None if the job does not want it.
        fit: how well the labels fit when everyday things are compared with the picture as well,
            0..1, scaled so that the model's threshold is 0.5; None if that was not computed.
        none_fits: `fit` is below 0.5: probably none of the labels fits.
        looks_like_photo: only the demo model tells, which does not know photographs.
    """

    probabilities: list[float] = []
    problem: Problem | None = None
    same_as: list[int] = []
    fingerprint: Fingerprint | None = None
    fit: float | None = None
    none_fits: bool = False
    looks_like_photo: bool = False

    @property
    def something_else(self) -> float | None:
        """Return the share of everyday things, 0..1, if a reader should see it; else None."""
        if self.fit is None or not shows_something_else(self.fit, none_fits=self.none_fits):
            return None
        return 1.0 - self.fit


def shows_something_else(fit: float, *, none_fits: bool) -> bool:
    """Return whether a reader should see how well everyday things fit, besides the labels.

    They should if no label fits, and as a warning before that: if everyday things have a quarter or
    more. A smaller share only says that a picture shows more than its labels name.
    """
    return none_fits or 1.0 - fit >= _SHOWN_FROM


class Timings(msgspec.Struct, frozen=True):
    """How long each stage took, in seconds; `model` is the time of the whole batch."""

    queued: float = 0.0
    decode: float = 0.0
    model: float = 0.0
    chart: float = 0.0
    batch_size: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a job.

    Attributes:
        images: one outcome for each picture of the job, in order; empty when `problem` is set.
        chart: a PNG or JPEG file; empty if no picture could be read or no chart was wanted.
        model: the checkpoint's name, as in CLIP_MODEL.
        sigmoid_scores: True if scores are sigmoids, which need not add up to 1.
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
    """Whether a worker has its model."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker tells about itself every few seconds.

    Attributes:
        takes: the subject of the jobs that it takes; empty from version 0.1, which takes jobs that
            name no model.
        image_size: shorter side, in pixels, of the model's input.
        reason: one sentence: why the state is FAILED, or why it is still LOADING, such as a
            download. Older workers give no reason while they load.
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
    """Return the message as msgpack."""
    return _encoder.encode(message)


def _read(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec raises these as they are
        raise msgspec.DecodeError(str(error)) from error


def _check_version(data: bytes) -> None:
    if (found := _read(_version_of, data).version) != VERSION:
        raise UnknownVersion(f"this message has version {found}; this clipbot reads {VERSION}")


def decode_job(data: bytes) -> Job:
    """Return the job that `data` holds.

    Raises:
        UnknownVersion: another version of clipbot wrote it.
        msgspec.DecodeError: it is not a job.
    """
    _check_version(data)
    return _read(_job, data)


def decode_result(data: bytes) -> Result:
    """Return the result that `data` holds; raises as `decode_job` does."""
    _check_version(data)
    return _read(_result, data)


def decode_status(data: bytes) -> WorkerStatus:
    """Return the worker's status that `data` holds.

    Raises:
        msgspec.DecodeError: it is not a status.
    """
    return _read(_status, data)

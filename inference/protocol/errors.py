"""Every error that clipbot raises on purpose, and whose fault each is.

    ClipbotError
    ├── UserError               the sender can mend it: answered with a sentence in their language
    │   ├── ImageRefused        a picture that can't or won't be read (see ProblemCode)
    │   └── LabelsRefused       phrases that can't be used
    │       ├── NoLabels
    │       ├── TooManyLabels
    │       └── LabelTooLong
    ├── OperatorError           the host can mend it: one sentence naming the setting
    │   ├── SettingError        a setting has a value it can't have
    │   ├── ModelUnavailable    the checkpoint can't be loaded
    │   ├── DeviceLost          the GPU failed; only a new process can use it again
    │   ├── Hung                a worker's thread never returns; only a new process has another
    │   ├── TooLargeForHost     a picture needs more memory than there is
    │   └── QueueUnavailable    NATS can't be reached, or has no JetStream
    │       ├── MessageTooLarge it stores no message of that size, today or later
    │       └── NoStream        it has no stream for a subject
    └── QueueFull               the queue took no more: the sender is told to come back later

Anything else that is raised is our fault: logged with its traceback, the user gets an apology.
"""

import math
from enum import StrEnum

import msgspec


class Fault(StrEnum):
    """Who can mend a problem that a result tells of. (An operator's never becomes a result.)"""

    USER = "user"
    OURS = "ours"


class ProblemCode(StrEnum):
    """What went wrong with a picture or a job; each front end has a sentence for each."""

    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    IMAGE_TRUNCATED = "image_truncated"
    TOO_MANY_PIXELS = "too_many_pixels"  # got, limit: megapixels
    IMAGE_TOO_SMALL = "image_too_small"  # limit: pixels of the shorter side
    TOO_LARGE_FOR_HOST = "too_large_for_host"  # got: megapixels, 0 where nobody knows
    INTERNAL = "internal"

    @classmethod
    def _missing_(cls, value: object) -> "ProblemCode":
        """Read the code of a newer worker as our fault, so that whoever asked gets an answer."""
        return cls.INTERNAL


class Problem(msgspec.Struct, frozen=True):
    """Why there is no answer, in a form that travels and can be said in any language."""

    code: ProblemCode
    got: float | None = None
    limit: float | None = None

    @property
    def fault(self) -> Fault:
        """Who can mend it."""
        ours = {ProblemCode.INTERNAL, ProblemCode.TOO_LARGE_FOR_HOST}
        return Fault.OURS if self.code in ours else Fault.USER


def megapixels(got: float) -> float:
    """Megapixels as sentences say them: to one decimal, never less than there are."""
    return math.ceil(got * 10 - 1e-9) / 10


def megapixels_allowed(limit: float) -> float:
    """A limit in megapixels as sentences say it: to one decimal, never more than it is."""
    return math.floor(limit * 10 + 1e-9) / 10


class ClipbotError(Exception):
    """Base of all errors that clipbot raises on purpose; its text is one readable sentence."""


class UserError(ClipbotError):
    """The sender can mend it."""


class ImageRefused(UserError):
    """A picture that can't or won't be read.

    `str(error)` is an English sentence; `error.problem` says the same in a form to translate.
    """

    def __init__(self, sentence: str, problem: Problem) -> None:
        super().__init__(sentence)
        self.problem = problem


class LabelsRefused(UserError):
    """Phrases that can't be used; `str(error)` is an English sentence."""


class NoLabels(LabelsRefused):
    """There is no phrase in the text."""

    def __init__(self) -> None:
        super().__init__('There are no phrases in that. Separate them by commas: "a dog, a cat".')


class TooManyLabels(LabelsRefused):
    """More phrases than one picture may be compared with."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"Those are {got} different phrases; at most {limit} fit.")
        self.got, self.limit = got, limit


class LabelTooLong(LabelsRefused):
    """A phrase of more characters than a chart or a model can use."""

    def __init__(self, label: str, limit: int) -> None:
        super().__init__(
            f"The phrase “{label[:30]}…” has {len(label)} characters; at most {limit} fit."
        )
        self.label, self.limit = label, limit


class OperatorError(ClipbotError):
    """The host can mend it."""


class SettingError(OperatorError):
    """A setting has a value that it can't have."""


class ModelUnavailable(OperatorError):
    """The checkpoint can't be loaded; the text says why and what to do.

    Attributes:
        passing: whether the same may work a little later, without anybody's doing.
    """

    def __init__(self, sentence: str, *, passing: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing


class DeviceLost(OperatorError):
    """The GPU failed in a way that only a new process can get over."""


class Hung(OperatorError):
    """A thread of a worker does not come back, and nothing can interrupt it."""


class TooLargeForHost(OperatorError):
    """A picture needs more memory than this host has left, which says nothing about the picture.

    `error.problem` says the same in a form to translate.
    """

    def __init__(self, got: float = 0.0) -> None:
        super().__init__("The picture is too large for the memory of this host.")
        self.problem = Problem(ProblemCode.TOO_LARGE_FOR_HOST, got=got)


class QueueUnavailable(OperatorError):
    """NATS can't be reached, refuses us, or has no JetStream."""


class MessageTooLarge(QueueUnavailable):
    """A message of more bytes than NATS stores: trying again is of no use."""


class NoStream(QueueUnavailable):
    """No stream takes messages of a subject: a wrong one, or NATS has lost its files."""


class QueueFull(ClipbotError):
    """The queue took no more: come back later."""

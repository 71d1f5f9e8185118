"""Every error that clipbot raises on purpose, and whose fault each is.

    ClipbotError
    ├── UserError               the user can fix it; they get a sentence in their language
    │   ├── ImageRefused        a picture that can't be used (see ProblemCode)
    │   └── LabelsRefused       labels that can't be used
    │       ├── NoLabels
    │       ├── TooManyLabels
    │       └── LabelTooLong
    ├── OperatorError           the operator can fix it; they get a sentence that names the setting
    │   ├── SettingError        a setting has an invalid value
    │   ├── ModelUnavailable    the checkpoint can't be loaded
    │   ├── DeviceLost          the GPU failed; only a new process can use it again
    │   ├── Hung                a worker's thread hangs; only a new process can replace it
    │   ├── TooLargeForHost     a picture needs more memory than the machine has
    │   └── QueueUnavailable    NATS can't be reached, or has no JetStream
    │       ├── MessageTooLarge NATS never stores a message of that size
    │       └── NoStream        NATS has no stream for a subject
    └── QueueFull               the queue is full; the user is asked to try again later

Every other exception is our fault: it is logged with its traceback, and the user gets an apology.
"""

import math
from enum import StrEnum

import msgspec


class Fault(StrEnum):
    """Whose fault a problem in a result is. (An operator's fault never becomes a result.)"""

    USER = "user"
    OURS = "ours"


class ProblemCode(StrEnum):
    """What went wrong with a picture or a job; the bot has a sentence for each code."""

    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    IMAGE_TRUNCATED = "image_truncated"
    TOO_MANY_PIXELS = "too_many_pixels"  # got, limit: megapixels
    IMAGE_TOO_SMALL = "image_too_small"  # limit: pixels of the shorter side
    TOO_LARGE_FOR_HOST = "too_large_for_host"  # got: megapixels, or 0 if unknown
    INTERNAL = "internal"

    @classmethod
    def _missing_(cls, value: object) -> "ProblemCode":
        """Read a newer worker's unknown code as INTERNAL, so that the user gets an answer."""
        return cls.INTERNAL


class Problem(msgspec.Struct, frozen=True):
    """Why there is no answer, in a form that can be sent and translated."""

    code: ProblemCode
    got: float | None = None
    limit: float | None = None

    @property
    def fault(self) -> Fault:
        """Whose fault it is."""
        ours = {ProblemCode.INTERNAL, ProblemCode.TOO_LARGE_FOR_HOST}
        return Fault.OURS if self.code in ours else Fault.USER


def megapixels(got: float) -> float:
    """Return megapixels for a sentence: rounded up to one decimal."""
    return math.ceil(got * 10 - 1e-9) / 10


def megapixels_allowed(limit: float) -> float:
    """Return a limit in megapixels for a sentence: rounded down to one decimal."""
    return math.floor(limit * 10 + 1e-9) / 10


class ClipbotError(Exception):
    """Base of all errors that clipbot raises on purpose; its text is one readable sentence."""


class UserError(ClipbotError):
    """The user can fix it."""


class ImageRefused(UserError):
    """A picture that can't be used.

    `str(error)` is an English sentence; `error.problem` says the same in a form to translate.
    """

    def __init__(self, sentence: str, problem: Problem) -> None:
        super().__init__(sentence)
        self.problem = problem


class LabelsRefused(UserError):
    """Labels that can't be used; `str(error)` is an English sentence."""


class NoLabels(LabelsRefused):
    """The text has no label."""

    def __init__(self) -> None:
        super().__init__('There are no phrases in that. Separate them by commas: "a dog, a cat".')


class TooManyLabels(LabelsRefused):
    """More labels than one picture can be compared with."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"Those are {got} different phrases, but the limit is {limit}.")
        self.got, self.limit = got, limit


class LabelTooLong(LabelsRefused):
    """A label with more characters than a chart or a model can use."""

    def __init__(self, label: str, limit: int) -> None:
        super().__init__(
            f"The phrase “{label[:30]}…” has {len(label)} characters, but the limit is {limit}."
        )
        self.label, self.limit = label, limit


class OperatorError(ClipbotError):
    """The operator, who runs clipbot, can fix it."""


class SettingError(OperatorError):
    """A setting has an invalid value."""


class ModelUnavailable(OperatorError):
    """The checkpoint can't be loaded; the text says why and what to do.

    Attributes:
        passing: True if loading may work a little later without any change.
    """

    def __init__(self, sentence: str, *, passing: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing


class DeviceLost(OperatorError):
    """The GPU failed; only a new process can use it again."""


class Hung(OperatorError):
    """A thread of a worker hangs, and nothing can interrupt it."""


class TooLargeForHost(OperatorError):
    """A picture needs more memory than this machine has free; the picture itself is fine.

    `error.problem` says the same in a form to translate.
    """

    def __init__(self, got: float = 0.0) -> None:
        super().__init__("The picture is too large for the memory of this host.")
        self.problem = Problem(ProblemCode.TOO_LARGE_FOR_HOST, got=got)


class QueueUnavailable(OperatorError):
    """NATS can't be reached, refuses the login, or has no JetStream."""


class MessageTooLarge(QueueUnavailable):
    """A message with more bytes than NATS stores: trying again does not help."""


class NoStream(QueueUnavailable):
    """No stream stores a subject: the subject is wrong, or NATS has lost its files."""


class QueueFull(ClipbotError):
    """The queue is full: try again later."""

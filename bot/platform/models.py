"""What people ask: pictures, the labels to compare them with, and the message to answer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

# The platform of ids, jobs and rows that name none.
TELEGRAM = "telegram"

# Stands in a `MessageRef` for no message: what is sent there is not a reply.
NO_MESSAGE = 0

# Bot API, getFile: "bots can download files of up to 20MB in size"
MAX_FILE_BYTES = 20 * 2**20


class Media(msgspec.Struct, frozen=True):
    """A picture that the chat platform stores.

    Attributes:
        file_id: to fetch it.
        unique_id: the same for the same picture, whoever sends it.
        size: bytes, if the platform tells.
        number: its place in its album, from 1; 0: its position among the pictures.
        skipped: numbers of the items of its album that are not pictures; only in the first picture.
        has_spoiler: its sender hid it until somebody taps on it.
    """

    file_id: str
    unique_id: str
    size: int | None = None
    number: int = 0
    skipped: tuple[int, ...] = ()
    has_spoiler: bool = False


def numbers_of(media: Sequence[Media]) -> list[int]:
    """Return the numbers that people give the pictures of an album; empty for 1, 2, …"""
    if not any(one.number for one in media):
        return []
    return [one.number or position for position, one in enumerate(media, 1)]


@dataclass(frozen=True)
class MessageRef:
    """A message, and where its answers go.

    Attributes:
        chat_id: the chat that it is in.
        message_id: unique within the chat; `NO_MESSAGE` for the chat as a whole.
        thread_id: forum topic, if any.
    """

    chat_id: int
    message_id: int
    thread_id: int | None = None


@dataclass(frozen=True)
class ClassifyRequest:
    """A question: a message that wants pictures compared with labels.

    Attributes:
        ref: the message that asks; the answer replies to it.
        revision: 0 for a new message; grows with each edit of it, so that the newest answer stays.
        media: 1..10 pictures; more than one is an album.
        labels: what to compare them with, as typed.
        typed: the labels as the message has them, with a set as `#name`; empty: as `labels`.
        private: True in a chat with one person.
        has_own_labels: True if the message itself holds them; else they are stored ones.
        platform: where the message stands; lower-case letters.
    """

    ref: MessageRef
    user_id: int
    language: str
    media: tuple[Media, ...]
    labels: tuple[str, ...]
    template: str | None = None
    revision: int = 0
    private: bool = field(default=True, compare=False)
    has_own_labels: bool = True
    platform: str = TELEGRAM
    typed: tuple[str, ...] = field(default=(), compare=False)

    @property
    def id(self) -> str:
        """Return the same id for the same question, so that it is stored and answered once.

        `chat.message.revision`, with the platform in front unless that is Telegram: results are
        routed by the id alone.
        """
        number = f"{self.ref.chat_id}.{self.ref.message_id}.{self.revision}"
        return number if self.platform == TELEGRAM else f"{self.platform}.{number}"

    @staticmethod
    def message_of(request_id: str) -> tuple[str, int, int]:
        """Return platform, chat and number of the message that asked, from the question's id.

        Raises:
            ValueError: it is not a question's id.
        """
        parts = request_id.split(".")
        platform = TELEGRAM if len(parts) == 3 else parts.pop(0)
        numbers = [int(part) for part in parts]
        if len(numbers) != 3 or any(abs(number) >= 2**63 for number in numbers):
            raise ValueError(f"{request_id!r} is not a question's id")
        return platform, numbers[0], numbers[1]

    @property
    def fingerprint(self) -> str:
        """Return a digest of what the message says: its pictures, and its phrases or none.

        Stored phrases, sets and the template are not a part of it: they can change without it,
        and an edit that changes nothing must leave its answer as it is.
        """
        said = (self.typed or self.labels) if self.has_own_labels else None
        shown = [(media.unique_id, media.number, media.skipped) for media in self.media]
        # An edit that hides a picture hides its chart. Without hidden ones, the digest is that of
        # earlier releases.
        hidden = [n for n, media in enumerate(self.media) if media.has_spoiler]
        return _digest((shown, said, hidden) if hidden else (shown, said))

    def says_the_same_as(self, fingerprint: str) -> bool:
        """Return whether a stored fingerprint is of the same pictures and phrases."""
        if fingerprint == self.fingerprint:
            return True
        # Earlier releases made it of the phrases in use and the template, too.
        early = (tuple(media.unique_id for media in self.media), self.labels, self.template)
        return fingerprint == _digest(early)


def _digest(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]

"""Files that Telegram's servers keep.

A `file_unique_id` always names the same content. A `file_id` is a bot's handle for getFile, a new
one each time the file is sent.
"""

import base64
import hashlib
import itertools
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's content. `size` is what Telegram declares, in bytes; a test can declare more."""

    unique_id: str
    content: bytes
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class SentFile:
    """A stored file under the `file_id` that one message gave it."""

    file_id: str
    file: StoredFile

    def to_json(self) -> dict[str, str | int]:
        """Return its fields in the Bot API's objects."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file.unique_id,
            "file_size": self.file.size,
        }


class FileStore:
    """All files of this server, in memory."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, int], StoredFile] = {}
        self._sent: dict[str, StoredFile] = {}
        self._paths: dict[str, StoredFile] = {}
        self._count = itertools.count(1)

    def send(
        self, content: bytes, folder: str, suffix: str = "", size: int | None = None
    ) -> SentFile:
        """Store the content, unless it is stored already, and return it with a new `file_id`.

        Args:
            content: the bytes that a download gives.
            folder: first part of `file_path`, such as "photos".
            suffix: of `file_path`, with the dot, such as ".jpg".
            size: declared number of bytes, if it is not the content's.
        """
        declared = len(content) if size is None else size
        digest = hashlib.sha256(content).digest()
        key = (f"{folder}/{digest.hex()}{suffix}", declared)
        if (file := self._files.get(key)) is None:
            unique_id = "AQAD" + base64.urlsafe_b64encode(digest[:9]).decode()
            path = f"{folder}/file_{next(self._count)}{suffix}"
            file = self._files[key] = StoredFile(unique_id, content, declared, path)
        unique = base64.urlsafe_b64encode(digest[:15] + next(self._count).to_bytes(6)).decode()
        sent = SentFile(f"AgACAgIAAxkB{unique}", file)
        self._sent[sent.file_id] = file
        return sent

    def by_id(self, file_id: str) -> StoredFile | None:
        """Return the file that was sent with this `file_id`."""
        return self._sent.get(file_id)

    def open_for_download(self, file: StoredFile) -> str:
        """Return the path from which the file can be downloaded from now on."""
        self._paths[file.path] = file
        return file.path

    def by_path(self, path: str) -> StoredFile | None:
        """Return the file that was opened for download at this path."""
        return self._paths.get(path)

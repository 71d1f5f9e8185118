"""Files that Telegram's servers keep.

A `file_unique_id` names a content for ever; a `file_id` is a bot's handle to it, a new one each
time the file is sent, and the only thing that getFile takes.
"""

import base64
import hashlib
import itertools
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A content. `size` in bytes is what Telegram declares; tests may claim more than there is."""

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
        """Store the content (once) and give it a new `file_id`.

        Args:
            content: the bytes that a download will give.
            folder: first part of `file_path`, e.g. "photos".
            suffix: with the dot, e.g. ".jpg".
            size: declared bytes, if not those of the content.
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
        return self._sent.get(file_id)

    def open_for_download(self, file: StoredFile) -> str:
        """Path under which the file may now be fetched; getFile opens it."""
        self._paths[file.path] = file
        return file.path

    def by_path(self, path: str) -> StoredFile | None:
        return self._paths.get(path)

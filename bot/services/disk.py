"""How much room is left where our files are."""

import os
from dataclasses import dataclass
from pathlib import Path

# With less than this, a disk counts as full: SQLite and NATS write a few MB at once.
LEAST_ROOM = 8 * 2**20
_LEAST_FILES = 16


@dataclass(frozen=True)
class Disk:
    """The file system of a folder.

    Attributes:
        setting: the name of the setting with the folder.
    """

    folder: Path
    setting: str = "DATA_DIR"

    def problem(self) -> str | None:
        """Return a sentence if nothing more can be written; None while there is room."""
        where = f"{self.setting} ({self.folder})"
        try:
            found = os.statvfs(self.folder)
        except OSError as error:
            return f"{where} can't be read: {error.strerror}."
        room = found.f_bavail * found.f_frsize
        if found.f_flag & os.ST_RDONLY:
            return f"the file system of {where} is read-only."
        if room < LEAST_ROOM:
            return f"the disk of {where} is full: {room / 2**20:.1f} MB are left. Make room there."
        if found.f_files and found.f_favail < _LEAST_FILES:
            return f"the disk of {where} is full: it holds no more files. Remove some."
        return None

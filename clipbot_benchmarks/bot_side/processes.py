"""Memory and work of processes, as Linux's /proc tells them."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


def can_be_told() -> bool:
    """False on systems without /proc."""
    return (_PROC / "self" / "status").is_file()


@dataclass(frozen=True)
class Members:
    """The processes of one `clipbot run`, by their part: bot, worker, nats-server."""

    pids: dict[str, int]

    def memory(self) -> dict[str, int]:
        """Resident bytes of each, files that are mapped included."""
        return {name: resident(pid) for name, pid in self.pids.items()}

    def core_seconds(self) -> dict[str, float]:
        """What each has worked so far."""
        return {name: core_seconds(pid) for name, pid in self.pids.items()}


def members(pid: int) -> Members:
    """Those of the session that process leads, as far as they have their final program."""
    found = {"bot": pid}
    for folder in _PROC.glob("[0-9]*"):
        try:
            session = (folder / "stat").read_bytes().rpartition(b")")[2].split()[3]
            if int(session) != pid or int(folder.name) == pid:
                continue
            words = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")
        except OSError:  # it ended while we looked
            continue
        if "bot.services.parent_death" in words:
            continue
        if words[:1] and words[0].endswith("nats-server"):
            found["nats-server"] = int(folder.name)
        elif "worker" in words:
            found["worker"] = int(folder.name)
    return Members(found)


def resident(pid: int) -> int:
    """Resident memory in bytes."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1_024
    return 0


def core_seconds(pid: int) -> float:
    """Of all threads together, in user and kernel, since the process began."""
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

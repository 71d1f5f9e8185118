"""Memory and core-seconds of processes, read from Linux's /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


def has_proc() -> bool:
    """Return whether this system has a /proc to read from."""
    return (_PROC / "self" / "status").is_file()


@dataclass(frozen=True)
class BotProcesses:
    """The processes of one `clipbot run` by name: bot, worker, nats-server."""

    pids: dict[str, int]

    def memory(self) -> dict[str, int]:
        """Return the resident bytes of each, mapped files included."""
        return {name: resident(pid) for name, pid in self.pids.items()}

    def core_seconds(self) -> dict[str, float]:
        """Return the processor time of each so far, in seconds."""
        return {name: core_seconds(pid) for name, pid in self.pids.items()}


def members(pid: int) -> BotProcesses:
    """Return the processes in the session of the bot with this process id.

    Processes that have not started their final program yet are left out.
    """
    found = {"bot": pid}
    for folder in _PROC.glob("[0-9]*"):
        try:
            session = (folder / "stat").read_bytes().rpartition(b")")[2].split()[3]
            if int(session) != pid or int(folder.name) == pid:
                continue
            words = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")
        except OSError:  # it has just ended
            continue
        if "bot.services.child_command" in words:
            continue
        if words[:1] and words[0].endswith("nats-server"):
            found["nats-server"] = int(folder.name)
        elif "worker" in words:
            found["worker"] = int(folder.name)
    return BotProcesses(found)


def resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1_024
    return 0


def core_seconds(pid: int) -> float:
    """Return the processor time of all threads of a process, user and kernel, in seconds."""
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

"""Command lines and the environment of programs that run beside us and end with us.

`python -m bot.services.child_command PARENT_PID PROGRAM ARGS…` runs PROGRAM so that it does not
outlive its parent.

On Linux this asks the kernel to send SIGTERM to the process when its parent dies, for whatever
reason (prctl(2), PR_SET_PDEATHSIG), and then becomes PROGRAM, which inherits the request. Other
systems have no such request: there, the parent ends its children when it stops, and after a crash
the next start does (see `EmbeddedNatsServer.end_leftover`).

PROGRAM leads a process group of its own. Ctrl-C in a terminal goes to the whole group that was
started there, and the parent itself decides when its children end. Until that group is made, a
shell has Ctrl-C ignored: it would end Python while that starts, with a traceback.
"""

import ctypes
import os
import signal
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LOOPBACK = "127.0.0.1,localhost"
# Runs the command that follows. A parent can't set this for its child: uvloop resets all signals.
_WITHOUT_CTRL_C = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh"]


def clipbot_command(name: str) -> list[str]:
    """Return the command line of `clipbot NAME`, with the Python that runs us."""
    script = Path(sysconfig.get_path("scripts")) / "clipbot"
    if script.exists():
        return [sys.executable, str(script), name]
    return [sys.executable, "-P", "-m", "bot", name]


def tied_to_parent(program: list[str]) -> list[str]:
    """Return the command line that runs a program so that it ends when the calling process does."""
    # -P: a file bot.py in the current folder must not be run in place of our package
    wrapper = [sys.executable, "-P", "-m", "bot.services.child_command", str(os.getpid())]
    return [*_WITHOUT_CTRL_C, *wrapper, *program]


def with_direct_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with loopback added to NO_PROXY.

    Processes of one machine talk without a proxy, whatever is set for other addresses.
    """
    excepted = environment.get("no_proxy") or environment.get("NO_PROXY")
    direct = ",".join(filter(None, (excepted, _LOOPBACK)))
    return {**environment, "NO_PROXY": direct, "no_proxy": direct}


def _main() -> None:
    parent = int(sys.argv[1])
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)  # here, since uvloop knows no `process_group`
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(0)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command line is our own


if __name__ == "__main__":
    _main()

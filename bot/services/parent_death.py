"""Runs a program that must not outlive us.

`python -m bot.services.parent_death PARENT_PID PROGRAM ARGS…`

On Linux the kernel is asked to send SIGTERM to this process when its parent dies, however it dies;
then it becomes PROGRAM, which inherits the request (prctl(2), PR_SET_PDEATHSIG). Elsewhere there is
no such request, and the parent's own clean-up and the next start's (see `nats_server`) must do.

PROGRAM leads a process group of its own: Ctrl-C in a terminal goes to the whole group of what was
started there, and a parent says itself when its children end. (Ctrl-C in the moment before
that ends this process, as it ends the parent.)
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def command(program: list[str]) -> list[str]:
    """The command line that runs `program` tied to the calling process."""
    # -P: a file bot.py in the current folder must not be taken for us
    return [sys.executable, "-P", "-m", "bot.services.parent_death", str(os.getpid()), *program]


def _main() -> None:
    parent = int(sys.argv[1])
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)  # not left to the event loop: uvloop's knows no `process_group`
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(0)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command line is our own


if __name__ == "__main__":
    _main()

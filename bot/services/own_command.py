"""The command line of this very clipbot, for the processes that it starts beside itself."""

import sys
import sysconfig
from pathlib import Path


def command(name: str) -> list[str]:
    """`clipbot NAME` with the Python that runs us."""
    script = Path(sysconfig.get_path("scripts")) / "clipbot"
    if script.exists():
        return [sys.executable, str(script), name]
    return [sys.executable, "-P", "-m", "bot", name]

"""A Chromium of this machine for playwright, whose own browsers would have to be downloaded."""

import os
import shutil
from typing import Any


def find() -> str | None:
    """Path of the browser; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def launching(path: str) -> dict[str, Any]:
    """Arguments for playwright's `launch`."""
    arguments = ["--disable-gpu", "--disable-quic"]
    if os.geteuid() == 0:  # as in a container: Chromium's sandbox refuses to be root's
        arguments.append("--no-sandbox")
    return {"executable_path": path, "args": arguments}

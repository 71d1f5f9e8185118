"""Find an installed Chromium for playwright, so that no browser must be downloaded."""

import os
import shutil
from typing import Any


def find() -> str | None:
    """Return the path of the browser, or None if none is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def launching(path: str) -> dict[str, Any]:
    """Return the arguments for playwright's `launch`."""
    arguments = ["--disable-gpu", "--disable-quic"]
    if os.geteuid() == 0:  # as in a container: Chromium's sandbox does not start for root
        arguments.append("--no-sandbox")
    return {"executable_path": path, "args": arguments}

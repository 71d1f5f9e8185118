"""Keeps matplotlib's list of installed fonts up to date.

matplotlib looks for fonts when it is first used on a host, saves the list in a file and never looks
again. Without this module, charts would still show boxes after missing fonts were installed.
"""

import contextlib
import logging
import time
from pathlib import Path

import matplotlib as mpl
from matplotlib.font_manager import findSystemFonts, fontManager, json_dump

log = logging.getLogger(__name__)

# A search takes a tenth of a second, and a chart waits for it.
REFRESH_SECONDS = 600.0  # seconds

_last_refresh: list[float] = []  # monotonic seconds; empty before the first search


def families() -> frozenset[str]:
    """Return the names of all font families in the list."""
    return frozenset(font.name for font in fontManager.ttflist)


def path() -> Path:
    """Return the file in which matplotlib saves the list."""
    return Path(mpl.get_cachedir(), f"fontlist-v{fontManager.__version__}.json")


def refresh(every: float = REFRESH_SECONDS) -> bool:
    """Add fonts that were installed since the last search; return whether there are any.

    Args:
        every: do nothing within this many seconds of the last search.
    """
    now = time.monotonic()
    if _last_refresh and now - _last_refresh[0] < every:
        return False
    _last_refresh[:] = [now]
    before = families()
    known = {font.fname for font in fontManager.ttflist}
    for file in sorted(set(findSystemFonts()) - known):
        # matplotlib can't use colour emoji fonts and broken files.
        with contextlib.suppress(Exception):
            fontManager.addfont(file)
    new = families() - before
    if new:
        log.info("Found new fonts: %s.", ", ".join(sorted(new)))
        with contextlib.suppress(OSError):
            json_dump(fontManager, path())
    return bool(new)

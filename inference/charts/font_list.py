"""The list of fonts that matplotlib made once and keeps in a file, brought up to date.

matplotlib looks for fonts at its very first start on a host, and never again by itself: whoever
installs fonts because a chart shows boxes would go on seeing boxes.
"""

import contextlib
import logging
import time
from pathlib import Path

import matplotlib as mpl
from matplotlib.font_manager import findSystemFonts, fontManager, json_dump

log = logging.getLogger(__name__)

# A look takes a tenth of a second, which a chart waits for.
LOOK_EVERY = 600.0  # seconds

_looked_at: list[float] = []  # monotonic; the last time only


def families() -> frozenset[str]:
    """Return the names of all font families that are known to be installed."""
    return frozenset(font.name for font in fontManager.ttflist)


def path() -> Path:
    """Return the file in which matplotlib keeps its list."""
    return Path(mpl.get_cachedir(), f"fontlist-v{fontManager.__version__}.json")


def look_again(every: float = LOOK_EVERY) -> bool:
    """Take in the fonts that were installed since; return whether there were any.

    Args:
        every: nothing is done within so many seconds of the last look.
    """
    now = time.monotonic()
    if _looked_at and now - _looked_at[0] < every:
        return False
    _looked_at[:] = [now]
    before = families()
    known = {font.fname for font in fontManager.ttflist}
    for file in sorted(set(findSystemFonts()) - known):
        # Colour emoji and broken files can't be lettered with.
        with contextlib.suppress(Exception):
            fontManager.addfont(file)
    new = families() - before
    if new:
        log.info("Fonts that are new here: %s.", ", ".join(sorted(new)))
        with contextlib.suppress(OSError):
            json_dump(fontManager, path())
    return bool(new)

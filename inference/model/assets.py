"""Where files that clipbot makes of a checkpoint are kept: in the cache of huggingface_hub."""

import contextlib
import logging
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from inference.model.hub import checkpoint_files

# What was not used for this long belongs to an older checkpoint or library.
_UNUSED = 7 * 24 * 3_600.0  # seconds

log = logging.getLogger(__name__)


def folder_for(kind: str, model: str) -> Path | None:
    """Return the folder for what is made of a model; None if there is no cache.

    Args:
        kind: what is made, as a name for a folder.
        model: as CLIP_MODEL.
    """
    own = checkpoint_files.own_folder(model)
    name = re.sub(r"[^\w.-]+", "--", str(own.resolve()) if own else model).strip("-.")[-100:]
    from huggingface_hub import cached_assets_path  # not at the top: it is slow to import

    try:
        return cached_assets_path("clipbot", namespace=kind, subfolder=name)
    except (OSError, ValueError) as error:
        log.info("There is no place for files made of models (%s).", error)
        return None


def delete_unused(entries: Iterable[Path]) -> None:
    """Delete those of these files and folders that were not used for a week."""
    for entry in entries:
        with contextlib.suppress(OSError):
            parts = (entry, *entry.iterdir()) if entry.is_dir() else (entry,)
            if time.time() - max(part.stat().st_mtime for part in parts) <= _UNUSED:
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

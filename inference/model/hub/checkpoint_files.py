"""Finds the files that a CLIP_MODEL names, without torch."""

import hashlib
import logging
import os
import re
from importlib import metadata
from pathlib import Path

from inference.model.hub import cache, download, faults
from inference.model.hub.faults import HubFault
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import DEMO_MODEL

DEMO_FOLDER = Path(__file__).parents[2] / "demo_model"

# A name on the hub, roughly; `validate_repo_id` of huggingface_hub decides.
_HUB_ID = re.compile(r"([\w.-]+/)?[\w.-]{1,96}")

# Weights, in the order of preference: only files of the first kind that exists are read.
_WEIGHTS = ("*.safetensors", "*.bin")
_SETTINGS = ("*.json", "*.txt", "*.model")

# A digest reads this many bytes at this many places of a file. Files up to 13 MB are read whole.
_SAMPLE = 2**16
_SAMPLES = 200

# Libraries whose versions change the numbers in an exported model.
_LIBRARIES = ("clipbot", "openvino", "pillow", "tokenizers", "torch", "transformers")

log = logging.getLogger(__name__)


def own_folder(name: str) -> Path | None:
    """Return the folder that this CLIP_MODEL means; None if it is a hub id.

    Raises:
        ModelUnavailable: it means a folder that does not exist or holds no checkpoint.
    """
    folder = DEMO_FOLDER if name == DEMO_MODEL else Path(os.path.expanduser(name))  # noqa: PTH111
    meant_as_path = name.startswith(("/", ".", "~")) or name.count("/") > 1
    if name == DEMO_MODEL and not (folder / "config.json").is_file():
        raise ModelUnavailable(
            "CLIP_MODEL is 'demo', but the bundled model is missing here; install clipbot again."
        )
    # Unlike the methods of Path, these return False for a name that can't be a path.
    if os.path.isdir(folder):  # noqa: PTH112
        if not (folder / "config.json").is_file():
            raise ModelUnavailable(
                f"CLIP_MODEL is {name!r}, but that folder holds no config.json: "
                "it is not a checkpoint in the format of transformers."
            )
        return folder
    if os.path.exists(folder):  # noqa: PTH110
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, which is a file; name the folder that it is in."
        )
    if meant_as_path:
        raise ModelUnavailable(f"CLIP_MODEL is {name!r}, but there is no such folder.")
    return None


def locate(name: str) -> Path:
    """Return the folder with a checkpoint's files; fetch them from the hub if they are missing.

    If the hub's cache has a complete snapshot, the hub is not asked.

    Args:
        name: as CLIP_MODEL.

    Raises:
        ModelUnavailable: there is no such checkpoint, or it can't be fetched; one sentence says
            why and what to do.
    """
    if found := _find(name):
        return found
    try:
        return download.fetch(name)
    except HubFault as fault:
        why = f"it is not in the cache and {fault}, or choose a folder or demo"
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, but {why if fault.unasked else fault}.", passing=fault.passing
        ) from fault


def is_local(name: str) -> bool:
    """Return whether loading needs no download; also True for a name that can't be loaded."""
    try:
        return _find(name) is not None or not _HUB_ID.fullmatch(name)
    except ModelUnavailable:
        return True


def _find(name: str) -> Path | None:
    return own_folder(name) or cache.find_complete(name)


def renew(name: str) -> None:
    """Fetch a newer revision of a model from the hub, for the next start. Never raises."""
    try:
        if faults.is_offline() or own_folder(name):
            return
        loaded = cache.find_complete(name)
        if loaded and (newer := download.renew(name, loaded)):
            log.info("Fetched a newer revision of %s (%s): the next start uses it.", name, newer)
    except Exception as error:  # the loaded model works without it
        log.info("Can't find out whether there is a newer revision of %s: %s.", name, error)


def weight_bytes(folder: Path) -> int:
    """Return the size of a checkpoint's weights in bytes, all files together."""
    kinds = (sorted(folder.glob(kind)) for kind in _WEIGHTS)
    chosen = next((files for files in kinds if files), [])
    return sum(file.stat().st_size for file in chosen)


def digest(folder: Path, *others: str) -> str:
    """Return a digest of a checkpoint's files, of the libraries that read them, and of `others`.

    Large files are sampled: a training step changes nearly all weights, and so the samples.
    """
    found = hashlib.sha256()
    for file in sorted(file for kind in (*_SETTINGS, *_WEIGHTS) for file in folder.glob(kind)):
        found.update(file.name.encode())
        found.update(_sampled(file))
    libraries = [(name, _version(name)) for name in _LIBRARIES]
    found.update(repr((libraries, others)).encode())
    return found.hexdigest()[:32]


def _sampled(file: Path) -> bytes:
    size = file.stat().st_size
    content = hashlib.sha256(str(size).encode())
    with file.open("rb") as opened:
        for start in range(0, size, max(_SAMPLE, size // _SAMPLES)):
            opened.seek(start)
            content.update(opened.read(_SAMPLE))
    return content.digest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # such as clipbot itself, run from its source
        return ""

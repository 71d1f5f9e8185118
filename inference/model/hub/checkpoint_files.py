"""Where a checkpoint's files are, found without torch."""

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

# A name on the hub: see `validate_repo_id` in huggingface_hub, which has the last word.
_HUB_ID = re.compile(r"([\w.-]+/)?[\w.-]{1,96}")

# The first kind that is there is read.
_WEIGHTS = ("*.safetensors", "*.bin")
_SETTINGS = ("*.json", "*.txt", "*.model")

_SAMPLE = 2**16  # bytes
_SAMPLES = 200  # of a file; all of one of 13 MB

# What the numbers in an exported model depend on besides the checkpoint.
_LIBRARIES = ("clipbot", "openvino", "pillow", "tokenizers", "torch", "transformers")

log = logging.getLogger(__name__)


def own_folder(name: str) -> Path | None:
    """Return the folder that this CLIP_MODEL means; None where it is a hub id.

    Raises:
        ModelUnavailable: it means a folder, and that is not there or no checkpoint.
    """
    folder = DEMO_FOLDER if name == DEMO_MODEL else Path(os.path.expanduser(name))  # noqa: PTH111
    meant_as_path = name.startswith(("/", ".", "~")) or name.count("/") > 1
    if name == DEMO_MODEL and not (folder / "config.json").is_file():
        raise ModelUnavailable(
            "CLIP_MODEL is 'demo', but the bundled model is missing here; install clipbot again."
        )
    # Unlike Path's methods, these say no of a name that is too long for a path, or none at all.
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
    """Return the folder with a checkpoint's files, fetched from the hub only where it must be.

    A complete snapshot in the hub's cache is taken without asking the hub.

    Args:
        name: as CLIP_MODEL.

    Raises:
        ModelUnavailable: with one sentence that says why, and what to do.
    """
    if found := _here(name):
        return found
    try:
        return download.fetch(name)
    except HubFault as fault:
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, but {fault}.", passing=fault.passing
        ) from fault


def is_here(name: str) -> bool:
    """Return whether loading will fetch nothing; also for a name that says what is wrong."""
    try:
        return _here(name) is not None or not _HUB_ID.fullmatch(name)
    except ModelUnavailable:
        return True


def _here(name: str) -> Path | None:
    return own_folder(name) or cache.find_complete(name)


def renew(name: str) -> None:
    """Fetch a newer revision of what was loaded from the hub's cache, for the next start."""
    try:
        if faults.is_offline() or own_folder(name):
            return
        loaded = cache.find_complete(name)
        if loaded and (newer := download.renew(name, loaded)):
            log.info("A newer revision of %s has come (%s): the next start takes it.", name, newer)
    except Exception as error:  # the model that is loaded answers all the same
        log.info("Whether there is a newer revision of %s is not known: %s.", name, error)


def weight_bytes(folder: Path) -> int:
    """How large the files of weights are that are there, all together."""
    kinds = (sorted(folder.glob(kind)) for kind in _WEIGHTS)
    chosen = next((files for files in kinds if files), [])
    return sum(file.stat().st_size for file in chosen)


def digest(folder: Path, *others: str) -> str:
    """Changes with what is in a checkpoint's files, with libraries that read them, and `others`.

    Of large files it looks at samples, which differ in whatever was trained a step further.
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
    except metadata.PackageNotFoundError:  # run from its source, say
        return ""

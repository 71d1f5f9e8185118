"""Where a checkpoint's files are, found without torch."""

import hashlib
import sys
from importlib import metadata
from pathlib import Path

from inference.errors import ModelUnavailable
from inference.settings import DEMO_MODEL

DEMO_FOLDER = Path(__file__).parent / "demo_model"

# The first kind that is there is read.
_WEIGHTS = ("*.safetensors", "*.bin")
_SETTINGS = ("*.json", "*.txt", "*.model")

_SAMPLE = 2**16  # bytes
_SAMPLES = 200  # of a file; all of one of 13 MB

# What the numbers in an exported model depend on besides the checkpoint.
_LIBRARIES = ("clipbot", "openvino", "pillow", "tokenizers", "torch", "transformers")


def locate(name: str) -> str:
    """What transformers shall load for this CLIP_MODEL: a folder, or a hub id as it is.

    Raises:
        ModelUnavailable: it means a folder, and that is not there or no checkpoint.
    """
    folder = DEMO_FOLDER if name == DEMO_MODEL else Path(name).expanduser()
    meant_as_path = name.startswith(("/", ".", "~")) or name.count("/") > 1
    if name == DEMO_MODEL and not (folder / "config.json").is_file():
        raise ModelUnavailable(
            "CLIP_MODEL is 'demo', but the bundled model is missing here; install clipbot again."
        )
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelUnavailable(
                f"CLIP_MODEL is {name!r}, but that folder holds no config.json: "
                "it is not a checkpoint in the format of transformers."
            )
        return str(folder)
    if folder.exists():
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, which is a file; name the folder that it is in."
        )
    if meant_as_path:
        raise ModelUnavailable(f"CLIP_MODEL is {name!r}, but there is no such folder.")
    return name


def own_folder(name: str) -> Path | None:
    """The folder that this CLIP_MODEL means; None where it is a hub id.

    Raises:
        ModelUnavailable: see `locate`.
    """
    source = Path(locate(name))
    return source if source.is_dir() else None


def latest(name: str) -> Path | None:
    """The folder of a checkpoint's files: its own, or that of the hub's latest revision.

    Returns:
        In the hub's cache there may be as yet no more than the configuration. None where the model
        is neither there nor to be had from the hub.

    Raises:
        ModelUnavailable: see `locate`.
    """
    if own := own_folder(name):
        return own
    # here and not above: they take a while to import
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    if not sys.stderr.isatty():  # in a service's log, bars are noise
        disable_progress_bars()
    try:
        # Asks which revision is the latest, as transformers does, and answers from the cache where
        # the hub is out of reach.
        return Path(hf_hub_download(name, "config.json")).parent
    except HFValidationError:
        return None
    except Exception:
        return _cached(name)


def is_here(name: str) -> bool:
    """Whether loading will fetch nothing; also of a name with which it will say what is wrong."""
    from huggingface_hub.errors import HFValidationError

    try:
        return own_folder(name) is not None or _cached(name) is not None
    except (ModelUnavailable, HFValidationError):
        return True


def _cached(name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json")
    return Path(found).parent if isinstance(found, str) else None


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

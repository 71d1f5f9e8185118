"""Where a checkpoint's files are, found without torch."""

import hashlib
from importlib import metadata
from pathlib import Path

from inference.errors import ModelUnavailable
from inference.settings import DEMO_MODEL

DEMO_FOLDER = Path(__file__).parent / "demo_model"

_WEIGHTS = ("*.safetensors", "*.bin")

# What the numbers in an exported model depend on besides the checkpoint.
_LIBRARIES = ("clipbot", "openvino", "torch", "transformers")


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


def folder_of(name: str) -> Path | None:
    """The folder of a checkpoint's files; None of one that is still to be fetched from the hub.

    Raises:
        ModelUnavailable: see `locate`.
    """
    source = Path(locate(name))
    if source.is_dir():
        return source
    # it comes with transformers; not above, since it takes a while
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        # Asks which revision is the latest, as transformers does, and answers from the cache where
        # the hub is out of reach.
        return Path(hf_hub_download(name, "config.json")).parent
    except HFValidationError:
        return None
    except Exception:
        found = try_to_load_from_cache(name, "config.json")
        return Path(found).parent if isinstance(found, str) else None


def weight_bytes(folder: Path) -> int:
    """How large the files of weights are, all together."""
    return sum(file.stat().st_size for kind in _WEIGHTS for file in folder.glob(kind))


def digest(folder: Path, version: int) -> str:
    """Changes with the checkpoint's files, the libraries that read them, and `version`."""
    files = [
        (file.name, stat.st_size, stat.st_mtime_ns)
        for file in sorted(folder.iterdir())
        if file.is_file()
        for stat in [file.stat()]
    ]
    libraries = [(name, _version(name)) for name in _LIBRARIES]
    return hashlib.sha256(repr((version, files, libraries)).encode()).hexdigest()[:32]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # run from its source, say
        return ""

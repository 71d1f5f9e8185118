"""Why a checkpoint can't be loaded: one sentence for the person who set CLIP_MODEL."""

import contextlib
import errno
import json
import pickle
import zipfile
from pathlib import Path

import torch

from inference.model.hub import cache, faults

# The first bytes of a Git LFS pointer, the text that stands for a file. Source: the specification
# of Git LFS.
_LFS_POINTER = b"version https://git-lfs"

# Phrases in torch's error if a pickle file names something that it must not call. Errors about
# files that are cut off, or that are not pickle files, have none of them.
# Source: torch/_weights_only_unpickler.py.
_REFUSED = (
    "Unsupported global",
    "unsupported GLOBAL",
    "allowlisted via",
    "Trying to call reduce",
)


def explain(name: str, error: BaseException, folder: Path | None = None) -> str:
    """Return one sentence for the person who set CLIP_MODEL: what is wrong and what to do.

    Args:
        name: as CLIP_MODEL.
        error: what was raised, with its causes.
        folder: of the checkpoint's files, if it is known.
    """
    return f"CLIP_MODEL is {name!r}, but {_reason(list(faults.chain(error)), name, folder)}"


def _reason(errors: list[BaseException], name: str, folder: Path | None) -> str:
    def any_of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(error, kinds) for error in errors)

    def says(*phrases: str) -> bool:
        return any(phrase in str(error) for error in errors for phrase in phrases)

    if says("Missing optional dependencies: torchvision"):
        return "only torchvision can prepare its pictures: install clipbot[gpu]."
    if says("SentencePiece library", "protobuf library"):
        return "its tokenizer is read by sentencepiece and protobuf: install clipbot[worker] again."
    if says("torchvision"):
        return (
            f"the installed torchvision does not fit PyTorch {torch.__version__}: uninstall "
            "torchvision (it is optional), or install the build that was made for it."
        )
    if any_of(torch.OutOfMemoryError, MemoryError) or says("not enough memory", "allocate memory"):
        return (
            "it does not fit into memory; choose a smaller checkpoint, "
            "or CLIP_DTYPE=float16 (CUDA) or bfloat16."
        )
    for error in errors:
        if isinstance(error, OSError) and (full := faults.of_disk(error)):
            return f"{full}."
    if says("trust_remote_code", "contains custom code"):
        return "it needs code from its repository, which clipbot never runs; choose another one."
    if says("does not recognize this architecture"):
        return (
            "the installed transformers does not know its architecture; update transformers, or "
            "choose another model."
        )
    if says("Unrecognized configuration class", "Unrecognized model", "should have a `model_type`"):
        return (
            "it is not a model that compares pictures with texts; choose a checkpoint of CLIP, "
            "SigLIP or a relative."
        )
    if fault := faults.of_error(errors[0]):
        return f"{fault}."
    if _wants_code(errors):
        return (
            "its weights are a pickle file that wants to run code when it is read, which clipbot "
            "never does; choose a checkpoint with safetensors."
        )
    if folder and (pointer := _pointer(folder)):
        return (
            f"{pointer.name} in {folder} is a pointer of Git LFS and not the file itself; get that "
            "with `git lfs pull`, or name the model by its hub id."
        )
    if says("Error no file named", "does not appear to have"):
        return f"files are missing{_where(folder)}: it holds no complete checkpoint."
    if _is_damage(errors) or says("PytorchStreamReader", "mismatched_sizes", "valid JSON"):
        return f"its files are damaged or incomplete; {_removal(name, folder)}."
    first = " ".join(str(errors[0]).split()) or "no reason is given"
    return f"it can't be loaded ({type(errors[0]).__name__}: {first[:200].rstrip('.')})."


def _where(folder: Path | None) -> str:
    return f" in {folder}" if folder else " there"


def _removal(name: str, folder: Path | None) -> str:
    """Return how to replace damaged files: remove them from the cache, or copy them again."""
    cached = cache.model_folder(name)
    if folder is None or folder.is_relative_to(cached):
        return f"remove {cached}, so that they are fetched again"
    return f"put whole ones into {folder}"


def _wants_code(errors: list[BaseException]) -> bool:
    """Return whether torch refused to run what a pickle file names."""
    return any(words in str(error) for error in errors for words in _REFUSED)


def _pointer(folder: Path) -> Path | None:
    """Return a file of weights that is only a Git LFS pointer, as in a clone without Git LFS."""
    for file in cache.weight_files(folder) or ():
        with contextlib.suppress(OSError), file.open("rb") as opened:
            if opened.read(len(_LFS_POINTER)) == _LFS_POINTER:
                return file
    return None


def _is_damage(errors: list[BaseException]) -> bool:
    from safetensors import SafetensorError

    kinds = (
        SafetensorError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        json.JSONDecodeError,
        UnicodeDecodeError,
        EOFError,
    )
    # EINVAL: mapping a zip archive into memory that ends before its table of contents
    return any(
        isinstance(error, kinds) or (isinstance(error, OSError) and error.errno == errno.EINVAL)
        for error in errors
    )

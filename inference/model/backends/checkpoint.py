"""Finding a checkpoint, loading it, and saying in one sentence why that did not work.

Only safetensors, or else `torch.load(weights_only=True)`; never code from a repository.
"""

import contextlib
import errno
import inspect
import json
import logging
import os
import pickle
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from inference.model.encoder.tokenization import keep_to_one_thread, lower_case_as_trained
from inference.model.hub import cache, faults
from inference.model.hub.checkpoint_files import locate
from inference.model.precision import bfloat16
from inference.protocol.errors import ModelUnavailable

# How the text begins that stands for a file; see the specification of Git LFS.
_LFS_POINTER = b"version https://git-lfs"

# How torch says that a pickle file names what it may not call; a file that is cut off, or none at
# all, is told of in other words. Source: torch/_weights_only_unpickler.py.
_REFUSED = (
    "Unsupported global",
    "unsupported GLOBAL",
    "allowlisted via",
    "Trying to call reduce",
)

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

PRIMITIVE_CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
_PRIMITIVES = 128

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A model with what turns pictures and texts into its inputs, all from one place."""

    name: str
    model: Any  # transformers' classes share no type that names what we use of them
    tokenizer: Any
    image_processor: Any
    device: torch.device
    dtype: torch.dtype

    @property
    def family(self) -> str:
        """The architecture's name, such as `clip` or `siglip2`."""
        return str(self.model.config.model_type)

    @property
    def dtype_name(self) -> str:
        """As CLIP_DTYPE has it."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def image_size(self) -> int:
        """Shorter side, in pixels, that the model looks at."""
        processor = self.image_processor
        crops = getattr(processor, "do_center_crop", False)
        for size in (processor.crop_size if crops else None, getattr(processor, "size", None)):
            if size is not None:
                sides = [getattr(size, name, None) for name in ("height", "width", "shortest_edge")]
                if known := [side for side in sides if side]:
                    return int(min(known))
        # NaFlex: any shape of at most so many square patches
        return int(processor.patch_size * processor.max_num_patches**0.5)

    @property
    def inputs(self) -> frozenset[str]:
        """Names of the tensors that the model takes."""
        return frozenset(inspect.signature(self.model.forward).parameters)


def pick_device(wanted: str) -> torch.device:
    """`auto` is the first CUDA device where there is one.

    Raises:
        ModelUnavailable: a CUDA device is asked for that is not there.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        found = torch.cuda.device_count()
        raise ModelUnavailable(
            f"CLIP_DEVICE is {wanted}, but PyTorch {torch.__version__} sees {found or 'no'} CUDA "
            "devices here; choose auto or cpu, or install a driver and a CUDA build of PyTorch."
        )
    return device


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """`auto` is float16 on CUDA and float32 on a CPU, where `Engine.load` may find better."""
    if wanted == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    return DTYPES[wanted]


def has_native_bfloat16() -> bool:
    """Whether torch can use instructions of this CPU for it."""

    def asked() -> bool:
        able = torch.cpu.get_capabilities()
        return bool(able.get("avx512_bf16") or able.get("amx_bf16"))

    return bfloat16.is_native(asked)


def bound_primitive_caches() -> None:
    """Before torch computes: keep fewer of oneDNN's primitives, which are made for one shape each.

    Label sets of any number and length bring hundreds of shapes. oneDNN and ideep, through which
    torch calls it, keep 1,024 of up to 0.8 MB each: a worker grew by 800 MB within 2,000 label sets
    in bfloat16. 128 hold those of all batch sizes and of the last label sets.

    Source: https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html, and ideep's
        lru_cache.hpp.
    """
    for name in PRIMITIVE_CACHES:
        os.environ.setdefault(name, str(_PRIMITIVES))


def load(name: str, device: torch.device, dtype: torch.dtype) -> Checkpoint:
    """Loads a checkpoint from the model hub (or its cache), from a folder, or the bundled one.

    Args:
        name: a hub id, a folder, or `demo`.

    Raises:
        ModelUnavailable: with one sentence that says why, and what to do.
    """
    folder = locate(name)
    source = str(folder)
    keep_to_one_thread()
    bound_primitive_caches()
    try:
        # Here, not above: a torchvision whose build does not match torch breaks these imports.
        from transformers import (
            AutoImageProcessor,
            AutoModelForZeroShotImageClassification,
            AutoTokenizer,
        )
        from transformers.utils import logging as transformers_logging

        if "TRANSFORMERS_VERBOSITY" not in os.environ:
            # Its warnings are about training and texts that are written, and about files of ours
            # that it reads well. What matters comes as an error.
            transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        with _progress_bars_on_terminals_only():
            model, report = AutoModelForZeroShotImageClassification.from_pretrained(
                source,
                local_files_only=True,  # all that there is has been fetched
                dtype=dtype,
                output_loading_info=True,
                weights_only=True,
                trust_remote_code=False,  # unset, it would ask on the terminal
            )
            tokenizer = AutoTokenizer.from_pretrained(
                source, local_files_only=True, trust_remote_code=False
            )
            lower_case_as_trained(tokenizer, model.config.model_type)
            # Pillow's pixels are those that CLIP was trained on, whether torchvision is there or
            # not. And of many pictures at once torchvision, whose every call wants all cores,
            # prepares on 16 cores 1.7 times as many as of one at a time (docs/benchmarks.md).
            image_processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                source, local_files_only=True, backend="pil", trust_remote_code=False
            )
            model = model.to(device).eval().requires_grad_(False)
    except Exception as error:
        raise ModelUnavailable(explain(name, error, folder)) from error
    if missing := sorted(report["missing_keys"]):
        # transformers fills these with random numbers and goes on.
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, but its weights lack {len(missing)} of the tensors that a "
            f"{model.config.model_type} model needs (such as {missing[0]}); "
            "the file is incomplete or of another model."
        )
    if tokenizer("cat")["input_ids"] == tokenizer("dog")["input_ids"]:
        # Without tokenizer files, transformers makes a tokenizer that knows no words and goes on.
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, but its tokenizer knows no words; "
            "files such as tokenizer.json are missing there."
        )
    return Checkpoint(name, model, tokenizer, image_processor, device, dtype)


def explain(name: str, error: BaseException, folder: Path | None = None) -> str:
    """One sentence for the person who set CLIP_MODEL: what is wrong, and what to do.

    Args:
        folder: of the checkpoint's files, where that is known.
    """
    return f"CLIP_MODEL is {name!r}, but {_reason(list(faults.chain(error)), name, folder)}"


def _reason(errors: list[BaseException], name: str, folder: Path | None) -> str:
    def any_of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(error, kinds) for error in errors)

    def says(*phrases: str) -> bool:
        return any(phrase in str(error) for error in errors for phrase in phrases)

    if says("Missing optional dependencies: torchvision"):
        return "its pictures are prepared by torchvision: install clipbot[gpu]."
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
    """Say which files have to go, and who brings new ones."""
    cached = cache.model_folder(name)
    if folder is None or folder.is_relative_to(cached):
        return f"remove {cached}, so that they are fetched again"
    return f"put whole ones into {folder}"


def _wants_code(errors: list[BaseException]) -> bool:
    """Return whether torch refused to run what a pickle file names."""
    return any(words in str(error) for error in errors for words in _REFUSED)


def _pointer(folder: Path) -> Path | None:
    """Return a file of weights that is but a pointer, as in a clone without Git LFS."""
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
    # EINVAL: a zip archive that ends before its own table of contents, mapped into memory
    return any(
        isinstance(error, kinds) or (isinstance(error, OSError) and error.errno == errno.EINVAL)
        for error in errors
    )


@contextlib.contextmanager
def _progress_bars_on_terminals_only() -> Iterator[None]:
    """Show bars for downloads, and those on a terminal only: in a service's log they are noise.

    transformers' own bar, of weights that are read within a second, would paint over our spinner.
    """
    from huggingface_hub.utils import enable_progress_bars  # type: ignore[attr-defined]
    from transformers.utils import logging as transformers_logging

    was_on = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if was_on and sys.stderr.isatty():
        enable_progress_bars()  # transformers has disabled those of the hub, too
    try:
        yield
    finally:
        if was_on:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]

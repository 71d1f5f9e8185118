"""Loads a checkpoint with transformers: the model, its tokenizer and its image processor.

Weights are read from safetensors, or else by `torch.load(weights_only=True)`. Code from a
repository is never run.
"""

import contextlib
import inspect
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from inference.model.backends.checkpoint_errors import explain
from inference.model.encoder.tokenization import lower_case_as_trained, use_one_thread
from inference.model.hub.checkpoint_files import locate
from inference.model.precision import bfloat16
from inference.protocol.errors import ModelUnavailable

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

PRIMITIVE_CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
_PRIMITIVES = 128

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A model of transformers and what turns images and texts into its inputs."""

    name: str
    model: Any  # the classes of transformers share no type with the methods that are used here
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
        """The dtype as CLIP_DTYPE names it."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def image_size(self) -> int:
        """Shorter side of the model's input, in pixels."""
        processor = self.image_processor
        crops = getattr(processor, "do_center_crop", False)
        for size in (processor.crop_size if crops else None, getattr(processor, "size", None)):
            if size is not None:
                sides = [getattr(size, name, None) for name in ("height", "width", "shortest_edge")]
                if known := [side for side in sides if side]:
                    return int(min(known))
        # NaFlex: any shape with at most `max_num_patches` square patches
        return int(processor.patch_size * processor.max_num_patches**0.5)

    @property
    def input_names(self) -> frozenset[str]:
        """Names of the tensors that the model takes."""
        return frozenset(inspect.signature(self.model.forward).parameters)


def pick_device(wanted: str) -> torch.device:
    """Return the device to use; `auto` is the first CUDA device, or the CPU if there is none.

    Args:
        wanted: as CLIP_DEVICE.

    Raises:
        ModelUnavailable: the CUDA device does not exist.
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
    """Return the dtype to compute in; `auto` is float16 on CUDA and float32 on a CPU.

    On a CPU, `inference.model.backend_choice` may replace the float32 of `auto` by bfloat16.

    Args:
        wanted: as CLIP_DTYPE.
    """
    if wanted == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    return DTYPES[wanted]


def has_native_bfloat16() -> bool:
    """Return whether torch can use bfloat16 instructions of this CPU."""

    def detect() -> bool:
        features = torch.cpu.get_capabilities()
        return bool(features.get("avx512_bf16") or features.get("amx_bf16"))

    return bfloat16.is_native(detect)


def limit_primitive_caches() -> None:
    """Limit how many primitives oneDNN keeps. Must run before torch computes anything.

    oneDNN makes a primitive for each shape, and label sets of any number and length have hundreds
    of shapes. oneDNN and ideep, through which torch calls it, keep 1,024 primitives of up to
    0.8 MB each: a worker grew by 800 MB within 2,000 label sets in bfloat16. 128 are enough for
    all batch sizes and the latest label sets. Values that the host has set are kept.

    Source: https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html, and ideep's
        lru_cache.hpp.
    """
    for name in PRIMITIVE_CACHES:
        os.environ.setdefault(name, str(_PRIMITIVES))


def load(name: str, device: torch.device, dtype: torch.dtype) -> Checkpoint:
    """Load a checkpoint: a folder, the bundled one, or one from the model hub or its cache.

    Args:
        name: as CLIP_MODEL: a hub id, a folder, or `demo`.

    Raises:
        ModelUnavailable: the checkpoint can't be loaded; one sentence says why and what to do.
    """
    folder = locate(name)
    source = str(folder)
    use_one_thread()
    limit_primitive_caches()
    try:
        # Not at the top: a torchvision whose build does not match torch breaks these imports.
        from transformers import (
            AutoImageProcessor,
            AutoModelForZeroShotImageClassification,
            AutoTokenizer,
        )
        from transformers.utils import logging as transformers_logging

        if "TRANSFORMERS_VERBOSITY" not in os.environ:
            # Its warnings are about training, about generated text, and about files that it reads
            # correctly all the same. What matters is raised as an error.
            transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        with _progress_bars_on_terminals_only():
            model, report = AutoModelForZeroShotImageClassification.from_pretrained(
                source,
                local_files_only=True,  # `locate` has fetched everything
                dtype=dtype,
                output_loading_info=True,
                weights_only=True,
                trust_remote_code=False,  # without it, transformers would ask on the terminal
            )
            tokenizer = AutoTokenizer.from_pretrained(
                source, local_files_only=True, trust_remote_code=False
            )
            lower_case_as_trained(tokenizer, model.config.model_type)
            # CLIP was trained on Pillow's pixels, so Pillow is used even where torchvision is
            # installed. Many images are prepared in parallel, and torchvision gains little from
            # that, since each call uses all cores: on 16 cores it prepares only 1.7 times as many
            # as one at a time (docs/benchmarks.md).
            image_processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                source, local_files_only=True, backend="pil", trust_remote_code=False
            )
            model = model.to(device).eval().requires_grad_(False)
    except Exception as error:
        raise ModelUnavailable(explain(name, error, folder)) from error
    if missing := sorted(report["missing_keys"]):
        # transformers fills missing tensors with random numbers and reports no error.
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, but its weights lack {len(missing)} of the tensors that a "
            f"{model.config.model_type} model needs (such as {missing[0]}); "
            "the file is incomplete or of another model."
        )
    if tokenizer("cat")["input_ids"] == tokenizer("dog")["input_ids"]:
        # Without tokenizer files, transformers makes a tokenizer that knows no words.
        raise ModelUnavailable(
            f"CLIP_MODEL is {name!r}, but its tokenizer knows no words; "
            "files such as tokenizer.json are missing there."
        )
    return Checkpoint(name, model, tokenizer, image_processor, device, dtype)


@contextlib.contextmanager
def _progress_bars_on_terminals_only() -> Iterator[None]:
    """Show no progress bars, except those of downloads on a terminal.

    In the log of a service, bars are noise. The bar of transformers shows weights that are read
    within a second, and would overwrite the command line's spinner.
    """
    from huggingface_hub.utils import enable_progress_bars  # type: ignore[attr-defined]
    from transformers.utils import logging as transformers_logging

    was_on = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if was_on and sys.stderr.isatty():
        enable_progress_bars()  # transformers has disabled the hub's bars as well
    try:
        yield
    finally:
        if was_on:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]

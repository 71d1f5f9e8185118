"""Loads a checkpoint with the backend, device and dtype that suit it and this machine."""

import ctypes
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference import cores
from inference.model.backends import export_cache, openvino_backend
from inference.model.backends.exported_files import ExportUnsupported
from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.preprocessing import Inputs
from inference.model.encoder.scoring import FloatArray
from inference.model.precision import bfloat16
from inference.protocol.errors import ModelUnavailable

if TYPE_CHECKING:  # these import torch, which takes seconds and hundreds of megabytes
    import torch

    from inference.model.backends.checkpoint import Checkpoint
    from inference.model.backends.torch_backend import TorchModel

# Bytes of weights below which an export to OpenVINO takes longer than it saves in a day on a
# laptop: 20 million parameters in float16.
_LEAST_BYTES_FOR_OPENVINO = 40_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedModel:
    """A checkpoint in memory, and how it runs.

    Attributes:
        encoder: its two towers.
        device: such as `cpu` or `cuda:0`.
        dtype: what is computed in: `float32`, `bfloat16` or `float16`.
        torch_model: the model behind the towers; None if OpenVINO runs them.
        joint_logits: the model's own forward pass, from prepared images and tokenized texts to
            logits, float32 [images, texts]; None if the towers may run apart.
    """

    encoder: DualEncoder
    device: str
    dtype: str
    torch_model: "TorchModel | None" = None
    joint_logits: Callable[[Inputs, Inputs], FloatArray] | None = None


def load(model: str, *, device: str, dtype: str, runtime: str, threads: int) -> LoadedModel:
    """Load a checkpoint and check its answers on a few samples; see `Engine.load`.

    Raises:
        ModelUnavailable: the model can't be loaded; one sentence says why and what to do.
    """
    threads = threads or cores.available()
    if not _is_surely_cpu(device):
        from inference.model.backends import checkpoint

        device = str(checkpoint.pick_device(device))
    required = runtime == "openvino"
    if device not in ("auto", "cpu"):
        if required:
            raise ModelUnavailable(
                "CLIP_RUNTIME is openvino, but that runs on CPUs only; set CLIP_DEVICE=cpu."
            )
    elif required or (runtime == "auto" and dtype != "float16" and openvino_backend.is_installed()):
        loaded = _load_with_openvino(model, dtype, threads, required=required)
        if loaded is not None:
            return loaded
    return _load_with_torch(model, device, dtype, threads)


def _is_surely_cpu(device: str) -> bool:
    """Return whether the model will run on the CPU, without importing torch.

    `auto` may mean a GPU if a GPU's driver is installed; only torch knows then.
    """
    if device != "auto":
        return device == "cpu"
    if Path("/dev/kfd").exists():  # AMD's driver
        return False
    try:
        ctypes.CDLL("libcuda.so.1")  # NVIDIA's
    except OSError:
        return True
    return False


def _load_with_openvino(
    model: str, dtype: str, threads: int, *, required: bool
) -> LoadedModel | None:
    """Return the model run by OpenVINO; None if that is not worth it, or not possible.

    Args:
        required: whether CLIP_RUNTIME is `openvino`, so that torch must not be used instead.

    Raises:
        ModelUnavailable: the checkpoint can't be loaded; or OpenVINO is required, and is not
            installed or can't run it.
    """
    if not openvino_backend.is_installed():
        raise ModelUnavailable(
            "CLIP_RUNTIME is openvino, but OpenVINO is not installed here: "
            "pip install 'clipbot[fast]'."
        )
    least = 0 if required else _LEAST_BYTES_FOR_OPENVINO
    try:
        encoder, chosen = export_cache.load(model, dtype, threads, least_bytes=least)
    except ExportUnsupported as reason:
        log.info("OpenVINO does not run %s: %s.", model, reason)
        if required:
            raise ModelUnavailable(
                f"CLIP_RUNTIME is openvino, but that can't run {model!r}: {reason}; "
                "set CLIP_RUNTIME=auto."
            ) from reason
        return None
    return LoadedModel(encoder, device="cpu", dtype=chosen)


def _load_with_torch(model: str, device: str, dtype: str, threads: int) -> LoadedModel:
    import torch

    from inference.model.backends import checkpoint

    found = checkpoint.pick_device(device)
    if found.type != "cpu":
        return _load_in_dtype(model, found, dtype)
    torch.set_num_threads(threads)
    exact = _load_in_dtype(model, found, dtype)
    return exact if dtype != "auto" else _load_in_bfloat16(model, exact, found) or exact


def _load_in_bfloat16(model: str, exact: LoadedModel, device: "torch.device") -> LoadedModel | None:
    """Return the same model in bfloat16; None unless it is faster there and keeps its answers."""
    from inference.model.backends import checkpoint

    assert exact.torch_model is not None
    is_small = exact.torch_model.parameters < bfloat16.LEAST_PARAMETERS
    # bfloat16 is judged by all sample images with all sample texts: only for towers that run apart.
    if is_small or exact.joint_logits or not checkpoint.has_native_bfloat16():
        return None
    try:
        rough = _load_in_dtype(model, device, "bfloat16")
    except ModelUnavailable as reason:  # no memory for both, or logits that are not finite
        log.info("%s stays in float32: %s", model, reason)
        return None
    if not rough.joint_logits and bfloat16.keeps_answers(exact.encoder, rough.encoder):
        return rough
    log.info("%s stays in float32: bfloat16 would change its answers", model)
    return None


def _load_in_dtype(model: str, device: "torch.device", dtype: str) -> LoadedModel:
    import torch

    from inference.model.backends import checkpoint
    from inference.model.backends.checkpoint_errors import explain

    kind = checkpoint.pick_dtype(dtype, device)
    try:
        return run_with_torch(checkpoint.load(model, device, kind))
    except FloatingPointError as error:
        if dtype != "auto" or kind == torch.float32:
            raise ModelUnavailable(
                f"CLIP_MODEL is {model!r}, but its scores are not numbers in "
                f"{str(kind).removeprefix('torch.')}; set CLIP_DTYPE=float32."
            ) from error
        log.warning("%s overflows in float16: using float32", model)
        return run_with_torch(checkpoint.load(model, device, torch.float32))
    except ModelUnavailable:
        raise
    except Exception as error:
        raise ModelUnavailable(explain(model, error)) from error


def run_with_torch(checkpoint: "Checkpoint") -> LoadedModel:
    """Return a checkpoint run by torch, its towers apart if that gives the same logits.

    Raises:
        FloatingPointError: the model's logits are not finite in this dtype.
    """
    from inference.model.backends.torch_backend import TorchModel, can_split

    model = TorchModel(checkpoint)
    encoder = model.dual_encoder()
    device, dtype = str(checkpoint.device), checkpoint.dtype_name
    if can_split(model, encoder):
        model.prune_tokens(encoder)
        return LoadedModel(encoder, device, dtype, model)
    log.warning(
        "%s gives other scores when its towers are run apart: labels can't be cached, "
        "and classification is slower",
        checkpoint.name,
    )
    return LoadedModel(encoder, device, dtype, model, model.joint_logits)

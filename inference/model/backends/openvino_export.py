"""Exports a checkpoint to OpenVINO's format.

`python -m inference.model.backends.openvino_export MODEL FOLDER LEAST_BYTES LOG_LEVEL`

A process of its own, since torch and transformers stay in memory once they are imported. The last
thing that it does is to print a `ExportOutcome`; nothing else goes to standard output.
"""

import logging
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import msgspec
import torch

from inference import cores
from inference.model.backends import checkpoint
from inference.model.backends.export_cache import (
    IMAGES,
    MANIFEST,
    TEXTS,
    TOKENIZER,
    ExportOutcome,
    ExportUnsupported,
    Manifest,
    towers_in,
)
from inference.model.backends.openvino_backend import native_dtypes, openvino
from inference.model.backends.torch_backend import TorchModel, can_split
from inference.model.encoder.dual_encoder import PROBE_TEXTS, DualEncoder
from inference.model.encoder.preprocessing import Inputs, probes
from inference.model.hub import checkpoint_files
from inference.model.precision import bfloat16
from inference.protocol import logs
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import SharedSettings, load

log = logging.getLogger(__name__)

# Texts that tell one tokenizer from another: cases, accents, emoji, scripts, far too many words.
_SPECIMENS = (
    *PROBE_TEXTS,
    "",
    "  A Blurry   CAT's naïve “fiancé” ",
    "🏎️ Ein Hund, der im Garten spielt",
    "кошка 猫 قطة",
    "<|endoftext|> a\nb\tc",
    "a word " * 300,
)


def export(model: str, folder: Path, least_bytes: int) -> None:
    """Loads a checkpoint and writes its towers.

    Args:
        model: as CLIP_MODEL.
        folder: empty; see `inference.model.backends.export_cache` for what comes there.
        least_bytes: see `exported.load`.

    Raises:
        LeftToTorch: it can't be exported, or need not be.
        ModelUnavailable: the checkpoint can't be loaded.
        Exception: anything else that went wrong.
    """
    loaded = TorchModel(checkpoint.load(model, torch.device("cpu"), torch.float32))
    if checkpoint_files.weight_bytes(checkpoint_files.locate(model)) < least_bytes:
        raise ExportUnsupported("it is small", passing=True)  # enough for who insists
    towers = loaded.towers()
    if not can_split(loaded, towers):
        raise ExportUnsupported("its towers can't be run apart")
    loaded.shorten(towers)
    _write(loaded, towers, folder)


def _write(loaded: TorchModel, towers: DualEncoder, folder: Path) -> None:
    recipe = towers.preprocessor.recipe
    if recipe is None or not recipe.takes_any_picture:
        raise ExportUnsupported("its pictures are prepared in a way of its own")
    backend = getattr(loaded.checkpoint.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ExportUnsupported("its tokenizer is written in Python")
    backend.save(str(folder / TOKENIZER))
    own = towers.tokenizer
    if own.tokens(_SPECIMENS) != own.read(folder / TOKENIZER, own.filling).tokens(_SPECIMENS):
        raise ExportUnsupported("its tokenizer does more than its file says")
    probe = towers.probe().tolist()
    _unfuse(loaded.checkpoint.model)
    for file, method, example in (
        (IMAGES, "get_image_features", towers.preprocess(probes())),
        (TEXTS, "get_text_features", own.batch(own.tokens(PROBE_TEXTS))),
    ):
        _write_tower(loaded, method, example, folder / file)
    manifest = Manifest(
        traits=towers.traits,
        recipe=recipe,
        shortens=towers.preprocessor.shortens,
        filling=own.filling,
        probe=probe,
    )
    if _may_use_bfloat16(loaded, towers, folder, manifest):
        manifest = msgspec.structs.replace(manifest, bfloat16=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def _may_use_bfloat16(
    loaded: TorchModel, towers: DualEncoder, folder: Path, manifest: Manifest
) -> bool:
    """Whether the exported towers, compiled in bfloat16, are faster and keep the answers."""
    if loaded.parameters < bfloat16.LEAST_PARAMETERS or "bfloat16" not in native_dtypes():
        return False
    try:
        rough = towers_in(folder, manifest, "bfloat16", cores.available())
        return bfloat16.keeps_answers(towers, rough)
    except (MemoryError, RuntimeError) as error:  # OpenVINO has no other kind
        log.info("bfloat16 can't be tried: %s", error)
        return False


class _UnfusedQuickGelu(torch.nn.Module):
    """CLIP's activation in words that OpenVINO does not join with the product before it.

    `x · σ(1.702 x)`, since `σ(2 z) = ½ + ½ · tanh(z)`.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (0.5 + 0.5 * torch.tanh(0.851 * x))


def _unfuse(model: Any) -> None:
    """Spares memory where that costs no time: in the image tower, on processors without AVX-512.

    With the activation joined to them, OpenVINO packs weights in one way for a single picture and
    in another for several, which is 100 MB more for ViT-B/32; apart, in one way for all. The image
    tower is as fast then; the text tower takes a fifth longer for a few labels.
    """
    from transformers.activations import QuickGELUActivation  # not above: see `checkpoint.load`

    plain = torch.backends.cpu.get_cpu_capability() == "AVX2" and "bfloat16" not in native_dtypes()
    tower = getattr(model, "vision_model", None)
    if tower is None or not plain:
        return
    for part in list(tower.modules()):
        for name, child in part.named_children():
            if isinstance(child, QuickGELUActivation):
                setattr(part, name, _UnfusedQuickGelu())


class _Feature(torch.nn.Module):
    """A tower as one function of tensors in a fixed order, as tracing wants it."""

    def __init__(self, model: torch.nn.Module, method: str, names: list[str]) -> None:
        super().__init__()
        self.model, self.method, self.names = model, method, names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        output = getattr(self.model, self.method)(**dict(zip(self.names, tensors, strict=True)))
        feature: torch.Tensor = getattr(output, "pooler_output", output)
        return feature


def _write_tower(loaded: TorchModel, method: str, example: Inputs, file: Path) -> None:
    """Follows the tower through one call, and writes what it did.

    Args:
        example: the tower's arguments; the first axis is the batch. All axes may differ later.
    """
    named = loaded.tensors(example)
    tensors = tuple(named.values())
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            # torch says that tracing is on its way out, and transformers that shapes are taken as
            # constants; what comes out is compared with the tower itself before it is used.
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                _Feature(loaded.checkpoint.model, method, list(named)),
                tensors,
                check_trace=False,
                strict=False,
            )
            translated = openvino().convert_model(traced, example_input=tensors)
    except MemoryError:
        raise
    except Exception as error:  # whatever they say of a tower that they can't follow
        raise ExportUnsupported(f"OpenVINO can't follow it: {error}") from error
    for port, name in zip(translated.inputs, named, strict=True):
        port.get_tensor().set_names({name})
    openvino().save_model(translated, str(file), compress_to_fp16=False)


def main() -> None:
    """Exports, and says what came of it."""
    model, folder, least_bytes, level = sys.argv[1:]
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)  # what libraries print goes to standard error
        threading.Thread(target=_end_with_parent, daemon=True).start()
        logs.configure(level, load(SharedSettings).log_format)
        torch.set_num_threads(cores.available())
        try:
            export(model, Path(folder), int(least_bytes))
            reply = ExportOutcome()
        except ExportUnsupported as reason:
            reply = ExportOutcome(left_to_torch=str(reason), passing=reason.passing)
        except ModelUnavailable as error:
            reply = ExportOutcome(unavailable=str(error))
        except Exception as error:  # torch may do, or say in its own way what is the matter
            reply = ExportOutcome(left_to_torch=f"{type(error).__name__}: {error}", passing=True)
        answer.write(msgspec.json.encode(reply))
    os._exit(0)  # an interpreter that takes torch down may crash, and needs a while


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()

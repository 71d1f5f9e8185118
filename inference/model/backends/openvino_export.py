"""Exports a checkpoint to OpenVINO's format, in a process of its own.

`python -m inference.model.backends.openvino_export MODEL FOLDER LEAST_BYTES LOG_LEVEL`

A worker that imported torch and transformers would keep them in memory. This process ends instead,
after printing an `ExportOutcome`; nothing else goes to standard output.
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
from inference.model.backends.exported_files import (
    IMAGES,
    MANIFEST,
    TEXTS,
    TOKENIZER,
    ExportOutcome,
    ExportUnsupported,
    Manifest,
    compile_exported,
)
from inference.model.backends.openvino_backend import native_dtypes, openvino
from inference.model.backends.torch_backend import TorchModel, can_split
from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.preprocessing import Inputs, sample_images
from inference.model.hub import checkpoint_files
from inference.model.precision import bfloat16
from inference.model.precision.equivalence import SAMPLE_TEXTS, sample_features
from inference.protocol import logs
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import SharedSettings, load

log = logging.getLogger(__name__)

# Texts that show differences between tokenizers: case, accents, emoji, scripts, far too many words.
_TOKENIZER_SAMPLES = (
    *SAMPLE_TEXTS,
    "",
    "  A Blurry   CAT's naïve “fiancé” ",
    "🏎️ Ein Hund, der im Garten spielt",
    "кошка 猫 قطة",
    "<|endoftext|> a\nb\tc",
    "a word " * 300,
)


def export(model: str, folder: Path, least_bytes: int) -> None:
    """Load a checkpoint and write its towers.

    Args:
        model: as CLIP_MODEL.
        folder: an empty folder; `inference.model.backends.exported_files` says what it gets.
        least_bytes: see `export_cache.load`.

    Raises:
        ExportUnsupported: the checkpoint can't be exported, or need not be.
        ModelUnavailable: the checkpoint can't be loaded.
        Exception: torch or transformers fail in any other way.
    """
    loaded = TorchModel(checkpoint.load(model, torch.device("cpu"), torch.float32))
    weights = checkpoint_files.weight_bytes(checkpoint_files.locate(model))
    if weights < least_bytes:
        # passing: it is exported where CLIP_RUNTIME=openvino is set explicitly
        raise ExportUnsupported("it is small", passing=True)
    encoder = loaded.dual_encoder()
    if not can_split(loaded, encoder):
        raise ExportUnsupported("its towers can't be run apart")
    loaded.prune_tokens(encoder)
    _write(loaded, encoder, folder)


def _write(loaded: TorchModel, encoder: DualEncoder, folder: Path) -> None:
    transform = encoder.preprocessor.transform
    if transform is None or not transform.accepts_any_image:
        raise ExportUnsupported("its pictures are prepared in a way of its own")
    backend = getattr(loaded.checkpoint.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ExportUnsupported("its tokenizer is written in Python")
    backend.save(str(folder / TOKENIZER))
    own = encoder.tokenizer
    saved = own.read(folder / TOKENIZER, own.padding)
    if own.tokens(_TOKENIZER_SAMPLES) != saved.tokens(_TOKENIZER_SAMPLES):
        raise ExportUnsupported("its tokenizer does more than its file says")
    expected = sample_features(encoder).tolist()
    _unfuse(loaded.checkpoint.model)
    for file, method, example in (
        (IMAGES, "get_image_features", encoder.preprocess(sample_images())),
        (TEXTS, "get_text_features", own.batch(own.tokens(SAMPLE_TEXTS))),
    ):
        _write_tower(loaded, method, example, folder / file)
    manifest = Manifest(
        traits=encoder.traits,
        transform=transform,
        crops_slivers=encoder.preprocessor.crops_slivers,
        padding=own.padding,
        expected=expected,
    )
    if _may_use_bfloat16(loaded, encoder, folder, manifest):
        manifest = msgspec.structs.replace(manifest, bfloat16=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def _may_use_bfloat16(
    loaded: TorchModel, encoder: DualEncoder, folder: Path, manifest: Manifest
) -> bool:
    """Return whether the exported towers in bfloat16 are faster and keep the answers."""
    if loaded.parameters < bfloat16.LEAST_PARAMETERS or "bfloat16" not in native_dtypes():
        return False
    try:
        rough = compile_exported(folder, manifest, "bfloat16", cores.available())
        return bfloat16.keeps_answers(encoder, rough)
    except (MemoryError, RuntimeError) as error:  # OpenVINO raises only RuntimeError
        log.info("bfloat16 can't be tried: %s", error)
        return False


class _UnfusedQuickGelu(torch.nn.Module):
    """CLIP's activation, written so that OpenVINO does not join it with the matrix product before.

    It equals `x · σ(1.702 x)`, since `σ(2 z) = ½ + ½ · tanh(z)`.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (0.5 + 0.5 * torch.tanh(0.851 * x))


def _unfuse(model: Any) -> None:
    """Keep OpenVINO from packing the image tower's weights twice, on processors without AVX-512.

    With the activation joined to the matrix product, OpenVINO packs the weights in one way for a
    single image and in another way for several, which takes 100 MB more for ViT-B/32. Without,
    there is one way for all. The image tower stays as fast. The text tower is not changed, since
    it would take a fifth longer for a few labels.
    """
    from transformers.activations import QuickGELUActivation  # see `checkpoint.load`

    plain = torch.backends.cpu.get_cpu_capability() == "AVX2" and "bfloat16" not in native_dtypes()
    tower = getattr(model, "vision_model", None)
    if tower is None or not plain:
        return
    for part in list(tower.modules()):
        for name, child in part.named_children():
            if isinstance(child, QuickGELUActivation):
                setattr(part, name, _UnfusedQuickGelu())


class _Feature(torch.nn.Module):
    """A tower as one function of tensors in a fixed order, which tracing needs."""

    def __init__(self, model: torch.nn.Module, method: str, names: list[str]) -> None:
        super().__init__()
        self.model, self.method, self.names = model, method, names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        output = getattr(self.model, self.method)(**dict(zip(self.names, tensors, strict=True)))
        feature: torch.Tensor = getattr(output, "pooler_output", output)
        return feature


def _write_tower(loaded: TorchModel, method: str, example: Inputs, file: Path) -> None:
    """Trace one call of a tower, and write the traced operations to a file.

    Args:
        method: of the model; computes the tower's features.
        example: the arguments of the call; the first axis is the batch. Later calls may have any
            other shape.
    """
    named = loaded.tensors(example)
    tensors = tuple(named.values())
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            # torch warns that tracing is deprecated, and transformers that shapes become constants.
            # The result is compared with the tower itself before it is used.
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
    except Exception as error:  # a tower that can't be traced or converted raises anything
        raise ExportUnsupported(f"OpenVINO can't trace it: {error}") from error
    for port, name in zip(translated.inputs, named, strict=True):
        port.get_tensor().set_names({name})
    openvino().save_model(translated, str(file), compress_to_fp16=False)


def main() -> None:
    """Export as the command line says, and print the outcome."""
    model, folder, least_bytes, level = sys.argv[1:]
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)  # sends what libraries print to standard error
        threading.Thread(target=_end_with_parent, daemon=True).start()
        logs.configure(level, load(SharedSettings).log_format)
        torch.set_num_threads(cores.available())
        try:
            export(model, Path(folder), int(least_bytes))
            outcome = ExportOutcome()
        except ExportUnsupported as reason:
            outcome = ExportOutcome(left_to_torch=str(reason), passing=reason.passing)
        except ModelUnavailable as error:
            outcome = ExportOutcome(unavailable=str(error))
        except Exception as error:  # torch may still run the model, or report the error itself
            outcome = ExportOutcome(left_to_torch=f"{type(error).__name__}: {error}", passing=True)
        answer.write(msgspec.json.encode(outcome))
    os._exit(0)  # a normal exit takes a while to unload torch, and may crash


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when the parent, which never writes, has ended
    os._exit(1)


if __name__ == "__main__":
    main()

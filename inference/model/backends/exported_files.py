"""The files of a model that was exported to OpenVINO's format, read without torch or transformers.

A folder holds

    images.xml, images.bin    the image tower
    texts.xml, texts.bin      the text tower
    tokenizer.json            as the library tokenizers reads it
    manifest.json             everything else: `Manifest`

or only refusal.json, an `ExportOutcome` that says why torch must run this model.
"""

import contextlib
import logging
from pathlib import Path

import msgspec
import numpy as np

from inference.model.backends.openvino_backend import CompiledTower, CompiledTowers
from inference.model.backends.page_out import page_out
from inference.model.encoder.dual_encoder import DualEncoder, Traits
from inference.model.encoder.preprocessing import ImageTransform, Preprocessor
from inference.model.encoder.tokenization import Padding, Tokenizer
from inference.model.precision.equivalence import matches

IMAGES, TEXTS = "images.xml", "texts.xml"
TOKENIZER = "tokenizer.json"
MANIFEST = "manifest.json"
REFUSAL = "refusal.json"

log = logging.getLogger(__name__)


class Manifest(msgspec.Struct, frozen=True):
    """What the other files don't say.

    Attributes:
        traits: of the model.
        transform: how images are prepared.
        crops_slivers: see `Preprocessor`.
        padding: how texts are cut and padded.
        expected: `sample_features` of the model, computed by torch in float32.
        bfloat16: whether `auto` may compute in bfloat16 on the processor that the export is for.
    """

    traits: Traits
    transform: ImageTransform = msgspec.field(name="recipe")
    crops_slivers: bool = msgspec.field(name="shortens")
    padding: Padding = msgspec.field(name="filling")
    expected: list[list[float]] = msgspec.field(name="probe")
    bfloat16: bool = False


class ExportOutcome(msgspec.Struct, frozen=True):
    """What the exporting process prints at its end; all fields are empty if it succeeded.

    Attributes:
        left_to_torch: why the model can't or need not be exported; one clause.
        passing: whether a later attempt may succeed.
        unavailable: why the checkpoint can't be loaded at all; a sentence for its owner.
    """

    left_to_torch: str = ""
    passing: bool = False
    unavailable: str = ""


class ExportUnsupported(Exception):
    """OpenVINO can't run a model, or need not; the text says why, as one clause.

    Attributes:
        passing: whether a later attempt may succeed.
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


def read_exported(folder: Path, dtype: str, threads: int) -> tuple[DualEncoder, str]:
    """Return the encoder of an exported model, compiled and compared with torch, and its dtype.

    Args:
        dtype: `float32`, `bfloat16`, or `auto`: the fastest that gives torch's answers.
        threads: the most that the encoder uses.

    Raises:
        ExportUnsupported: the folder holds a refusal, or the answers differ from torch's.
        OSError, RuntimeError, ValueError, msgspec.DecodeError: files are missing or damaged.
    """
    refusal = folder / REFUSAL
    if refusal.is_file():
        outcome = msgspec.json.decode(refusal.read_bytes(), type=ExportOutcome)
        raise ExportUnsupported(outcome.left_to_torch)
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    expected = np.array(manifest.expected, np.float32)
    fastest = ["bfloat16", "float32"] if manifest.bfloat16 else ["float32"]
    for kind in fastest if dtype == "auto" else [dtype]:
        encoder = compile_exported(folder, manifest, kind, threads)
        if matches(encoder, expected, kind):
            page_out(folder)  # OpenVINO has made its own copy of the weights
            with contextlib.suppress(OSError):
                (folder / MANIFEST).touch()  # marks the export as used
            return encoder, kind
        log.info("OpenVINO gives other answers in %s", kind)
    raise ExportUnsupported("its answers would differ")


def compile_exported(folder: Path, manifest: Manifest, dtype: str, threads: int) -> DualEncoder:
    """Return the encoder of an exported model, compiled for this processor.

    Args:
        dtype: `float32` or `bfloat16`.
        threads: the most that the encoder uses.

    Raises:
        OSError, RuntimeError, ValueError: files are missing or damaged.
    """
    tokenizer = Tokenizer.read(folder / TOKENIZER, manifest.padding)
    preprocessor = Preprocessor(manifest.transform, crops_slivers=manifest.crops_slivers)
    images = CompiledTower(folder / IMAGES, dtype, threads)
    texts = CompiledTower(folder / TEXTS, dtype, threads)
    return DualEncoder(manifest.traits, tokenizer, preprocessor, CompiledTowers(images, texts))

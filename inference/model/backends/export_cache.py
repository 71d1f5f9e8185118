"""Models exported to OpenVINO's format: what a worker needs of them, without torch or transformers.

Those two take a worker seconds to import and hundreds of megabytes to hold. So a checkpoint is
exported once, by a process of its own (`export.py`), into the cache that huggingface_hub
keeps for other libraries; later starts find it there. A folder holds

    images.xml, images.bin    the image tower
    texts.xml, texts.bin      the text tower
    tokenizer.json            as the library tokenizers reads it
    manifest.json             everything else: `Manifest`

or nothing but refusal.json, which says why torch has to run this model.
"""

import contextlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from inference.model.backends import openvino_backend, page_out
from inference.model.backends.openvino_backend import CompiledTower, CompiledTowers
from inference.model.encoder.dual_encoder import DualEncoder, Traits
from inference.model.encoder.preprocessing import Preprocessor, Recipe
from inference.model.encoder.tokenization import Padding, Tokenizer
from inference.model.hub import checkpoint_files
from inference.protocol.errors import ModelUnavailable

IMAGES, TEXTS = "images.xml", "texts.xml"
TOKENIZER = "tokenizer.json"
MANIFEST = "manifest.json"
REFUSAL = "refusal.json"

# Changes whenever the same checkpoint is exported in another way.
_FORMAT = "2"

# An export that nobody loaded for so long is of an older checkpoint or library.
_UNUSED = 7 * 24 * 3_600.0  # seconds

_LOCK = "lock"
_UNFINISHED = "unfinished"

# What reading a file raises that is missing, cut off or not what it should be.
_DAMAGE = (OSError, RuntimeError, ValueError, msgspec.DecodeError)

log = logging.getLogger(__name__)


class Manifest(msgspec.Struct, frozen=True):
    """What the other files don't say.

    Attributes:
        traits: of the model.
        recipe: how pictures are prepared.
        shortens: see `Preprocessor`.
        filling: how texts are cut and filled up.
        probe: what torch in float32 makes of the probes: see `DualEncoder.probe`.
        bfloat16: whether `auto` may compute in it, on the processor that the export is for.
    """

    traits: Traits
    recipe: Recipe
    shortens: bool
    filling: Padding
    probe: list[list[float]]
    bfloat16: bool = False


class ExportOutcome(msgspec.Struct, frozen=True):
    """What the process that exports says in the end; nothing, where all went well.

    Attributes:
        left_to_torch: why it can't be exported, or need not be; one clause.
        passing: whether that may be different at another time.
        unavailable: why the checkpoint can't be loaded at all; a sentence for its owner.
    """

    left_to_torch: str = ""
    passing: bool = False
    unavailable: str = ""


class ExportUnsupported(Exception):
    """Why a model is not run by OpenVINO, as one clause.

    Attributes:
        passing: whether that may be different at another time.
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


def load(model: str, dtype: str, threads: int, *, least_bytes: int) -> tuple[DualEncoder, str]:
    """The towers of a checkpoint, compiled for this processor; exported before, where need be.

    Args:
        model: as CLIP_MODEL.
        dtype: float32, bfloat16, or `auto`: the fastest that gives torch's answers.
        threads: at most so many.
        least_bytes: of a checkpoint's weights, for it to be worth it.

    Returns:
        The towers and their dtype.

    Raises:
        LeftToTorch: it is too small, OpenVINO can't run it, or its answers are others.
        ModelUnavailable: the checkpoint can't be loaded; with one sentence that says why.
    """
    source = checkpoint_files.locate(model)
    if checkpoint_files.weight_bytes(source) < least_bytes:
        raise ExportUnsupported("it is small")
    if dtype not in {"auto", *openvino_backend.native_dtypes()}:
        raise ExportUnsupported(f"this processor has no instructions for {dtype}")
    home = _home(model)
    if home is not None and (towers := _found(source, home, dtype, threads)):
        return towers
    try:
        with _place_for(home) as place:
            # Another worker may have made it while we waited for our turn.
            return _found(source, place, dtype, threads) or _compiled(
                _exported(model, place, least_bytes), dtype, threads
            )
    except _DAMAGE as error:
        raise ExportUnsupported(f"{type(error).__name__}: {error}") from error


def _found(source: Path, home: Path, dtype: str, threads: int) -> tuple[DualEncoder, str] | None:
    """What an earlier export is loaded to; None where there is none, or it is damaged."""
    if not (folder := home / digest(source)).is_dir():
        return None
    try:
        return _compiled(folder, dtype, threads)
    except _DAMAGE as error:
        log.warning("The export in %s is damaged: %s", folder, error)
        return None


def digest(source: Path) -> str:
    """Of a checkpoint as it would be exported now, on this machine.

    Args:
        source: its folder.
    """
    # Both names, since what bfloat16 changes is measured where it is native.
    return checkpoint_files.digest(
        source, _FORMAT, openvino_backend.processor(), *openvino_backend.native_dtypes()
    )


def _compiled(folder: Path, dtype: str, threads: int) -> tuple[DualEncoder, str]:
    refusal = folder / REFUSAL
    if refusal.is_file():
        raise ExportUnsupported(
            msgspec.json.decode(refusal.read_bytes(), type=ExportOutcome).left_to_torch
        )
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    expected = np.array(manifest.probe, np.float32)
    fastest = ["bfloat16", "float32"] if manifest.bfloat16 else ["float32"]
    for kind in fastest if dtype == "auto" else [dtype]:
        towers = towers_in(folder, manifest, kind, threads)
        if towers.answers_as(expected, kind):
            page_out.set_aside(folder)  # OpenVINO has packed a copy of its own
            with contextlib.suppress(OSError):
                (folder / MANIFEST).touch()  # see `_tidy`
            return towers, kind
        log.info("OpenVINO gives other answers in %s", kind)
    raise ExportUnsupported("its answers would be others")


def towers_in(folder: Path, manifest: Manifest, dtype: str, threads: int) -> DualEncoder:
    """What was exported to a folder, compiled for this processor.

    Raises:
        OSError, RuntimeError, ValueError: files are missing or damaged.
    """
    tokenizer = Tokenizer.read(folder / TOKENIZER, manifest.filling)
    preprocessor = Preprocessor(manifest.recipe, shortens=manifest.shortens)
    images = CompiledTower(folder / IMAGES, dtype, threads)
    texts = CompiledTower(folder / TEXTS, dtype, threads)
    return DualEncoder(manifest.traits, tokenizer, preprocessor, CompiledTowers(images, texts))


def _home(model: str) -> Path | None:
    """The folder for exports of this model; None where there is no cache."""
    own = checkpoint_files.own_folder(model)
    name = re.sub(r"[^\w.-]+", "--", str(own.resolve()) if own else model).strip("-.")[-100:]
    from huggingface_hub import cached_assets_path  # here and not above: it takes a while

    try:
        return cached_assets_path("clipbot", namespace="openvino", subfolder=name)
    except (OSError, ValueError) as error:
        log.info("There is no place for exports (%s).", error)
        return None


@contextlib.contextmanager
def _place_for(home: Path | None) -> Iterator[Path]:
    """Where to export to, for nobody else meanwhile; for this once only where nothing is kept."""
    from filelock import FileLock  # huggingface_hub's own

    if home is not None and os.access(home, os.W_OK):
        with FileLock(home / _LOCK, mode=0o666):
            yield home
    else:
        log.info("Exports are not kept: each start makes them anew.")
        with tempfile.TemporaryDirectory(prefix="clipbot-", ignore_cleanup_errors=True) as once:
            yield Path(once)


def _exported(model: str, home: Path, least_bytes: int) -> Path:
    """The folder of an export, made now.

    Raises:
        LeftToTorch: the model can't be exported at this time. That it never can is in the folder.
        ModelUnavailable: the checkpoint can't be loaded.
    """
    source = checkpoint_files.locate(model)
    unfinished = home / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)  # somebody was killed at work
    unfinished.mkdir()
    try:
        reply = _export(model, unfinished, least_bytes)
        if reply.unavailable:
            raise ModelUnavailable(reply.unavailable)
        if reply.passing or checkpoint_files.locate(model) != source:
            raise ExportUnsupported(reply.left_to_torch or "another revision has come meanwhile")
        if reply.left_to_torch:
            (unfinished / REFUSAL).write_bytes(msgspec.json.encode(reply))
        final = home / digest(source)
        shutil.rmtree(final, ignore_errors=True)
        unfinished.rename(final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _tidy(home)
    return final


def _tidy(home: Path) -> None:
    """Deletes exports that are not loaded any more."""
    for folder in home.iterdir():
        with contextlib.suppress(OSError):
            used = max(file.stat().st_mtime for file in (folder, *folder.iterdir()))
            if time.time() - used > _UNUSED:
                shutil.rmtree(folder)


def _export(model: str, folder: Path, least_bytes: int) -> ExportOutcome:
    """Has the model exported by a process of its own, which takes torch away with it."""
    log.info("Exporting %s for OpenVINO; later starts will find it.", model)
    level = logging.getLevelName(logging.getLogger().level)
    # -P: a file torch.py in the current folder must not be taken for the library
    command = [sys.executable, "-P", "-m", "inference.model.backends.openvino_export"]
    command += [model, str(folder), str(least_bytes), level]
    # In a session of its own, so that Ctrl-C reaches us alone; it ends with its standard input.
    with subprocess.Popen(  # noqa: S603 - our own module, and no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout
        said = process.stdout.read()
    try:
        return msgspec.json.decode(said, type=ExportOutcome)
    except msgspec.DecodeError:
        reason = f"its export ended with status {process.returncode}"
        return ExportOutcome(left_to_torch=reason, passing=True)

"""Models exported to OpenVINO's format, each exported once and kept for later starts.

A worker that imports torch and transformers needs seconds and hundreds of megabytes for that. So a
checkpoint is exported once by a process of its own (`openvino_export`), into the cache that
huggingface_hub keeps for other libraries. `exported_files` says what an export consists of.
"""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from inference.model import assets
from inference.model.backends import openvino_backend
from inference.model.backends.exported_files import (
    REFUSAL,
    ExportOutcome,
    ExportUnsupported,
    read_exported,
)
from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.hub import checkpoint_files
from inference.protocol.errors import ModelUnavailable

# Must change whenever the same checkpoint is exported in another way.
_FORMAT = "2"

_LOCK = "lock"
_UNFINISHED = "unfinished"

# Raised when a file is missing, cut off or has the wrong content.
_DAMAGE = (OSError, RuntimeError, ValueError, msgspec.DecodeError)

log = logging.getLogger(__name__)


def load(model: str, dtype: str, threads: int, *, least_bytes: int) -> tuple[DualEncoder, str]:
    """Return the encoder of a checkpoint, compiled for this processor, and its dtype.

    Exports the checkpoint first if no export of it is kept.

    Args:
        model: as CLIP_MODEL.
        dtype: `float32`, `bfloat16`, or `auto`: the fastest that gives torch's answers.
        threads: the most that the encoder uses.
        least_bytes: refuse a checkpoint with fewer bytes of weights.

    Raises:
        ExportUnsupported: the checkpoint is too small, OpenVINO can't run it, or its answers would
            differ from torch's.
        ModelUnavailable: the checkpoint can't be loaded; one sentence says why.
    """
    source = checkpoint_files.locate(model)
    if checkpoint_files.weight_bytes(source) < least_bytes:
        raise ExportUnsupported("it is small")
    if dtype not in {"auto", *openvino_backend.native_dtypes()}:
        raise ExportUnsupported(f"this processor has no instructions for {dtype}")
    home = assets.folder_for("openvino", model)
    if home is not None and (found := _read_kept(source, home, dtype, threads)):
        return found
    try:
        with _writable_home(home) as place:
            # Another worker may have exported it while this one waited for the lock.
            return _read_kept(source, place, dtype, threads) or read_exported(
                _make(model, place, least_bytes), dtype, threads
            )
    except _DAMAGE as error:
        raise ExportUnsupported(f"{type(error).__name__}: {error}") from error


def _read_kept(
    source: Path, home: Path, dtype: str, threads: int
) -> tuple[DualEncoder, str] | None:
    """Return the encoder of an earlier export; None if there is none, or it is damaged."""
    if not (folder := home / digest(source)).is_dir():
        return None
    try:
        return read_exported(folder, dtype, threads)
    except _DAMAGE as error:
        log.warning("The export in %s is damaged: %s", folder, error)
        return None


def digest(source: Path) -> str:
    """Return a name for an export of a checkpoint; it differs if a new export would differ.

    Args:
        source: the checkpoint's folder.
    """
    # Processor and dtypes: whether bfloat16 keeps the answers is measured only if it is native.
    return checkpoint_files.digest(
        source, _FORMAT, openvino_backend.processor(), *openvino_backend.native_dtypes()
    )


@contextlib.contextmanager
def _writable_home(home: Path | None) -> Iterator[Path]:
    """Lock the folder for exports; use a temporary one if nothing can be kept."""
    from filelock import FileLock  # huggingface_hub depends on it

    if home is not None and os.access(home, os.W_OK):
        with FileLock(home / _LOCK, mode=0o666):
            yield home
    else:
        log.info("Exports can't be kept: each start makes them again.")
        with tempfile.TemporaryDirectory(prefix="clipbot-", ignore_cleanup_errors=True) as once:
            yield Path(once)


def _make(model: str, home: Path, least_bytes: int) -> Path:
    """Export a model and return the folder of its export, which may hold only a refusal.

    Raises:
        ExportUnsupported: the model can't be exported now, but perhaps later.
        ModelUnavailable: the checkpoint can't be loaded.
    """
    source = checkpoint_files.locate(model)
    unfinished = home / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)  # left by a worker that was killed
    unfinished.mkdir()
    try:
        outcome = _export(model, unfinished, least_bytes)
        if outcome.unavailable:
            raise ModelUnavailable(outcome.unavailable)
        if outcome.passing or checkpoint_files.locate(model) != source:
            raise ExportUnsupported(
                outcome.left_to_torch or "another revision was fetched meanwhile"
            )
        if outcome.left_to_torch:
            (unfinished / REFUSAL).write_bytes(msgspec.json.encode(outcome))
        final = home / digest(source)
        shutil.rmtree(final, ignore_errors=True)
        unfinished.rename(final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    assets.delete_unused(entry for entry in home.iterdir() if entry.is_dir())
    return final


def _export(model: str, folder: Path, least_bytes: int) -> ExportOutcome:
    """Export a model in a process of its own, whose end frees the memory that torch takes."""
    log.info("Exporting %s for OpenVINO; later starts will find it.", model)
    level = logging.getLevelName(logging.getLogger().level)
    # -P: a file torch.py in the current folder must not be imported in place of the library.
    command = [sys.executable, "-P", "-m", "inference.model.backends.openvino_export"]
    command += [model, str(folder), str(least_bytes), level]
    # In a session of its own, so that Ctrl-C reaches only this process. The exporting process ends
    # when its standard input is closed.
    with subprocess.Popen(  # noqa: S603 - a module of this package, and no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout
        printed = process.stdout.read()
    try:
        return msgspec.json.decode(printed, type=ExportOutcome)
    except msgspec.DecodeError:
        reason = f"its export ended with status {process.returncode}"
        return ExportOutcome(left_to_torch=reason, passing=True)

"""Models exported to OpenVINO's format: what a worker needs of them, without torch or transformers.

Those two take a worker seconds to import and hundreds of megabytes to hold. So a checkpoint is
exported once, by a process of its own (`inference.exporting`), into the cache that huggingface_hub
keeps for other libraries; later starts find it there. A folder holds

    images.xml, images.bin    the image tower
    texts.xml, texts.bin      the text tower
    tokenizer.json            as the library tokenizers reads it
    manifest.json             everything else: `Manifest`
"""

import contextlib
import logging
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from inference import memory, sources
from inference.compiled import CompiledTower, CompiledTowers
from inference.errors import ModelUnavailable
from inference.preprocessing import Preprocessor, Recipe
from inference.tokens import Filling, Tokenizer
from inference.towers import SAME_ANSWER, Towers, Traits, same_answers

IMAGES, TEXTS = "images.xml", "texts.xml"
TOKENIZER = "tokenizer.json"
MANIFEST = "manifest.json"

# Rises whenever the same checkpoint is exported in another way.
VERSION = 1

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
        probabilities: what torch in float32 answers to the probes: see `Towers.probabilities`.
    """

    traits: Traits
    recipe: Recipe
    shortens: bool
    filling: Filling
    probabilities: list[list[float]]


class Reply(msgspec.Struct, frozen=True):
    """What the process that exports says in the end; one of the three is not empty.

    Attributes:
        folder: where the model is now.
        left_to_torch: why it can't be exported, or need not be.
        unavailable: why the checkpoint can't be loaded at all; a sentence for its owner.
    """

    folder: str = ""
    left_to_torch: str = ""
    unavailable: str = ""


class LeftToTorch(Exception):
    """Why a model is not run by OpenVINO, as one clause."""


def load(model: str, dtypes: list[str], threads: int, *, least_bytes: int) -> tuple[Towers, str]:
    """The towers of a checkpoint, compiled for this processor; exported before, where need be.

    Args:
        model: as CLIP_MODEL.
        dtypes: to try, of float32 and bfloat16; the first that gives torch's answers is taken.
        threads: at most so many.
        least_bytes: of a checkpoint's weights, for it to be worth it.

    Returns:
        The towers and their dtype.

    Raises:
        LeftToTorch: it is too small, OpenVINO can't run it, or its answers are others.
        ModelUnavailable: the checkpoint can't be loaded; with one sentence that says why.
    """
    if not dtypes:
        raise LeftToTorch("this processor has no instructions for that dtype")
    source = sources.folder_of(model)
    if source is not None and sources.weight_bytes(source) < least_bytes:
        raise LeftToTorch("it is small")
    located = Path(sources.locate(model))
    with _home(str(located.resolve()) if located.is_dir() else model) as home:
        folder = home / sources.digest(source, VERSION) if source is not None else None
        if folder is not None and (folder / MANIFEST).is_file():
            try:
                return _compiled(folder, dtypes, threads)
            except _DAMAGE as error:
                log.warning("The export of %s is damaged (%s); it is made again.", model, error)
                shutil.rmtree(folder, ignore_errors=True)
        try:
            return _compiled(_export(model, home, least_bytes), dtypes, threads)
        except _DAMAGE as error:
            raise LeftToTorch(f"OpenVINO can't run it: {error}") from error


def _compiled(folder: Path, dtypes: list[str], threads: int) -> tuple[Towers, str]:
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    expected = np.array(manifest.probabilities, np.float32)
    for dtype in dtypes:
        towers = Towers(
            manifest.traits,
            Tokenizer.read(folder / TOKENIZER, manifest.filling),
            Preprocessor(manifest.recipe, shortens=manifest.shortens),
            CompiledTowers(
                CompiledTower(folder / IMAGES, dtype, threads),
                CompiledTower(folder / TEXTS, dtype, threads),
            ),
        )
        if same_answers(expected, towers.probabilities(), SAME_ANSWER[dtype]):
            # OpenVINO has packed a copy of its own.
            memory.set_aside(folder)
            return towers, dtype
        log.info("OpenVINO gives other answers in %s", dtype)
    raise LeftToTorch("its answers would be others")


@contextlib.contextmanager
def _home(model: str) -> Iterator[Path]:
    """The folder for exports of this model; for this once only where there is no cache."""
    name = re.sub(r"[^\w.-]+", "--", model).strip("-.")[-100:]
    # it comes with transformers; not above, since it takes a while
    from huggingface_hub import cached_assets_path

    try:
        home = cached_assets_path("clipbot", namespace="openvino", subfolder=name)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        log.info("Exports are not kept (%s): each start makes them anew.", error)
        with tempfile.TemporaryDirectory(prefix="clipbot-", ignore_cleanup_errors=True) as once:
            yield Path(once)
    else:
        yield home


def _export(model: str, home: Path, least_bytes: int) -> Path:
    """Has the model exported by a process of its own, which takes torch away with it."""
    log.info("Preparing %s for this processor, once; it takes some seconds.", model)
    command = [sys.executable, "-m", "inference.exporting", model, str(home), str(least_bytes)]
    # In a session of its own, so that Ctrl-C reaches us alone; it ends with its standard input.
    with subprocess.Popen(  # noqa: S603 - our own module, and no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout
        said = process.stdout.read()
    try:
        reply = msgspec.json.decode(said, type=Reply)
    except msgspec.DecodeError as error:
        raise LeftToTorch(f"its export ended with status {process.returncode}") from error
    if reply.unavailable:
        raise ModelUnavailable(reply.unavailable)
    if reply.left_to_torch:
        raise LeftToTorch(reply.left_to_torch)
    return Path(reply.folder)

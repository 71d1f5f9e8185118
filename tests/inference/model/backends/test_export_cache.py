"""A model is exported once, found at later starts, and exported again if damaged or outdated."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import cached_assets_path
from safetensors.torch import load_file, save_file

from inference.model.backends import export_cache, openvino_backend
from inference.model.backends.exported_files import (
    IMAGES,
    MANIFEST,
    ExportOutcome,
    ExportUnsupported,
)
from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from inference.protocol.errors import ModelUnavailable
from tests.inference.model import checkpoints
from tests.inference.model.reference import LABELS, ReferenceModel, pictures

pytestmark = pytest.mark.skipif(
    not openvino_backend.is_installed(), reason="OpenVINO is not installed (clipbot[fast])"
)


@pytest.fixture
def exports(exporting_here: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models that this test has exported."""
    export, made = export_cache._export, []

    def noted(model: str, folder: Path, least_bytes: int) -> ExportOutcome:
        made.append(model)
        return export(model, folder, least_bytes)

    monkeypatch.setattr(export_cache, "_export", noted)
    return made


def load(folder: Path) -> Engine:
    return Engine.load(str(folder), device="cpu", dtype="float32", runtime="openvino")


def home_of(folder: Path) -> Path:
    """Return the folder of a checkpoint's exports."""
    name = str(folder.resolve()).replace("/", "--").strip("-")[-100:]
    return cached_assets_path("clipbot", "openvino", name)


def kept(folder: Path) -> list[Path]:
    """Return the exports of a checkpoint, the newest first."""
    found = [each for each in home_of(folder).iterdir() if each.is_dir()]
    return sorted(found, key=lambda each: -each.stat().st_mtime)


def rows(engine: Engine) -> list[list[float]]:
    found = engine.classify(pictures(), [LabelSet(LABELS)] * len(pictures()))
    return [row.tolist() for row in found]


def test_a_model_is_exported_once(folder: Path, exports: list[str]) -> None:
    first = rows(load(folder))
    assert rows(load(folder)) == first
    np.testing.assert_allclose(
        first, ReferenceModel(folder).classify(pictures(), LABELS), atol=1e-4
    )
    assert exports == [str(folder)]
    assert len(kept(folder)) == 1


def test_another_checkpoint_in_the_same_folder_is_exported_too(
    folder: Path, exports: list[str]
) -> None:
    load(folder)
    weights = folder / "model.safetensors"
    before = weights.stat()
    other = load_file(weights)
    save_file({name: tensor * 1.5 for name, tensor in other.items()}, weights, {"format": "pt"})
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights.stat().st_size == before.st_size
    expected = ReferenceModel(folder).classify(pictures(), LABELS)
    np.testing.assert_allclose(rows(load(folder)), expected, atol=1e-4)
    assert len(exports) == 2


def test_exports_that_are_no_longer_loaded_are_deleted(folder: Path, exports: list[str]) -> None:
    load(folder)
    [first] = kept(folder)
    (home_of(folder) / "unfinished").mkdir()  # as left by a worker that was killed
    checkpoints.tiny_clip(folder, num_hidden_layers=3)
    load(folder)
    assert len(kept(folder)) == 2  # a worker with another library may still use the first
    weeks_ago = time.time() - 8 * 24 * 3_600
    for file in (*first.iterdir(), first):
        os.utime(file, (weeks_ago, weeks_ago))
    checkpoints.tiny_clip(folder, num_hidden_layers=4)
    load(folder)
    assert len(exports) == 3
    assert first not in kept(folder)
    assert len(kept(folder)) == 2


def test_a_changed_readme_does_not_make_a_new_export(folder: Path, exports: list[str]) -> None:
    load(folder)
    (folder / "README.md").write_text("Better than ever.")
    load(folder)
    assert len(exports) == 1


def _truncate(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def _reverse_features(file: Path) -> None:
    manifest = json.loads(file.read_text())
    manifest["probe"] = [row[::-1] for row in manifest["probe"]]
    file.write_text(json.dumps(manifest))


def test_a_damaged_export_is_made_again(folder: Path, exports: list[str]) -> None:
    first = rows(load(folder))
    for number, name in enumerate([IMAGES, "images.bin", "tokenizer.json", MANIFEST], start=2):
        _truncate(kept(folder)[0] / name)
        assert rows(load(folder)) == first
        assert len(exports) == number


def test_an_export_with_other_answers_than_torch_is_refused(
    exporting_here: None, folder: Path
) -> None:
    load(folder)
    _reverse_features(kept(folder)[0] / MANIFEST)
    with pytest.raises(ExportUnsupported, match="answers would differ"):
        export_cache.load(str(folder), "float32", 1, least_bytes=0)


def _has_no_folder(*_: str, **__: str) -> Path:
    raise ValueError("Corrupted assets folder: cannot create directory")


@pytest.mark.parametrize("place", ["none", "read-only"])
def test_each_start_exports_where_nothing_can_be_kept(
    folder: Path,
    exports: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    place: str,
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    if place == "none":
        monkeypatch.setattr("huggingface_hub.cached_assets_path", _has_no_folder)
    else:
        monkeypatch.setattr(os, "access", lambda *_: False)
    expected = ReferenceModel(folder).classify(pictures(), LABELS)
    for _ in range(2):
        np.testing.assert_allclose(rows(load(folder)), expected, atol=1e-4)
    assert len(exports) == 2
    assert not list((tmp_path / "temporary").iterdir())


def test_a_read_only_cache_is_used(
    folder: Path, exports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder)
    monkeypatch.setattr(os, "access", lambda *_: False)
    load(folder)
    assert len(exports) == 1


def test_two_workers_that_start_together_export_once(folder: Path, exports: list[str]) -> None:
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: rows(load(folder)), range(2))
    assert first == second
    assert len(exports) == 1


@pytest.mark.parametrize("program", [shutil.which("false"), shutil.which("true")])
def test_an_export_that_crashes_leaves_the_model_to_torch(
    folder: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr("inference.model.backend_choice._LEAST_BYTES_FOR_OPENVINO", 1)
    monkeypatch.setattr(sys, "executable", program)
    engine = Engine.load(str(folder), device="cpu")
    assert engine.runtime == "torch"
    np.testing.assert_allclose(
        rows(engine), ReferenceModel(folder).classify(pictures(), LABELS), atol=1e-4
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (checkpoints.tiny_siglip2, "pictures are prepared in a way of its own"),
        (checkpoints.tiny_align, "pictures are prepared in a way of its own"),
    ],
)
def test_the_reason_why_torch_must_run_a_model_is_given(
    exporting_here: None, make: Callable[[Path], Path], reason: str, tmp_path: Path
) -> None:
    folder = make(tmp_path / "model")
    with pytest.raises(ExportUnsupported, match=reason):
        export_cache.load(str(folder), "float32", 1, least_bytes=0)


def test_the_reason_why_torch_must_run_a_model_is_kept(exports: list[str], tmp_path: Path) -> None:
    folder = checkpoints.tiny_siglip2(tmp_path / "model")
    for _ in range(2):
        with pytest.raises(ExportUnsupported, match="in a way of its own"):
            export_cache.load(str(folder), "float32", 1, least_bytes=0)
    assert len(exports) == 1


def test_a_small_model_is_not_exported(
    folder: Path, exports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_backend, "core", None)  # fails if OpenVINO is used at all
    with pytest.raises(ExportUnsupported, match="it is small"):
        export_cache.load(str(folder), "float32", 1, least_bytes=10_000_000)
    assert not exports


class TestAModelOfTheHub:
    @pytest.fixture
    def cached(self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Put the checkpoint into the hub's cache, and return its folder there."""
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        snapshot = tmp_path / "hub" / "models--some--model" / "snapshots" / "0123abc"
        return Path(shutil.copytree(folder, snapshot))

    def test_is_exported_once(self, cached: Path, exports: list[str]) -> None:
        for _ in range(2):
            encoder, dtype = export_cache.load("some/model", "auto", 1, least_bytes=1)
            assert dtype == "float32"
            assert encoder.traits.image_size == 32
        assert exports == ["some/model"]

    def test_is_not_exported_where_it_is_small(self, cached: Path, exports: list[str]) -> None:
        with pytest.raises(ExportUnsupported, match="it is small"):
            export_cache.load("some/model", "auto", 1, least_bytes=10_000_000)
        assert exports == []

    def test_is_not_exported_while_another_revision_arrives(
        self, cached: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        snapshots = cached.parents[2] / "models--some--other" / "snapshots"
        shutil.copytree(folder, snapshots / "0123abc")

        def export(model: str, place: Path, least_bytes: int) -> ExportOutcome:
            newer = Path(shutil.copytree(folder, snapshots / "4567def"))
            refs = newer.parent.parent / "refs"
            refs.mkdir()
            (refs / "main").write_text(newer.name)
            return ExportOutcome()

        monkeypatch.setattr(export_cache, "_export", export)
        with pytest.raises(ExportUnsupported, match="another revision"):
            export_cache.load("some/other", "auto", 1, least_bytes=1)


def test_a_checkpoint_that_can_t_be_loaded_says_why(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable, match="its tokenizer knows no words"):
        load(folder)


def test_a_worker_imports_no_torch_and_sends_no_telemetry(folder: Path, tmp_path: Path) -> None:
    """OpenVINO's telemetry, which is on by default, is not imported."""
    program = (
        "import sys\n"
        "from PIL import Image\n"
        "from inference.model.classifier import LabelSet\n"
        "from inference.model.engine import Engine\n"
        "engine = Engine.load(sys.argv[1], device='cpu', runtime='openvino')\n"
        "engine.classify([Image.new('RGB', (40, 50))], [LabelSet(('a cat',))])\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
        "print({'torch', 'transformers'} & set(sys.modules))\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"HOME": str(home)},
    )
    assert ran.stdout == "set()\n"
    assert not list(home.rglob("*intel*"))
    assert list(home.rglob(MANIFEST))


def test_the_exporting_process_ends_with_its_parent(folder: Path, tmp_path: Path) -> None:
    (place := tmp_path / "place").mkdir()
    command = [
        sys.executable,
        "-P",
        "-m",
        "inference.model.backends.openvino_export",
        str(folder),
        str(place),
    ]
    # Standard input ends with the parent. Here it has ended from the beginning.
    ran = subprocess.run(
        [*command, "0", "INFO"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, b"", b"")

"""A model is exported once, found again, and made again where it is damaged or out of date."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import cached_assets_path

from inference import compiled, exported
from inference.classifier import LabelSet
from inference.engine import Engine
from inference.errors import ModelUnavailable
from inference.exported import IMAGES, MANIFEST, LeftToTorch
from tests.inference import checkpoints
from tests.inference.reference import LABELS, Reference, pictures

pytestmark = pytest.mark.skipif(
    not compiled.is_installed(), reason="OpenVINO is not installed (clipbot[fast])"
)


@pytest.fixture
def folder(tiny_clip_folder: Path, tmp_path: Path) -> Path:
    """A checkpoint that nobody has exported yet."""
    return Path(shutil.copytree(tiny_clip_folder, tmp_path / "copy"))


@pytest.fixture
def exports(exporting_here: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were exported in this test."""
    export, made = exported._export, []

    def noted(model: str, home: Path, least_bytes: int) -> Path:
        made.append(model)
        return export(model, home, least_bytes)

    monkeypatch.setattr(exported, "_export", noted)
    return made


def load(folder: Path) -> Engine:
    return Engine.load(str(folder), device="cpu", runtime="openvino")


def kept(folder: Path) -> list[Path]:
    """Exports of this checkpoint that are there."""
    name = str(folder.resolve()).replace("/", "--").strip("-")[-100:]
    return list(cached_assets_path("clipbot", "openvino", name).iterdir())


def rows(engine: Engine) -> list[list[float]]:
    found = engine.classify(pictures(), [LabelSet(LABELS)] * len(pictures()))
    return [row.tolist() for row in found]


def test_once_is_enough(folder: Path, exports: list[str]) -> None:
    first = rows(load(folder))
    assert rows(load(folder)) == first
    np.testing.assert_allclose(first, Reference(folder).classify(pictures(), LABELS), atol=1e-4)
    assert exports == [str(folder)]
    assert len(kept(folder)) == 1


def test_another_checkpoint_in_the_same_folder_takes_its_place(
    folder: Path, exports: list[str]
) -> None:
    load(folder)
    checkpoints.tiny_clip(folder, num_hidden_layers=3)
    engine = load(folder)
    expected = Reference(folder).classify(pictures(), LABELS)
    np.testing.assert_allclose(rows(engine), expected, atol=1e-4)
    assert len(exports) == 2
    assert len(kept(folder)) == 1


def _cut(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def _swap_probabilities(file: Path) -> None:
    manifest = json.loads(file.read_text())
    manifest["probabilities"] = [row[::-1] for row in manifest["probabilities"]]
    file.write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", [IMAGES, "images.bin", "tokenizer.json", MANIFEST])
def test_a_damaged_one_is_made_again(folder: Path, exports: list[str], name: str) -> None:
    first = rows(load(folder))
    _cut(kept(folder)[0] / name)
    assert rows(load(folder)) == first
    assert len(exports) == 2


def test_other_answers_than_torch_s_are_not_taken(exporting_here: None, folder: Path) -> None:
    load(folder)
    _swap_probabilities(kept(folder)[0] / MANIFEST)
    with pytest.raises(LeftToTorch, match="answers would be others"):
        exported.load(str(folder), ["float32"], 1, least_bytes=0)


def test_where_nothing_can_be_kept_each_start_exports(
    folder: Path, exports: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def refuses(*_: str, **__: str) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("huggingface_hub.cached_assets_path", refuses)
    expected = Reference(folder).classify(pictures(), LABELS)
    for _ in range(2):
        np.testing.assert_allclose(rows(load(folder)), expected, atol=1e-4)
    assert len(exports) == 2
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("program", [shutil.which("false"), shutil.which("true")])
def test_an_export_that_dies_leaves_the_model_to_torch(
    folder: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr("inference.engine._WORTH_COMPILING", 1)
    monkeypatch.setattr(sys, "executable", program)
    engine = Engine.load(str(folder), device="cpu")
    assert engine.runtime == "torch"
    np.testing.assert_allclose(
        rows(engine), Reference(folder).classify(pictures(), LABELS), atol=1e-4
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (checkpoints.tiny_siglip2, "pictures are prepared in a way of its own"),
        (checkpoints.tiny_align, "pictures are prepared in a way of its own"),
    ],
)
def test_why_torch_has_to_do(
    exporting_here: None, make: Callable[[Path], Path], reason: str, tmp_path: Path
) -> None:
    folder = make(tmp_path / "model")
    with pytest.raises(LeftToTorch, match=reason):
        exported.load(str(folder), ["float32"], 1, least_bytes=0)


def test_what_is_small_is_not_even_exported(folder: Path, exports: list[str]) -> None:
    with pytest.raises(LeftToTorch, match="it is small"):
        exported.load(str(folder), ["float32"], 1, least_bytes=10_000_000)
    assert not exports


def test_a_checkpoint_that_can_t_be_loaded_says_why(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable, match="its tokenizer knows no words"):
        load(folder)


def test_a_worker_needs_neither_torch_nor_transformers(folder: Path) -> None:
    program = (
        "import sys\n"
        "from PIL import Image\n"
        "from inference.classifier import LabelSet\n"
        "from inference.engine import Engine\n"
        "engine = Engine.load(sys.argv[1], device='cpu', runtime='openvino')\n"
        "engine.classify([Image.new('RGB', (40, 50))], [LabelSet(('a cat',))])\n"
        "print({'torch', 'transformers'} & set(sys.modules))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "set()\n"


def test_the_exporting_process_ends_with_its_parent(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "inference.exporting", str(folder), str(tmp_path), "0"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    said, _ = process.communicate()  # which closes its standard input
    assert process.returncode == 1
    assert said == b""

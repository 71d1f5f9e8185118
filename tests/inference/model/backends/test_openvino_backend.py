"""OpenVINO gives the same answers as torch, or leaves the model to torch."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inference.model import backend_choice
from inference.model.backends import openvino_backend
from inference.model.classifier import LabelSet
from inference.model.encoder.preprocessing import Inputs
from inference.model.encoder.scoring import FloatArray
from inference.model.engine import Engine
from inference.protocol.errors import ModelUnavailable
from tests.inference.model import checkpoints
from tests.inference.model.reference import LABELS, ReferenceModel, pictures

needs_openvino = pytest.mark.skipif(
    not openvino_backend.is_installed(), reason="OpenVINO is not installed (clipbot[fast])"
)

FAMILIES = {
    "clip": checkpoints.tiny_clip,
    "siglip": checkpoints.tiny_siglip,
}


@needs_openvino
@pytest.mark.parametrize("family", FAMILIES)
def test_answers_equal_the_reference(exporting_here: None, family: str, tmp_path: Path) -> None:
    folder = FAMILIES[family](tmp_path / family)
    engine = Engine.load(str(folder), device="cpu", runtime="openvino")
    assert (engine.runtime, engine.dtype) == ("openvino", "float32")
    reference = ReferenceModel(folder)
    expected = reference.classify(pictures(), LABELS)
    together = engine.classify(pictures(), [LabelSet(LABELS)] * len(pictures()))
    np.testing.assert_allclose(together, expected, atol=1e-4)
    alone = [engine.classify([picture], [LabelSet(LABELS)])[0] for picture in pictures()]
    np.testing.assert_allclose(alone, together, atol=1e-5)


@needs_openvino
@pytest.mark.parametrize("make", [checkpoints.tiny_siglip2, checkpoints.tiny_align])
def test_a_model_that_openvino_can_t_convert_is_left_to_torch(
    exporting_here: None,
    make: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NaFlex resizes position embeddings for each image; EfficientNet pads by the image's size."""
    monkeypatch.setattr(backend_choice, "_LEAST_BYTES_FOR_OPENVINO", 1)
    folder = make(tmp_path / "model")
    engine = Engine.load(str(folder), device="cpu")
    assert engine.runtime == "torch"
    rows = engine.classify(pictures(), [LabelSet(LABELS)] * len(pictures()))
    np.testing.assert_allclose(rows, ReferenceModel(folder).classify(pictures(), LABELS), atol=1e-4)


@needs_openvino
def test_auto_uses_openvino_for_large_models_only(
    exporting_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(checkpoints.tiny_clip(tmp_path / "clip"))
    assert Engine.load(folder, device="cpu").runtime == "torch"
    monkeypatch.setattr(backend_choice, "_LEAST_BYTES_FOR_OPENVINO", 1)
    assert Engine.load(folder, device="cpu").runtime == "openvino"
    assert Engine.load(folder, device="cpu", runtime="torch").runtime == "torch"
    assert Engine.load(folder, device="cpu", dtype="float16").runtime == "torch"


@needs_openvino
def test_a_model_with_other_answers_is_left_to_torch(
    exporting_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(checkpoints.tiny_clip(tmp_path / "clip"))
    run = openvino_backend.CompiledTower.__call__

    def wrong(self: openvino_backend.CompiledTower, inputs: Inputs) -> FloatArray:
        return np.sort(run(self, inputs), axis=1)

    monkeypatch.setattr(openvino_backend.CompiledTower, "__call__", wrong)
    monkeypatch.setattr(backend_choice, "_LEAST_BYTES_FOR_OPENVINO", 1)
    engine = Engine.load(folder, device="cpu")
    assert engine.runtime == "torch"
    [row] = engine.classify(pictures()[:1], [LabelSet(("a", "b"))])
    [expected] = ReferenceModel(Path(folder)).classify(pictures()[:1], ("a", "b"))
    np.testing.assert_allclose(row, expected, atol=1e-4)
    with pytest.raises(ModelUnavailable, match="its answers would differ; set CLIP_RUNTIME"):
        Engine.load(folder, device="cpu", runtime="openvino")


def test_a_missing_openvino_is_named_only_where_it_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_backend, "is_installed", lambda: False)
    folder = str(checkpoints.tiny_clip(tmp_path / "clip"))
    assert Engine.load(folder, device="cpu").runtime == "torch"
    with pytest.raises(
        ModelUnavailable, match=r"not installed here: pip install 'clipbot\[fast\]'"
    ):
        Engine.load(folder, device="cpu", runtime="openvino")


@needs_openvino
def test_openvino_refuses_float16(tmp_path: Path) -> None:
    folder = str(checkpoints.tiny_clip(tmp_path / "clip"))
    with pytest.raises(ModelUnavailable, match="this processor has no instructions for float16"):
        Engine.load(folder, device="cpu", dtype="float16", runtime="openvino")


@needs_openvino
def test_signals_arrive_after_models_were_loaded_and_dropped(tmp_path: Path) -> None:
    folder = checkpoints.tiny_clip(tmp_path / "clip")
    program = (
        "import signal, sys\n"
        "from inference.model.engine import Engine\n"
        "for _ in range(2):\n"
        "    engine = Engine.load(sys.argv[1], device='cpu', runtime='openvino')\n"
        "del engine\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "signal.raise_signal(signal.SIGTERM)\n"
    )
    process = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert process.returncode == 7

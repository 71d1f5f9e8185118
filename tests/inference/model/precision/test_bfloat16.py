"""`auto` chooses bfloat16 only if it is native, saves time and keeps the answers.

torch computes in bfloat16 on any processor, if slowly. OpenVINO does so only if it is native, so
these tests round the features of its towers as bfloat16 would.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from transformers import CLIPModel

from inference.model import backend_choice
from inference.model.backend_choice import LoadedModel
from inference.model.backends import export_cache, openvino_backend
from inference.model.backends.checkpoint import Checkpoint
from inference.model.classifier import LabelSet
from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.preprocessing import Inputs
from inference.model.encoder.scoring import FloatArray, probabilities
from inference.model.engine import Engine
from inference.model.precision import bfloat16, samples
from inference.protocol.errors import ModelUnavailable
from tests.inference.model import checkpoints
from tests.inference.model.reference import LABELS, pictures

needs_openvino = pytest.mark.skipif(
    not openvino_backend.is_installed(), reason="OpenVINO is not installed (clipbot[fast])"
)

SETS = [
    LABELS,
    LABELS[:2],
    LABELS[1:3],
    ("a cat",),
    tuple(f"a thing of kind {i}" for i in range(50)),
]


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a processor with instructions for bfloat16."""
    monkeypatch.setenv(bfloat16.SWITCH, "on")


@pytest.fixture
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat tiny models as large enough for bfloat16 and OpenVINO."""
    monkeypatch.setattr(bfloat16, "LEAST_PARAMETERS", 1)
    monkeypatch.setattr(backend_choice, "_LEAST_BYTES_FOR_OPENVINO", 1)


@pytest.fixture
def rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Round the features of OpenVINO's towers in bfloat16 as native instructions would."""
    make, run = openvino_backend.CompiledTower.__init__, openvino_backend.CompiledTower.__call__
    rough: set[int] = set()

    def made(self: openvino_backend.CompiledTower, file: Path, dtype: str, threads: int) -> None:
        make(self, file, "float32", threads)
        (rough.add if dtype == "bfloat16" else rough.discard)(id(self))

    def rounded(self: openvino_backend.CompiledTower, inputs: Inputs) -> FloatArray:
        features = run(self, inputs)
        if id(self) not in rough:
            return features
        return (features.view(np.uint32) & 0xFFFF_0000).view(np.float32)

    monkeypatch.setattr(openvino_backend.CompiledTower, "__init__", made)
    monkeypatch.setattr(openvino_backend.CompiledTower, "__call__", rounded)


def clip(folder: Path, scale: float) -> str:
    """Return a checkpoint whose cosines are multiplied by `scale`."""
    checkpoints.tiny_clip(folder)
    model = CLIPModel.from_pretrained(folder)
    model.logit_scale.data.fill_(math.log(scale))
    model.save_pretrained(folder)
    return str(folder)


def answers(engine: Engine) -> list[FloatArray]:
    """Return the probabilities of many images, each with several small and large label sets."""
    shown = [*pictures(), *(each.rotate(20) for each in samples.images()[::8])]
    return [
        row for labels in SETS for row in engine.classify(shown, [LabelSet(labels)] * len(shown))
    ]


def farthest(some: Engine, others: Engine) -> float:
    """Return the largest difference between the probabilities that two engines give a label."""
    both = zip(answers(some), answers(others), strict=True)
    return max(float(np.abs(one - other).max()) for one, other in both)


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_small_models_compute_in_float32_even_where_bfloat16_is_native(
    exporting_here: None,
    native: None,
    tiny_clip: Engine,
    tiny_clip_folder: Path,
    demo: Engine,
    runtime: Literal["torch", "openvino"],
) -> None:
    if runtime == "openvino" and not openvino_backend.is_installed():
        pytest.skip("OpenVINO is not installed (clipbot[fast])")
    for name, exact in ((str(tiny_clip_folder), tiny_clip), ("demo", demo)):
        chosen = Engine.load(name, device="cpu", runtime=runtime)
        assert (chosen.runtime, chosen.dtype) == (runtime, "float32")
        assert farthest(chosen, exact) < 1e-4


def test_the_switch_overrides_what_the_processor_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bfloat16.SWITCH, "on")
    assert bfloat16.is_native(lambda: False)
    monkeypatch.setenv(bfloat16.SWITCH, "off")
    assert not bfloat16.is_native(lambda: True)
    monkeypatch.delenv(bfloat16.SWITCH)
    assert bfloat16.is_native(lambda: True)
    assert not bfloat16.is_native(lambda: False)


@pytest.mark.parametrize(("scale", "expected"), [(2.0, "bfloat16"), (100.0, "float32")])
def test_torch_uses_bfloat16_only_if_answers_stay_within_the_promise(
    native: None, worth_it: None, tmp_path: Path, scale: float, expected: str
) -> None:
    """The cosines of OpenAI's checkpoints are multiplied by 100, too much for bfloat16."""
    folder = clip(tmp_path / "clip", scale)
    chosen = Engine.load(folder, device="cpu", runtime="torch")
    assert chosen.dtype == expected
    exact = Engine.load(folder, device="cpu", runtime="torch", dtype="float32")
    assert farthest(chosen, exact) <= bfloat16.PROMISED
    rough = Engine.load(folder, device="cpu", runtime="torch", dtype="bfloat16")
    assert (farthest(rough, exact) <= bfloat16.PROMISED) == (expected == "bfloat16")


@pytest.mark.parametrize("make", [checkpoints.tiny_siglip2, checkpoints.tiny_align])
def test_the_chosen_dtype_keeps_answers_within_the_promise(
    exporting_here: None,
    native: None,
    worth_it: None,
    tmp_path: Path,
    make: Callable[[Path], Path],
) -> None:
    folder = str(make(tmp_path / "model"))
    chosen = Engine.load(folder, device="cpu")
    exact = Engine.load(folder, device="cpu", dtype="float32")
    assert farthest(chosen, exact) <= bfloat16.PROMISED


def test_logits_that_overflow_in_bfloat16_make_float32_the_choice(
    native: None, worth_it: None, tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = backend_choice.run_with_torch

    def overflows(loaded: Checkpoint) -> LoadedModel:
        if loaded.dtype_name == "bfloat16":
            raise FloatingPointError("not finite")
        return run(loaded)

    monkeypatch.setattr(backend_choice, "run_with_torch", overflows)
    folder = str(tiny_clip_folder)
    assert Engine.load(folder, device="cpu", runtime="torch").dtype == "float32"
    with pytest.raises(ModelUnavailable, match="not numbers in bfloat16; set CLIP_DTYPE=float32"):
        Engine.load(folder, device="cpu", runtime="torch", dtype="bfloat16")


@needs_openvino
@pytest.mark.parametrize(("scale", "expected"), [(2.0, "bfloat16"), (100.0, "float32")])
def test_openvino_uses_bfloat16_only_if_answers_stay_and_measures_once(
    exporting_here: None,
    native: None,
    worth_it: None,
    rounding: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scale: float,
    expected: str,
) -> None:
    measured: list[bool] = []
    measure = bfloat16.keeps_answers

    def noted(exact: DualEncoder, rough: DualEncoder) -> bool:
        measured.append(measure(exact, rough))
        return measured[-1]

    monkeypatch.setattr(bfloat16, "keeps_answers", noted)
    folder = clip(tmp_path / "clip", scale)
    for _ in range(2):
        engine = Engine.load(folder, device="cpu")
        assert (engine.runtime, engine.dtype) == ("openvino", expected)
    assert measured == [expected == "bfloat16"]
    exact = Engine.load(folder, device="cpu", dtype="float32")
    assert farthest(engine, exact) <= bfloat16.PROMISED


@needs_openvino
def test_bfloat16_set_explicitly_is_used_even_if_answers_change(
    exporting_here: None, native: None, worth_it: None, rounding: None, tmp_path: Path
) -> None:
    engine = Engine.load(clip(tmp_path / "clip", 100.0), device="cpu", dtype="bfloat16")
    assert (engine.runtime, engine.dtype) == ("openvino", "bfloat16")


@needs_openvino
def test_an_export_for_another_processor_is_not_used(
    exporting_here: None, worth_it: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(clip(tmp_path / "clip", 2.0))
    monkeypatch.setenv(bfloat16.SWITCH, "off")
    without = export_cache.digest(folder)
    monkeypatch.setenv(bfloat16.SWITCH, "on")
    assert export_cache.digest(folder) != without


@pytest.mark.parametrize("sigmoid_scores", [True, False])
def test_no_label_set_changes_more_than_the_largest_change(sigmoid_scores: bool) -> None:
    random = np.random.default_rng(5)
    seen = 0.0
    for _ in range(200):
        before = random.normal(0, 2, (4, 12)).astype(np.float32)
        after = before + random.normal(0, 0.1, before.shape).astype(np.float32)
        limit = bfloat16.largest_change(before, after, sigmoid_scores=sigmoid_scores)
        for count in (1, 2, 3, 12):
            chosen = random.permutation(12)[:count]
            one = probabilities(before[:, chosen], sigmoid_scores=sigmoid_scores)
            other = probabilities(after[:, chosen], sigmoid_scores=sigmoid_scores)
            moved = float(np.abs(one - other).max())
            assert moved <= limit + 1e-6
            seen = max(seen, moved / limit)
    assert seen > 0.9  # the bound is close to what really happens


def test_the_largest_change_of_a_nan_is_nan() -> None:
    logits = np.zeros((2, 3), np.float32)
    broken = logits.copy()
    broken[1, 2] = np.nan
    assert math.isnan(bfloat16.largest_change(logits, broken, sigmoid_scores=False))


def test_the_samples_are_of_many_kinds_and_always_the_same() -> None:
    first, second = samples.images(), samples.images()
    assert len(first) == len(samples.texts()) == 40
    assert [each.tobytes() for each in first] == [each.tobytes() for each in second]
    assert len({each.tobytes() for each in first}) == 40
    assert all(isinstance(each, Image.Image) and each.mode == "RGB" for each in first)

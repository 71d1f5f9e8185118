"""Each model runs in a way that gives right answers, also if towers or dtypes fail."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import CLIPModel

from inference.model.backend_choice import run_with_torch
from inference.model.backends import checkpoint
from inference.model.classifier import LabelSet
from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.tokenization import Tokens
from inference.model.engine import Engine
from inference.model.none_of_these import bank, fit
from inference.protocol.errors import ModelUnavailable
from tests.inference.model import checkpoints
from tests.inference.model.reference import LABELS, ReferenceModel, pictures, torch_model


@pytest.fixture(scope="module")
def align_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.tiny_align(tmp_path_factory.mktemp("joint"))


class TestAModelWhoseTowersCannotRunApart:
    """Its answers come from its own forward pass, and equal the reference."""

    @pytest.fixture(params=["other features", "no features", "wrong shape"])
    def engine(self, request: pytest.FixtureRequest, align_folder: Path) -> Engine:
        # ALIGN, since its own forward pass does not call `get_text_features`.
        loaded = checkpoint.load(str(align_folder), torch.device("cpu"), torch.float32)
        encode = loaded.model.get_text_features

        def other(**inputs: Any) -> Any:
            return encode(**inputs).pooler_output.flip(-1)

        def none(**inputs: Any) -> Any:
            raise AttributeError("no such tower")

        def one_for_each_token(**inputs: Any) -> Any:
            return torch.zeros(1, 64, 24)

        kinds = {"other features": other, "no features": none, "wrong shape": one_for_each_token}
        loaded.model.get_text_features = kinds[request.param]
        return Engine(loaded.name, run_with_torch(loaded))

    def test_its_own_forward_pass_answers(self, engine: Engine, align_folder: Path) -> None:
        assert not engine.runs_towers_apart
        images = pictures()
        sets = [LabelSet(LABELS), LabelSet(("a", "b")), LabelSet(LABELS), LabelSet(("c",))]
        rows = engine.classify(images[:4], sets)
        reference = ReferenceModel(align_folder)
        expected = reference.classify([images[0], images[2]], LABELS)
        np.testing.assert_allclose([rows[0], rows[2]], expected, atol=1e-4)
        expected = reference.classify([images[1]], ("a", "b"))
        np.testing.assert_allclose([rows[1]], expected, atol=1e-4)
        [[label, *others]] = reference.logits([images[3]], ("c", *bank.few_texts()))
        missing = np.log(len(bank.english_texts()) / len(bank.few_texts()))
        odds = label - np.logaddexp.reduce(np.float64(others)) - missing
        how_well = fit.fit(odds, 1, fit.threshold_of(engine.name))
        np.testing.assert_allclose(rows[3], [how_well], atol=1e-4)

    def test_it_does_not_tell_whether_labels_fit(self, engine: Engine) -> None:
        assert engine.encode_bank(0)
        found = engine.compare(pictures()[:2], [LabelSet(LABELS), LabelSet(("c",))])
        assert [one.fit for one in found] == [None, None]


@pytest.mark.parametrize("driver", [True, False])
def test_torch_looks_for_a_gpu_only_where_a_driver_is_installed(
    tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch, driver: bool
) -> None:
    asked: list[str] = []

    def load_library(name: str) -> None:
        if not driver:
            raise OSError(f"{name}: cannot open shared object file")

    def pick_device(wanted: str) -> torch.device:
        asked.append(wanted)
        return torch.device("cpu")

    monkeypatch.setattr("ctypes.CDLL", load_library)
    monkeypatch.setattr("inference.model.backend_choice._load_with_openvino", lambda *_, **__: None)
    monkeypatch.setattr(checkpoint, "pick_device", pick_device)
    assert Engine.load(str(tiny_clip_folder)).device == "cpu"
    # The second call is part of loading the model with torch.
    assert asked == (["auto", "cpu"] if driver else ["auto"])


@pytest.fixture(scope="module")
def overflowing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = checkpoints.tiny_clip(tmp_path_factory.mktemp("overflowing"))
    model = CLIPModel.from_pretrained(folder)
    with torch.no_grad():
        model.vision_model.post_layernorm.weight.fill_(60_000.0)
        model.vision_model.post_layernorm.bias.fill_(60_000.0)
    model.save_pretrained(folder)
    return folder


class TestNumbersThatOverflow:
    """The largest number in float16 is 65504; a model trained in bfloat16 may exceed it."""

    def test_a_dtype_set_explicitly_is_refused(self, overflowing: Path) -> None:
        with pytest.raises(ModelUnavailable, match="set CLIP_DTYPE=float32"):
            Engine.load(str(overflowing), device="cpu", dtype="float16")

    def test_a_dtype_chosen_by_auto_is_replaced_by_float32(
        self, overflowing: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def as_on_cuda(wanted: str, device: torch.device) -> torch.dtype:
            return torch.float16

        monkeypatch.setattr(checkpoint, "pick_dtype", as_on_cuda)
        assert Engine.load(str(overflowing), device="cpu").dtype == "float32"

    @pytest.mark.parametrize("apart", [True, False])
    def test_one_image_has_no_answer_but_the_others_do(
        self, tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
    ) -> None:
        """The features of one image of three become infinite, as in float16."""
        if not apart:
            monkeypatch.setattr(
                "inference.model.backends.torch_backend.can_split", lambda *_: False
            )
        engine = Engine.load(str(tiny_clip_folder), device="cpu", dtype="float32")
        assert engine.runs_towers_apart == apart
        sets = [LabelSet(("a", "b")), LabelSet(("a", "b", "c")), LabelSet(("d",))]
        expected = engine.classify(pictures()[:3], sets)
        embed = torch_model(engine).checkpoint.model.vision_model.embeddings
        forward = embed.forward

        guilty = torch.from_numpy(engine.prepare(pictures()[1])["pixel_values"])

        def overflows(pixels: torch.Tensor, **named: Any) -> Any:
            tokens = forward(pixels, **named)
            tokens[(pixels == guilty).all(dim=(1, 2, 3))] = torch.inf
            return tokens

        monkeypatch.setattr(embed, "forward", overflows)
        first, second, third = engine.classify(pictures()[:3], sets)
        np.testing.assert_allclose(first, expected[0], atol=1e-6)
        np.testing.assert_allclose(third, expected[2], atol=1e-6)
        assert second.shape == (3,)
        assert np.isnan(second).all()

    def test_a_label_that_overflows_affects_only_its_own_images(
        self, tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = Engine.load(str(tiny_clip_folder), device="cpu", dtype="float32")
        encode = engine.encoder.encode_tokens

        def overflows(texts: Sequence[Tokens]) -> FloatArray:
            features = encode(texts)
            features[[len(text) > 20 for text in texts]] = np.nan
            return features

        monkeypatch.setattr(engine.encoder, "encode_tokens", overflows)
        sets = [LabelSet(("a", "b")), LabelSet(("a", "a label of many letters"))]
        whole, broken = engine.classify(pictures()[:2], sets)
        assert np.isfinite(whole).all()
        assert np.isnan(broken).all()


def test_bfloat16_is_close_to_float32(tiny_clip: Engine, tiny_clip_folder: Path) -> None:
    half = Engine.load(str(tiny_clip_folder), device="cpu", dtype="bfloat16")
    assert half.dtype == "bfloat16"
    assert half.runs_towers_apart
    sets = [LabelSet(("cat", "dog", "tree"))] * 2
    for exact, rough in zip(
        tiny_clip.classify(pictures()[:2], sets), half.classify(pictures()[:2], sets), strict=True
    ):
        np.testing.assert_allclose(rough, exact, atol=0.05)

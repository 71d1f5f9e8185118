"""The bank's features: encoded in steps, kept on disk, and never mixed up."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from inference.model import assets
from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.tokenization import Tokens
from inference.model.engine import Engine
from inference.model.none_of_these import bank, bank_features
from inference.model.none_of_these.bank_features import BankFeatures
from tests.inference.model import checkpoints

TEXTS = bank.english_texts()[:40]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(str(checkpoints.tiny_clip(tmp_path_factory.mktemp("clip"))), device="cpu")


def features(engine: Engine, file: Path | None = None) -> BankFeatures:
    return BankFeatures(engine.encoder, TEXTS, len(TEXTS), lambda: file)


def test_steps_give_what_one_call_gives(engine: Engine) -> None:
    at_once, in_steps = features(engine), features(engine)
    steps = 1
    while not in_steps.encode(0):
        assert not in_steps.ready
        steps += 1
    assert 2 < steps < len(TEXTS)
    assert at_once.encode(1e9)
    np.testing.assert_array_equal(in_steps.features, at_once.features)
    assert in_steps.limit == at_once.limit


@pytest.mark.parametrize(
    ("make", "most"), [(checkpoints.tiny_clip, 16), (checkpoints.tiny_siglip, 1)]
)
def test_a_step_has_few_tokens(
    make: Callable[[Path], Path], most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Engine.load(str(make(tmp_path)), device="cpu").encoder
    encode, sizes = encoder.encode_tokens, []

    def counting(texts: Sequence[Tokens]) -> FloatArray:
        sizes.append(encoder.tokenizer.batch(texts)["input_ids"].shape)
        return encode(texts)

    monkeypatch.setattr(encoder, "encode_tokens", counting)
    assert BankFeatures(encoder, TEXTS, len(TEXTS), lambda: None).encode(1e9)
    assert max(texts for texts, _ in sizes) <= most
    assert max(texts * tokens for texts, tokens in sizes) <= 96
    assert sum(texts for texts, _ in sizes) == len(TEXTS)


def test_they_equal_the_features_of_labels(engine: Engine) -> None:
    expected = engine.encoder.text_features(TEXTS)
    np.testing.assert_allclose(features(engine).features, expected, atol=1e-5)


def test_they_take_no_room_of_labels(engine: Engine) -> None:
    before = len(engine.encoder.text_cache)
    assert features(engine).encode(1e9)
    assert len(engine.encoder.text_cache) == before


def test_kept_features_equal_fresh_ones_and_are_not_encoded_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = features(engine, tmp_path / "kept.npy").features
    monkeypatch.setattr(engine.encoder, "encode_tokens", None)
    kept = features(engine, tmp_path / "kept.npy")
    assert kept.encode(0)
    np.testing.assert_array_equal(kept.features, fresh)


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"other", b"cut", None])
def test_a_damaged_file_is_made_again(engine: Engine, tmp_path: Path, damage: bytes | None) -> None:
    file = tmp_path / "kept.npy"
    if damage is None:
        np.save(file, np.full((40, 3), np.nan, np.float32))
    elif damage == b"cut":
        np.save(file, features(engine).features[:16])
    else:
        file.write_bytes(damage)
    np.testing.assert_array_equal(features(engine, file).features, features(engine).features)
    assert np.load(file).shape == (40, features(engine).features.shape[1])


def test_files_that_nobody_used_for_a_week_are_deleted(engine: Engine, tmp_path: Path) -> None:
    old, recent = tmp_path / "old.npy", tmp_path / "recent.npy"
    for file, days in ((old, 8), (recent, 1)):
        file.touch()
        os.utime(file, (time.time() - days * 24 * 3_600,) * 2)
    assert features(engine, tmp_path / "kept.npy").encode(1e9)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "kept.npy", recent]


def test_a_folder_that_can_not_be_written_is_no_obstacle(engine: Engine, tmp_path: Path) -> None:
    assert features(engine, tmp_path / "missing" / "kept.npy").encode(1e9)


def test_each_checkpoint_and_dtype_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "folder_for", lambda kind, model: tmp_path)
    for make in (checkpoints.tiny_clip, checkpoints.tiny_align):
        folder = make(tmp_path / make.__name__)
        engine = Engine.load(str(folder), device="cpu")
        for dtype in ("float32", "float16", "float32"):
            assert bank_features.of_model(str(folder), engine.encoder, dtype).encode(1e9)
    assert len(list(tmp_path.glob("*.npy"))) == 4


def test_steps_are_written_at_their_end(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "kept.npy"
    found = features(engine, file)
    while not found.encode(0):
        assert not file.exists()
    np.testing.assert_array_equal(np.load(file), found.features)


def test_what_is_near_to_a_label_is_left_out(engine: Engine) -> None:
    found = features(engine)
    [label] = engine.encoder.text_features([TEXTS[3]])
    far = found.far_from(label[None], "label")
    assert not far[3]
    expected = found.features @ label <= found.limit
    np.testing.assert_array_equal(far, expected)
    np.testing.assert_array_equal(found.far_from(label[None], "label"), far)


def test_where_everything_is_near_nothing_is_left_out(engine: Engine) -> None:
    found = features(engine)
    assert found.far_from(found.features, "all").all()

"""A checkpoint's files are found without torch, wherever they are."""

from pathlib import Path

import pytest

from inference.model.hub import checkpoint_files
from inference.model.hub.checkpoint_files import is_local, weight_bytes
from inference.protocol.errors import ModelUnavailable


def test_local_models_need_no_download(tiny_clip_folder: Path) -> None:
    assert is_local("demo")
    assert is_local(str(tiny_clip_folder))
    assert not is_local("openai/no-such-model-in-any-cache")
    assert is_local("/no/such/folder")  # nothing is fetched: loading gives the reason
    assert is_local("spaces are wrong")


def test_names_that_can_t_be_paths_are_refused() -> None:
    assert checkpoint_files.own_folder("x" * 300) is None
    for name in ("~nobody-of-that-name/x", f"/{'y' * 5_000}"):
        with pytest.raises(ModelUnavailable, match="there is no such folder"):
            checkpoint_files.own_folder(name)


def test_weights_in_two_formats_count_once(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x" * 30)
    (tmp_path / "pytorch_model.bin").write_bytes(b"x" * 31)
    assert weight_bytes(tmp_path) == 30


def test_the_digest_samples_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_files, "_SAMPLE", 4)
    monkeypatch.setattr(checkpoint_files, "_SAMPLES", 10)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(bytes(1_000))
    before = checkpoint_files.digest(tmp_path)
    assert checkpoint_files.digest(tmp_path) == before
    assert checkpoint_files.digest(tmp_path, "another format") != before
    trained = bytearray(1_000)
    trained[::7] = b"\1" * len(trained[::7])
    weights.write_bytes(trained)
    assert checkpoint_files.digest(tmp_path) != before
    weights.write_bytes(bytes(1_001))
    assert checkpoint_files.digest(tmp_path) != before

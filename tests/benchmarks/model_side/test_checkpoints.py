"""Which model is measured when the hub can't be reached."""

import errno
import json
import struct
from math import prod
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from clipbot_benchmarks.model_side import checkpoints
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import DEFAULT_MODEL


def test_the_default_model_is_replaced_by_random_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "random_clip", lambda folder: folder)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    found, note = checkpoints.find(DEFAULT_MODEL, tmp_path / "random")
    assert found == str(tmp_path / "random")
    assert note.startswith(f"{DEFAULT_MODEL} is not in the cache and the hub can't be reached")


def test_a_full_disk_is_reported_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("inference.model.hub.client.HubClient.describe", full)
    with pytest.raises(ModelUnavailable, match="disk is full"):
        checkpoints.find(DEFAULT_MODEL, tmp_path)


def test_another_model_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="nobody/has-this"):
        checkpoints.find("nobody/has-this", tmp_path)


@pytest.mark.parametrize("name", ["demo", "."])
def test_a_local_model_is_measured_as_it_is(name: str, tmp_path: Path) -> None:
    assert checkpoints.find(name, tmp_path) == (name, "")


def test_random_weights_have_the_shape_of_vit_b_32(tmp_path: Path) -> None:
    folder = checkpoints.random_clip(tmp_path)
    with (folder / "model.safetensors").open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    shapes = [tensor["shape"] for name, tensor in header.items() if name != "__metadata__"]
    (folder / "model.safetensors").unlink()  # 600 MB, which pytest would keep
    # openai/clip-vit-base-patch32: 151,277,313 parameters
    assert sum(map(prod, shapes)) == 151_277_313
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())["text_config"]
    ids = tokenizer("a cat " * 100, truncation=True)["input_ids"]
    assert len(ids) == 77
    assert (ids[0], ids[-1]) == (config["bos_token_id"], config["eos_token_id"])

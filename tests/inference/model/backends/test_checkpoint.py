"""Loading a checkpoint gives the same answers everywhere, and prints nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub.utils import are_progress_bars_disabled  # type: ignore[attr-defined]
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoImageProcessor
from transformers.utils import logging as transformers_logging

from inference.model.backends import checkpoint
from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from tests.inference.model.checkpoints import use_pickle


def test_weights_from_a_pickle_file_give_the_same_answers(folder: Path, tiny_clip: Engine) -> None:
    use_pickle(folder, load_file(folder / "model.safetensors"))
    image, labels = Image.new("RGB", (40, 50), "red"), LabelSet(("a cat", "a dog"))
    [row] = Engine.load(str(folder)).classify([image], [labels])
    [expected] = tiny_clip.classify([image], [labels])
    np.testing.assert_allclose(row, expected, atol=1e-6)


def test_transformers_prints_nothing(folder: Path) -> None:
    """Runs in a process of its own, since transformers prints most messages only once."""
    config = json.loads((folder / "config.json").read_text())
    config["text_config"] |= {"bos_token_id": 10**9, "eos_token_id": -2}
    (folder / "config.json").write_text(json.dumps(config))
    code = (
        "import sys\n"
        "from inference.model.engine import Engine\n"
        "engine = Engine.load(sys.argv[1], runtime='torch')\n"
        "print(engine.torch_model.checkpoint.model.loss_function)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert ran.stdout
    assert ran.stderr == ""


def test_dtypes() -> None:
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    assert checkpoint.pick_dtype("auto", cpu) is torch.float32
    assert checkpoint.pick_dtype("auto", cuda) is torch.float16
    assert checkpoint.pick_dtype("bfloat16", cpu) is torch.bfloat16


def test_pillow_prepares_images_even_where_torchvision_is_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    load = AutoImageProcessor.from_pretrained

    def from_pretrained(source: str, **options: Any) -> Any:
        asked.update(options)
        return load(source, **options)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(AutoImageProcessor, "from_pretrained", from_pretrained)
    Engine.load(str(folder))
    assert asked["backend"] == "pil"


def test_loading_shows_no_progress_bar_on_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    checkpoint.load(str(folder), torch.device("cpu"), torch.float32)
    assert capfd.readouterr() == ("", "")
    assert not are_progress_bars_disabled()  # those of downloads are still shown


def test_progress_bars_are_enabled_again_after_loading(folder: Path) -> None:
    transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    Engine.load(str(folder))
    assert transformers_logging.is_progress_bar_enabled()


_MANY_SHAPES = """
import os, torch
from inference.model.backends import checkpoint
checkpoint.limit_primitive_caches()
torch.set_num_threads(1)
weights, terms = torch.ones(8, 8).to_mkldnn(), torch.ones(8).to_mkldnn()
for rows in (*range(1, 140), 139, 1):
    print("rows", rows, flush=True)
    torch.nn.functional.linear(torch.ones(rows, 8).to_mkldnn(), weights, terms)
print({name: os.environ[name] for name in checkpoint.PRIMITIVE_CACHES})
"""


def test_the_caches_of_primitives_are_bounded(tiny_clip: Engine) -> None:
    """With the default of 1,024 kept shapes, a worker in bfloat16 grows by 800 MB."""
    ran = subprocess.run(
        [sys.executable, "-c", _MANY_SHAPES],
        capture_output=True,
        text=True,
        check=True,
        env={"ONEDNN_VERBOSE": "profile_create", "LRU_CACHE_CAPACITY": "7"},
    )
    *_, latest, first = ran.stdout.split("rows ")
    assert "inner_product" in latest
    assert "cache_hit,cpu,inner_product" in latest
    assert "cache_miss,cpu,inner_product" in first
    assert set(checkpoint.PRIMITIVE_CACHES) <= set(
        os.environ
    )  # set when the first model was loaded
    # Values that the host has set are kept.
    assert "'ONEDNN_PRIMITIVE_CACHE_CAPACITY': '128', 'LRU_CACHE_CAPACITY': '7'" in first

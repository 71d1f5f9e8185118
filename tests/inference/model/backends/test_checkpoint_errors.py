"""Every way in which a checkpoint can fail to load ends in one sentence that says what to do."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from huggingface_hub import errors as hub
from safetensors.torch import load_file, save_file
from transformers import CLIPModel

from inference.model.backends import checkpoint
from inference.model.backends.checkpoint_errors import explain
from inference.model.engine import Engine
from inference.model.hub import checkpoint_files
from inference.protocol.errors import ModelUnavailable
from tests.inference.model.checkpoints import use_pickle


def refusal(model: str | Path, **options: Any) -> str:
    with pytest.raises(ModelUnavailable) as raised:
        Engine.load(str(model), **options)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert sentence.startswith(("CLIP_MODEL is ", "CLIP_DEVICE is "))
    return sentence


class MakesFolder:
    """An object that makes a folder when `pickle` loads it without checks."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.target),)


def test_a_pickle_that_runs_code_is_refused(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "was-run"
    use_pickle(folder, {"weights": MakesFolder(target)})
    said = refusal(folder)
    assert "wants to run code" in said
    assert "damaged" not in said
    assert not target.exists()


def test_code_of_a_repository_is_never_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "brand-new"
    config["auto_map"] = {"AutoConfig": "code.Config", "AutoModel": "code.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text("raise SystemExit('run!')")
    assert "never runs" in refusal(folder)


def test_names_of_nothing_are_refused(tmp_path: Path) -> None:
    assert "no such folder" in refusal("./no/such/folder")
    assert "no such folder" in refusal(tmp_path / "nothing")
    assert "no config.json" in refusal(tmp_path)
    (file := tmp_path / "model.safetensors").touch()
    assert "which is a file" in refusal(file)
    assert "neither a folder nor a name" in refusal("spaces are wrong")


def test_a_host_that_forbids_asking_the_hub() -> None:
    assert "HF_HUB_OFFLINE forbids" in refusal("openai/no-such-model-in-any-cache")


def test_the_bundled_model_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_files, "DEMO_FOLDER", tmp_path)
    assert "install clipbot again" in refusal("demo")


def test_a_truncated_file(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "damaged or incomplete" in refusal(folder)


def test_a_truncated_pickle_file(folder: Path) -> None:
    use_pickle(folder, load_file(folder / "model.safetensors"))
    weights = folder / "pytorch_model.bin"
    weights.write_bytes(weights.read_bytes()[:5000])
    assert "damaged or incomplete" in refusal(folder)


def test_damaged_files_are_removed_from_the_cache_or_replaced_in_a_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    model = tmp_path / "cache" / "models--some--model"
    model.joinpath("snapshots").mkdir(parents=True)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert f"put whole ones into {folder}" in refusal(folder)
    folder.rename(model / "snapshots" / "abc")
    assert f"remove {model}, so that they are fetched again" in refusal("some/model")


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_a_clone_without_git_lfs_holds_pointers(folder: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 605247071\n"
    (folder / name).write_text(pointer)
    assert f"{name} in {folder} is a pointer of Git LFS" in refusal(folder)


def test_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "files are missing" in refusal(folder)


def test_some_weights_missing(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "lack 1 of the tensors" in refusal(folder)
    assert "text_projection.weight" in refusal(folder)


def test_weights_of_another_size(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["text_projection.weight"] = torch.zeros(5, 5)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "damaged or incomplete" in refusal(folder)


def test_a_broken_configuration(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": ')
    assert "damaged or incomplete" in refusal(folder)


@pytest.mark.parametrize("config", [{"model_type": "bert"}, {}])
def test_a_model_of_another_kind(folder: Path, config: dict[str, str]) -> None:
    (folder / "config.json").write_text(json.dumps(config))
    assert "not a model that compares pictures with texts" in refusal(folder)


def test_a_model_from_the_future(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "brand-new"}')
    assert "update transformers" in refusal(folder)


def test_a_model_that_takes_no_images(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def watches_films(*args: Any, **inputs: Any) -> None:
        raise ValueError("You have to specify pixel_values_videos")

    monkeypatch.setattr(CLIPModel, "forward", watches_films)
    assert "ValueError: You have to specify pixel_values_videos" in refusal(folder)


def test_no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    assert "tokenizer knows no words" in refusal(folder)


def test_no_image_processor(folder: Path) -> None:
    (folder / "processor_config.json").unlink()
    assert refusal(folder)


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is installed")
def test_an_image_processor_that_needs_torchvision(folder: Path) -> None:
    file = folder / "processor_config.json"
    config = json.loads(file.read_text())
    config["image_processor"]["image_processor_type"] = "CHMv2ImageProcessor"
    file.write_text(json.dumps(config))
    assert "install clipbot[gpu]" in refusal(folder)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_no_cuda_device_here() -> None:
    assert "sees no CUDA devices" in refusal("demo", device="cuda:1")
    assert checkpoint.pick_device("auto") == torch.device("cpu")


def test_a_torchvision_that_does_not_match(folder: Path, tmp_path: Path) -> None:
    """Runs in a process of its own, since transformers imports torchvision only once."""
    package = tmp_path / "path" / "torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    about = tmp_path / "path" / "torchvision-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.1.0\n")
    (about / "RECORD").write_text("torchvision/__init__.py,,\n")
    code = (
        "import sys\n"
        "from inference.model.engine import Engine\n"
        "from inference.protocol.errors import ModelUnavailable\n"
        "try: Engine.load(sys.argv[1])\n"
        "except ModelUnavailable as error: print(error)\n"
    )
    paths = [str(tmp_path / "path"), *filter(None, sys.path)]
    ran = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "torchvision does not fit PyTorch" in ran.stdout
    assert ran.stdout.count("\n") == 1


def http_error(status: int) -> Any:
    request = httpx.Request("GET", "https://hub.test/model")
    return httpx.Response(status, request=request)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "does not fit into memory"),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), "does not fit into memory"),
        (hub.GatedRepoError("gated", response=http_error(403)), "accept them on its page"),
        (hub.RepositoryNotFoundError("none", response=http_error(404)), "no such model"),
        (hub.HfHubHTTPError("busy", response=http_error(503)), "busy"),
        (ConnectionRefusedError("no route"), "can't be reached"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "can't be opened"),
        (KeyError("surprise"), "KeyError: 'surprise'"),
        (ValueError(), "no reason is given"),
    ],
)
def test_errors_that_only_happen_on_other_machines(error: Exception, part: str) -> None:
    wrapped = OSError("Can't load the model")
    wrapped.__cause__ = error
    assert part in explain("a/b", error)
    if not isinstance(error, (KeyError, ValueError)):
        assert part in explain("a/b", wrapped)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_a_missing_network_with_either_http_library(library: str) -> None:
    error = pytest.importorskip(library).ReadTimeout("no answer")
    assert "can't be reached" in explain("a/b", error)

"""Which model answers in the playground."""

from pathlib import Path

import pytest

from clipbot_playground.page.model_choice import ModelChoice, choose
from inference.model.hub.cache import find_complete, model_folder
from inference.protocol.settings import DEFAULT_MODEL, DEMO_MODEL

_REST = ("config.json", "tokenizer.json", "preprocessor_config.json")


def _leaves(cache: Path, *files: str, model: str = DEFAULT_MODEL) -> dict[str, str]:
    """Fill the hub's cache with these files of a model, and return its environment."""
    snapshot = cache / f"models--{model.replace('/', '--')}" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for name in files:
        (snapshot / name).write_bytes(b"x")
    return {"HF_HUB_CACHE": str(cache)}


def test_a_model_that_is_set_answers(tmp_path: Path) -> None:
    cached = _leaves(tmp_path, *_REST, "model.safetensors")
    assert choose("somebody/model", cached) == ModelChoice("somebody/model")
    assert choose(DEMO_MODEL, cached) == ModelChoice(DEMO_MODEL, stands_in=False)


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_the_default_model_answers_where_it_is_cached(tmp_path: Path, weights: str) -> None:
    assert choose(None, _leaves(tmp_path, *_REST, weights)) == ModelChoice(DEFAULT_MODEL)


@pytest.mark.parametrize(
    "files",
    [
        (),
        _REST,
        ("config.json", "model.safetensors"),
        (*_REST, "flax_model.msgpack"),
        (*_REST, "model.safetensors.index.json", "model-00001-of-00002.safetensors"),
    ],
)
def test_otherwise_the_bundled_model_answers(tmp_path: Path, files: tuple[str, ...]) -> None:
    assert choose(None, _leaves(tmp_path, *files)) == ModelChoice(DEMO_MODEL, stands_in=True)


def test_another_models_cache_does_not_help(tmp_path: Path) -> None:
    other = _leaves(tmp_path, *_REST, "model.safetensors", model="somebody/model")
    assert find_complete("somebody/model", other)
    assert not find_complete(DEFAULT_MODEL, other)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/a"),
        ({"HUGGINGFACE_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({}, "~/.cache/huggingface/hub"),
    ],
)
def test_the_folder_is_the_one_that_the_hubs_client_uses(
    environment: dict[str, str], folder: str
) -> None:
    found = model_folder("openai/clip", environment)
    assert found == Path(folder).expanduser() / "models--openai--clip"


def test_only_remote_models_come_from_the_hub(tmp_path: Path) -> None:
    assert ModelChoice("somebody/model").comes_from_hub
    assert not ModelChoice(DEMO_MODEL).comes_from_hub
    assert not ModelChoice(str(tmp_path)).comes_from_hub

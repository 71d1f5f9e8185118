"""A checkpoint comes from a hub on loopback, whole and into the right place."""

from pathlib import Path

import pytest

from inference import diagnosis
from inference.model.engine import Engine
from inference.model.hub import checkpoint_files, download
from inference.model.hub.cache import is_complete, model_folder
from inference.model.hub.download import FetchProgress
from inference.protocol.findings import State
from inference.protocol.settings import WorkerSettings, load
from tests.inference.model.hub.hub_server import COMMIT, REPOSITORY, WEIGHTS, FakeHub
from tests.inference.model.hub.local_cache import blobs_folder, split_weights, unfinished


def test_the_fetched_files_equal_those_of_the_hub(hub: FakeHub) -> None:
    heard: list[FetchProgress] = []
    assert not checkpoint_files.is_local(REPOSITORY)
    with download.reporting_to(heard.append):
        folder = checkpoint_files.locate(REPOSITORY)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == hub.files
    assert folder == model_folder(REPOSITORY) / "snapshots" / COMMIT
    size = len(hub.files[WEIGHTS])
    assert (heard[0], heard[-1]) == (FetchProgress(0, size), FetchProgress(size, size))
    assert heard[-1].is_complete
    assert checkpoint_files.is_local(REPOSITORY)
    assert not list(blobs_folder().glob("*.incomplete"))


def test_huggingface_hub_finds_the_fetched_files(hub: FakeHub) -> None:
    from huggingface_hub import hf_hub_download

    folder = checkpoint_files.locate(REPOSITORY)
    cache = model_folder(REPOSITORY).parent
    found = hf_hub_download(REPOSITORY, WEIGHTS, cache_dir=cache, local_files_only=True)
    assert Path(found) == folder / WEIGHTS


def test_a_complete_snapshot_is_used_without_asking_the_hub(hub: FakeHub) -> None:
    folder = checkpoint_files.locate(REPOSITORY)
    hub.requests.clear()
    assert checkpoint_files.locate(REPOSITORY) == folder
    assert hub.requests == []


def test_files_that_loading_does_not_read_are_not_fetched(hub: FakeHub) -> None:
    unused = {"flax_model.msgpack", "pytorch_model.bin", "README.md", "onnx/model.onnx", ".hidden"}
    hub.files |= dict.fromkeys(unused, b"x")
    folder = checkpoint_files.locate(REPOSITORY)
    assert not unused & {file.name for file in folder.iterdir()}


def test_an_empty_file_is_fetched_too(hub: FakeHub) -> None:
    hub.files["requirements.txt"] = b""
    assert (checkpoint_files.locate(REPOSITORY) / "requirements.txt").read_bytes() == b""


def test_a_hub_that_lists_no_files_is_asked_for_the_usual_ones(hub: FakeHub) -> None:
    hub.lists_files = False
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_a_hub_that_never_sends_its_list_is_asked_for_the_usual_files(hub: FakeHub) -> None:
    hub.failures.hangs = ("/api/",)
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_the_size_of_weights_in_several_files_is_not_known_beforehand(hub: FakeHub) -> None:
    split_weights(hub)
    assert download.local_progress(REPOSITORY) == FetchProgress(0, 0)


def test_a_file_is_absent_too_if_the_hub_gives_no_reason_for_a_404(hub: FakeHub) -> None:
    hub.lists_files = False
    hub.failures.status = {"vocab": 404, "merges.txt": 404, "/preprocessor": 404}
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_all_shards_of_large_weights_are_fetched(hub: FakeHub) -> None:
    names = split_weights(hub)
    folder = checkpoint_files.locate(REPOSITORY)
    assert {file.name for file in folder.iterdir()} >= set(names)
    (folder / names[1]).unlink()
    assert not checkpoint_files.is_local(REPOSITORY)
    assert checkpoint_files.locate(REPOSITORY) == folder
    assert checkpoint_files.is_local(REPOSITORY)


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "processor_config.json", WEIGHTS]
)
def test_a_snapshot_without_a_needed_file_is_not_complete(hub: FakeHub, name: str) -> None:
    (checkpoint_files.locate(REPOSITORY) / name).unlink()
    assert not checkpoint_files.is_local(REPOSITORY)
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_doctor_fetches_nothing(hub: FakeHub) -> None:
    blobs_folder().mkdir(parents=True)
    unfinished(hub).write_bytes(bytes(100_000))
    found = diagnosis.check_model(load(WorkerSettings, clip_model=REPOSITORY))
    assert found.state is State.NOTE
    assert found.found == (
        f"{REPOSITORY} is not complete on this machine yet: 0.1 of 0.3 MB are in "
        f"{model_folder(REPOSITORY)}"
    )
    assert {one.method for one in hub.requests} == {"HEAD"}
    assert list(blobs_folder().iterdir()) == [unfinished(hub)]


def test_doctor_tells_what_the_hub_refuses(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(WorkerSettings, clip_model=REPOSITORY)
    hub.failures.status = {REPOSITORY: 503}
    assert "busy" in diagnosis.check_model(settings).found
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = diagnosis.check_model(settings)
    assert found.state is State.BROKEN
    assert "HF_HUB_OFFLINE forbids fetching it" in found.found


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_loading_a_complete_snapshot_does_not_ask_a_hub_that_hangs(
    hub: FakeHub, exporting_here: None, runtime: str
) -> None:
    checkpoint_files.locate(REPOSITORY)
    hub.failures.hangs = ("",)
    hub.requests.clear()
    assert Engine.load(REPOSITORY, device="cpu", runtime=runtime).runtime == runtime
    assert hub.requests == []

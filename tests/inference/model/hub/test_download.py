"""A checkpoint comes from a hub on loopback, whole and into the right place."""

from pathlib import Path

import pytest

from inference import diagnosis
from inference.model.engine import Engine
from inference.model.hub import checkpoint_files, download
from inference.model.hub.cache import is_complete, model_folder
from inference.model.hub.download import DownloadProgress
from inference.protocol.findings import State
from inference.protocol.settings import WorkerSettings, load
from tests.inference.model.hub.hub_server import COMMIT, REPOSITORY, WEIGHTS, FakeHub
from tests.inference.model.hub.local_cache import blobs, partial, split


def test_what_comes_is_what_the_hub_has(hub: FakeHub) -> None:
    heard: list[DownloadProgress] = []
    assert not checkpoint_files.is_here(REPOSITORY)
    with download.heard_by(heard.append):
        folder = checkpoint_files.locate(REPOSITORY)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == hub.files
    assert folder == model_folder(REPOSITORY) / "snapshots" / COMMIT
    size = len(hub.files[WEIGHTS])
    assert (heard[0], heard[-1]) == (DownloadProgress(0, size), DownloadProgress(size, size))
    assert heard[-1].is_complete
    assert checkpoint_files.is_here(REPOSITORY)
    assert not list(blobs().glob("*.incomplete"))


def test_huggingface_hub_finds_what_came(hub: FakeHub) -> None:
    from huggingface_hub import hf_hub_download

    folder = checkpoint_files.locate(REPOSITORY)
    cache = model_folder(REPOSITORY).parent
    found = hf_hub_download(REPOSITORY, WEIGHTS, cache_dir=cache, local_files_only=True)
    assert Path(found) == folder / WEIGHTS


def test_what_is_whole_is_taken_without_asking_the_hub(hub: FakeHub) -> None:
    folder = checkpoint_files.locate(REPOSITORY)
    hub.asked.clear()
    assert checkpoint_files.locate(REPOSITORY) == folder
    assert hub.asked == []


def test_nothing_is_fetched_that_nobody_reads(hub: FakeHub) -> None:
    unused = {"flax_model.msgpack", "pytorch_model.bin", "README.md", "onnx/model.onnx", ".hidden"}
    hub.files |= dict.fromkeys(unused, b"x")
    folder = checkpoint_files.locate(REPOSITORY)
    assert not unused & {file.name for file in folder.iterdir()}


def test_an_empty_file_is_kept_as_well(hub: FakeHub) -> None:
    hub.files["requirements.txt"] = b""
    assert (checkpoint_files.locate(REPOSITORY) / "requirements.txt").read_bytes() == b""


def test_a_hub_that_lists_no_files_is_asked_for_the_usual_ones(hub: FakeHub) -> None:
    hub.lists = False
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_a_hub_whose_list_never_comes_is_asked_for_the_usual_files(hub: FakeHub) -> None:
    hub.trouble.hangs = ("/api/",)
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_how_much_there_is_of_several_files_is_not_known_beforehand(hub: FakeHub) -> None:
    split(hub)
    assert download.announced(REPOSITORY) == DownloadProgress(0, 0)


def test_a_hub_that_gives_no_reasons_may_lack_files_as_well(hub: FakeHub) -> None:
    hub.lists = False
    hub.trouble.status = {"vocab": 404, "merges.txt": 404, "/preprocessor": 404}
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_all_shards_of_large_weights_come(hub: FakeHub) -> None:
    names = split(hub)
    folder = checkpoint_files.locate(REPOSITORY)
    assert {file.name for file in folder.iterdir()} >= set(names)
    (folder / names[1]).unlink()
    assert not checkpoint_files.is_here(REPOSITORY)
    assert checkpoint_files.locate(REPOSITORY) == folder
    assert checkpoint_files.is_here(REPOSITORY)


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "processor_config.json", WEIGHTS]
)
def test_a_snapshot_without_a_file_it_needs_is_not_here(hub: FakeHub, name: str) -> None:
    (checkpoint_files.locate(REPOSITORY) / name).unlink()
    assert not checkpoint_files.is_here(REPOSITORY)
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_doctor_fetches_nothing(hub: FakeHub) -> None:
    blobs().mkdir(parents=True)
    partial(hub).write_bytes(bytes(100_000))
    found = diagnosis.check_model(load(WorkerSettings, clip_model=REPOSITORY))
    assert found.state is State.NOTE
    assert found.found == (
        f"{REPOSITORY} is not complete on this machine yet: 0.1 of 0.3 MB are in "
        f"{model_folder(REPOSITORY)}"
    )
    assert {one.method for one in hub.asked} == {"HEAD"}
    assert list(blobs().iterdir()) == [partial(hub)]


def test_doctor_does_not_promise_what_the_hub_refuses(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(WorkerSettings, clip_model=REPOSITORY)
    hub.trouble.status = {REPOSITORY: 503}
    assert "busy" in diagnosis.check_model(settings).found
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = diagnosis.check_model(settings)
    assert found.state is State.BROKEN
    assert "HF_HUB_OFFLINE forbids fetching it" in found.found


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_a_hub_that_hangs_is_not_asked_by_who_loads_what_is_here(
    hub: FakeHub, exporting_here: None, runtime: str
) -> None:
    checkpoint_files.locate(REPOSITORY)
    hub.trouble.hangs = ("",)
    hub.asked.clear()
    assert Engine.load(REPOSITORY, device="cpu", runtime=runtime).runtime == runtime
    assert hub.asked == []

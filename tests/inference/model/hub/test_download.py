"""A checkpoint comes from a hub on loopback: whole, in pieces, or not at all."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import close_session

from inference import diagnosis
from inference.model.engine import Engine
from inference.model.hub import checkpoint_files, download
from inference.model.hub.cache import is_complete, model_folder
from inference.model.hub.download import DownloadProgress
from inference.protocol.errors import ModelUnavailable
from inference.protocol.findings import State
from inference.protocol.settings import WorkerSettings, load
from tests.inference.model.hub.hub_server import COMMIT, REPOSITORY, WEIGHTS, FakeHub, until


@pytest.fixture
def hub(
    tiny_clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeHub]:
    """A hub that this process asks, with an empty cache."""
    with FakeHub(tiny_clip_folder) as hub:
        for name, value in hub.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        # huggingface_hub reads these when it is imported
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_ETAG_TIMEOUT", 1)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 1)
        monkeypatch.setattr("inference.model.hub.blobs._PAUSE", 0.01)
        monkeypatch.setattr("inference.model.hub.client._PAUSES", (0.01, 0.01))
        yield hub


def blobs() -> Path:
    return model_folder(REPOSITORY) / "blobs"


def partial(hub: FakeHub) -> Path:
    return blobs() / f"{hub.etag(WEIGHTS)}.incomplete"


def refusal() -> str:
    with pytest.raises(ModelUnavailable) as raised:
        checkpoint_files.locate(REPOSITORY)
    return str(raised.value)


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


def split(hub: FakeHub) -> list[str]:
    """Weights in two shards; what they hold means nothing."""
    del hub.files[WEIGHTS]
    names = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    hub.files |= {name: name.encode() * 100 for name in names}
    index = {"weight_map": dict(zip("ab", names, strict=True))}
    hub.files["model.safetensors.index.json"] = json.dumps(index).encode()
    return names


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


# -- cut off --


def test_a_connection_that_breaks_goes_on_where_it_broke(hub: FakeHub) -> None:
    hub.trouble.cuts = [1000, 500]
    folder = checkpoint_files.locate(REPOSITORY)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    ranges = [one.headers.get("range") for one in hub.fetched(WEIGHTS) if "/elsewhere" in one.path]
    assert ranges == [None, "bytes=1000-", "bytes=1500-"]


def test_a_process_that_was_killed_leaves_what_the_next_goes_on_with(hub: FakeHub) -> None:
    blobs().mkdir(parents=True)
    partial(hub).write_bytes(hub.files[WEIGHTS][:2000])
    (blobs() / f"{hub.etag(WEIGHTS)}.abcd1234.incomplete").write_bytes(b"of another program")
    heard: list[DownloadProgress] = []
    with download.heard_by(heard.append):
        folder = checkpoint_files.locate(REPOSITORY)
    assert heard[0].received == 2000
    assert hub.fetched(WEIGHTS)[0].headers["range"] == "bytes=2000-"
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert not list(blobs().glob("*.incomplete"))


@pytest.mark.parametrize("found", [b"something else", b"x" * 10**6])
def test_an_unfinished_file_that_does_not_fit_is_fetched_anew(hub: FakeHub, found: bytes) -> None:
    blobs().mkdir(parents=True)
    partial(hub).write_bytes(found)
    folder = checkpoint_files.locate(REPOSITORY)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_hub_that_knows_no_ranges_sends_it_all_again(hub: FakeHub) -> None:
    hub.trouble.cuts, hub.trouble.ignores_range = [1000], True
    folder = checkpoint_files.locate(REPOSITORY)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_file_that_is_longer_than_the_hub_says_is_given_up(hub: FakeHub) -> None:
    hub.trouble.surplus = b"more"
    assert "is not the file that the model hub describes" in refusal()
    assert len([one for one in hub.fetched(WEIGHTS) if "/elsewhere/" in one.path]) == 2
    assert not checkpoint_files.is_here(REPOSITORY)


def test_parts_of_different_files_are_not_put_together(hub: FakeHub) -> None:
    hub.trouble.cuts = [1000]
    whole = hub.files[WEIGHTS]
    etag = hub.etag(WEIGHTS)

    class Changing(dict[str, bytes]):
        """The first part comes from another file of that size."""

        def __getitem__(self, name: str) -> bytes:
            return bytes(len(whole)) if name == WEIGHTS and hub.trouble.cuts else whole_of(name)

    whole_of = hub.files.__getitem__
    hub.files = Changing(hub.files)
    hub.etag = lambda name: etag if name == WEIGHTS else FakeHub.etag(hub, name)  # type: ignore[method-assign]
    assert (checkpoint_files.locate(REPOSITORY) / WEIGHTS).read_bytes() == whole


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_in_mid_download_keeps_what_came(hub: FakeHub, status: int) -> None:
    blobs().mkdir(parents=True)
    partial(hub).write_bytes(hub.files[WEIGHTS][:2000])
    hub.trouble.status = {"/elsewhere/": status}
    refusal()
    assert partial(hub).stat().st_size == 2000


def test_what_goes_beyond_the_file_of_the_hub_is_not_kept(hub: FakeHub) -> None:
    blobs().mkdir(parents=True)
    partial(hub).write_bytes(hub.files[WEIGHTS][:2000])
    hub.trouble.status = {"/elsewhere/": 416}
    assert "answers 416" in refusal()
    assert not partial(hub).exists()


def test_a_download_that_stops_ends_in_a_sentence_and_keeps_what_came(hub: FakeHub) -> None:
    hub.goes_on.clear()
    assert "does not answer in time" in refusal()
    half = partial(hub).stat().st_size
    assert half == len(hub.files[WEIGHTS]) // 2
    hub.goes_on.set()
    checkpoint_files.locate(REPOSITORY)
    assert hub.fetched(WEIGHTS)[-1].headers["range"] == f"bytes={half}-"


def test_old_leftovers_are_deleted_once_the_model_is_there(hub: FakeHub) -> None:
    folder = checkpoint_files.locate(REPOSITORY)
    old, new = blobs() / "abc.1234.incomplete", blobs() / "def.1234.incomplete"
    for file in (old, new):
        file.write_bytes(b"x")
    os.utime(old, (1, 1))
    assert download.renew(REPOSITORY, folder) is None
    assert not old.exists()
    assert new.exists()  # another program may be writing to it


def test_two_processes_fetch_it_once(hub: FakeHub) -> None:
    hub.goes_on.clear()
    locate = checkpoint_files.locate
    fetchers = [threading.Thread(target=locate, args=(REPOSITORY,)) for _ in range(2)]
    for one in fetchers:
        one.start()
    until(lambda: hub.fetched(WEIGHTS))
    hub.goes_on.set()
    for one in fetchers:
        one.join(20)
    assert checkpoint_files.is_here(REPOSITORY)
    assert len({one.path for one in hub.fetched(WEIGHTS)}) == len(hub.fetched(WEIGHTS))


def test_a_lock_that_nobody_works_behind_is_named(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.model.hub.blobs._IDLE", 0.5)
    cache = model_folder(REPOSITORY)
    lock = cache.parent / ".locks" / cache.name / f"{hub.etag(WEIGHTS)}.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        said = refusal()
    assert "another process" in said
    assert str(lock) in said


# -- what is wrong --


@pytest.mark.parametrize("path", ["", "/resolve/"])
def test_a_hub_that_never_answers_is_given_up(hub: FakeHub, path: str) -> None:
    hub.trouble.hangs = (path,)
    assert "the model hub can't be reached: 127.0.0.1 does not answer in time" in refusal()


def test_a_hub_that_is_not_there(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "the model hub can't be reached" in refusal()


@pytest.mark.parametrize("path", [REPOSITORY, WEIGHTS, "/elsewhere/"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_called_busy_wherever_it_says_so(
    hub: FakeHub, path: str, status: int
) -> None:
    hub.trouble.status = {path: status}
    said = refusal()
    assert "busy" in said
    assert str(status) in said
    assert "name" not in said
    assert "missing" not in said
    again = [one.path for one in hub.asked if path in one.path]
    assert len(again) >= 3  # it was asked again before that was said


@pytest.mark.parametrize(
    ("status", "code", "token", "part"),
    [
        (401, None, "hf_expired", "does not accept HF_TOKEN"),
        (401, None, None, "it is private, and HF_TOKEN is not set"),
        (401, "GatedRepo", None, "accept them on its page and set HF_TOKEN"),
        (403, "GatedRepo", "hf_good", "use that account's HF_TOKEN"),
        (403, None, "hf_narrow", "HF_TOKEN may not read it"),
        (404, "RepoNotFound", None, "no such model"),
        (404, "RepoNotFound", "hf_good", "HF_TOKEN may not read it"),
        (404, "EntryNotFound", None, "no config.json"),
        (418, None, None, "answers 418"),
    ],
)
def test_each_refusal_has_a_sentence_of_its_own(
    hub: FakeHub,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str | None,
    token: str | None,
    part: str,
) -> None:
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    hub.trouble.status = {REPOSITORY: status}
    hub.trouble.errors = {status: code} if code else {}
    assert part in refusal()
    assert hub.asked[0].headers.get("authorization") == (f"Bearer {token}" if token else None)


def test_a_repository_without_weights(hub: FakeHub) -> None:
    del hub.files[WEIGHTS]
    assert "holds no weights that transformers reads" in refusal()


def test_the_host_may_forbid_to_ask(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE forbids" in refusal()
    assert hub.asked == []


def test_a_login_that_is_renewed_for_ever_is_given_up(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr("huggingface_hub.get_token", lambda: never.wait(20))
    assert "does not answer in time" in refusal()
    never.set()


def test_nothing_is_asked_but_for_the_model(hub: FakeHub) -> None:
    checkpoint_files.locate(REPOSITORY)
    assert [one.path for one in hub.asked if REPOSITORY not in one.path] == [
        f"/elsewhere/{WEIGHTS}"
    ]


def test_a_token_that_can_be_none_is_named(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_é")
    assert "HF_TOKEN holds characters" in refusal()


def test_a_token_goes_to_the_hub_alone(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", " hf_secret\n")
    checkpoint_files.locate(REPOSITORY)
    sent = {"/elsewhere/" in one.path: one.headers.get("authorization") for one in hub.asked}
    assert sent == {False: "Bearer hf_secret", True: None}


def test_a_proxy_that_is_not_there_is_named(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.test")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    close_session()  # it was made without the proxy
    assert "check the name and the network and the proxy in HTTP_PROXY" in refusal()
    close_session()


def test_blanks_around_the_address_of_the_hub(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f" {hub.url}/ ")
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_what_answers_may_be_no_hub(hub: FakeHub) -> None:
    hub.trouble.status = {REPOSITORY: 200}
    assert "is not a model hub" in refusal()


def test_a_full_disk_is_known_before_it_is_full(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(model_folder(REPOSITORY).parent.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    said = refusal()
    assert "the disk is full" in said
    assert str(model_folder(REPOSITORY)) in said
    assert hub.fetched(WEIGHTS) == []


def test_a_cache_that_is_a_file(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    assert "can't be written" in refusal()
    assert "HF_HOME" in refusal()


# -- newer and older revisions --


def test_a_newer_revision_comes_in_the_background_for_the_next_start(hub: FakeHub) -> None:
    old = checkpoint_files.locate(REPOSITORY)
    fetched = len(hub.fetched(WEIGHTS))
    hub.commit = "2" * 40
    assert checkpoint_files.locate(REPOSITORY) == old
    checkpoint_files.renew(REPOSITORY)
    assert checkpoint_files.locate(REPOSITORY).name == hub.commit
    assert len(hub.fetched(WEIGHTS)) == fetched  # the same file, linked once more


def test_a_newer_revision_that_broke_off_days_ago_is_gone_on_with(hub: FakeHub) -> None:
    checkpoint_files.locate(REPOSITORY)
    hub.commit = "2" * 40
    hub.files[WEIGHTS] += b"newer"
    partial(hub).write_bytes(hub.files[WEIGHTS][:2000])
    os.utime(partial(hub), (1, 1))
    checkpoint_files.renew(REPOSITORY)
    assert hub.fetched(WEIGHTS)[-1].headers["range"] == "bytes=2000-"
    assert checkpoint_files.locate(REPOSITORY).name == hub.commit


def test_a_newer_revision_that_comes_in_part_leaves_the_old_one(hub: FakeHub) -> None:
    old = checkpoint_files.locate(REPOSITORY)
    hub.commit = "2" * 40
    hub.files[WEIGHTS] += b"newer"
    hub.trouble.status = {"/elsewhere/": 503}
    checkpoint_files.renew(REPOSITORY)
    assert checkpoint_files.locate(REPOSITORY) == old


def test_a_ref_that_moved_to_a_snapshot_with_a_configuration_only(hub: FakeHub) -> None:
    old = checkpoint_files.locate(REPOSITORY)
    moved = old.with_name("2" * 40)
    moved.mkdir()
    shutil.copy(old / "config.json", moved)
    (model_folder(REPOSITORY) / "refs" / "main").write_text(moved.name)
    hub.asked.clear()
    assert checkpoint_files.locate(REPOSITORY) == old
    assert hub.asked == []


@pytest.mark.parametrize("trouble", ["hangs", "401"])
def test_no_trouble_of_the_hub_matters_to_what_is_here(
    hub: FakeHub, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = checkpoint_files.locate(REPOSITORY)
    if trouble == "hangs":
        hub.trouble.hangs = ("",)
    else:
        hub.trouble.status = {"": 401}
    assert checkpoint_files.locate(REPOSITORY) == folder
    checkpoint_files.renew(REPOSITORY)
    assert not [record for record in caplog.records if record.levelname != "INFO"]

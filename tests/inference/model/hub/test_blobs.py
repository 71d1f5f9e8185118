"""A download that breaks off continues, and no part of another file gets into it."""

import os
import shutil
import threading

import pytest
from filelock import FileLock

from inference.model.hub import blobs, checkpoint_files, download
from inference.model.hub.cache import model_folder
from inference.model.hub.download import FetchProgress
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub, until
from tests.inference.model.hub.local_cache import blobs_folder, refusal, unfinished


def test_a_download_continues_where_its_connection_broke(hub: FakeHub) -> None:
    hub.failures.cuts = [1000, 500]
    folder = checkpoint_files.locate(REPOSITORY)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    ranges = [one.headers.get("range") for one in hub.fetched(WEIGHTS) if "/elsewhere" in one.path]
    assert ranges == [None, "bytes=1000-", "bytes=1500-"]


def test_the_next_process_continues_the_download_of_a_killed_one(hub: FakeHub) -> None:
    blobs_folder().mkdir(parents=True)
    unfinished(hub).write_bytes(hub.files[WEIGHTS][:2000])
    (blobs_folder() / f"{hub.etag(WEIGHTS)}.abcd1234.incomplete").write_bytes(b"of another program")
    heard: list[FetchProgress] = []
    with download.reporting_to(heard.append):
        folder = checkpoint_files.locate(REPOSITORY)
    assert heard[0].received == 2000
    assert hub.fetched(WEIGHTS)[0].headers["range"] == "bytes=2000-"
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert not list(blobs_folder().glob("*.incomplete"))


@pytest.mark.parametrize("found", [b"something else", b"x" * 10**6])
def test_an_unfinished_file_with_other_content_is_fetched_again(hub: FakeHub, found: bytes) -> None:
    blobs_folder().mkdir(parents=True)
    unfinished(hub).write_bytes(found)
    folder = checkpoint_files.locate(REPOSITORY)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_hub_without_range_requests_sends_the_whole_file_again(hub: FakeHub) -> None:
    hub.failures.cuts, hub.failures.ignores_range = [1000], True
    folder = checkpoint_files.locate(REPOSITORY)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_file_longer_than_the_hub_says_is_refused(hub: FakeHub) -> None:
    hub.failures.surplus = b"more"
    assert "is not the file that the model hub describes" in refusal()
    assert len([one for one in hub.fetched(WEIGHTS) if "/elsewhere/" in one.path]) == 2
    assert not checkpoint_files.is_local(REPOSITORY)


def test_parts_of_different_files_are_not_joined(hub: FakeHub) -> None:
    hub.failures.cuts = [1000]
    whole = hub.files[WEIGHTS]
    etag = hub.etag(WEIGHTS)

    class Changing(dict[str, bytes]):
        """Takes the first part from another file of the same size."""

        def __getitem__(self, name: str) -> bytes:
            return bytes(len(whole)) if name == WEIGHTS and hub.failures.cuts else whole_of(name)

    whole_of = hub.files.__getitem__
    hub.files = Changing(hub.files)
    hub.etag = lambda name: etag if name == WEIGHTS else FakeHub.etag(hub, name)  # type: ignore[method-assign]
    assert (checkpoint_files.locate(REPOSITORY) / WEIGHTS).read_bytes() == whole


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_during_a_download_keeps_the_received_part(hub: FakeHub, status: int) -> None:
    blobs_folder().mkdir(parents=True)
    unfinished(hub).write_bytes(hub.files[WEIGHTS][:2000])
    hub.failures.status = {"/elsewhere/": status}
    refusal()
    assert unfinished(hub).stat().st_size == 2000


def test_an_unfinished_file_longer_than_the_hub_s_is_deleted(hub: FakeHub) -> None:
    blobs_folder().mkdir(parents=True)
    unfinished(hub).write_bytes(hub.files[WEIGHTS][:2000])
    hub.failures.status = {"/elsewhere/": 416}
    assert "answers 416" in refusal()
    assert not unfinished(hub).exists()


def test_a_download_that_stops_says_so_and_keeps_the_received_part(hub: FakeHub) -> None:
    hub.may_continue.clear()
    assert "does not answer in time" in refusal()
    half = unfinished(hub).stat().st_size
    assert half == len(hub.files[WEIGHTS]) // 2
    hub.may_continue.set()
    checkpoint_files.locate(REPOSITORY)
    assert hub.fetched(WEIGHTS)[-1].headers["range"] == f"bytes={half}-"


def test_old_unfinished_files_are_deleted_once_the_model_is_complete(hub: FakeHub) -> None:
    folder = checkpoint_files.locate(REPOSITORY)
    old, new = blobs_folder() / "abc.1234.incomplete", blobs_folder() / "def.1234.incomplete"
    for file in (old, new):
        file.write_bytes(b"x")
    os.utime(old, (1, 1))
    assert download.renew(REPOSITORY, folder) is None
    assert not old.exists()
    assert new.exists()  # another program may be writing to it


def test_two_processes_fetch_a_file_once(hub: FakeHub) -> None:
    hub.may_continue.clear()
    locate = checkpoint_files.locate
    fetchers = [threading.Thread(target=locate, args=(REPOSITORY,)) for _ in range(2)]
    for one in fetchers:
        one.start()
    until(lambda: hub.fetched(WEIGHTS))
    hub.may_continue.set()
    for one in fetchers:
        one.join(20)
    assert checkpoint_files.is_local(REPOSITORY)
    assert len({one.path for one in hub.fetched(WEIGHTS)}) == len(hub.fetched(WEIGHTS))


def test_a_lock_whose_holder_makes_no_progress_is_named(
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


def test_a_disk_that_fills_meanwhile_keeps_the_received_part(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "_LOOK_EVERY", 1)
    usage, free = shutil.disk_usage("/"), [10**12] * 20

    def filling(_: object) -> object:
        return usage._replace(free=free.pop() if free else 70 * 2**20)

    hub.files[WEIGHTS] += os.urandom(8 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", filling)
    said = refusal()
    assert "the disk is full" in said
    assert "there is room for 6 MB" in said
    received = unfinished(hub).stat().st_size
    assert 0 < received < len(hub.files[WEIGHTS])
    free.extend([10**12] * 10**4)
    folder = checkpoint_files.locate(REPOSITORY)
    assert hub.fetched(WEIGHTS)[-1].headers["range"] == f"bytes={received}-"
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_unfinished_files_are_discarded_unless_a_process_fetches_them(hub: FakeHub) -> None:
    blobs_folder().mkdir(parents=True)
    fetched, left = (blobs_folder() / f"{name}.incomplete" for name in ("abc", "def"))
    for file in (fetched, left):
        file.write_bytes(b"part")
    folder = model_folder(REPOSITORY)
    with FileLock(folder.parent / ".locks" / folder.name / "abc.lock"):
        blobs.discard_unfinished(folder)
    assert fetched.exists()
    assert not left.exists()

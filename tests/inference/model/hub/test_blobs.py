"""A download that breaks off continues, and no part of another file gets into it."""

import os
import threading

import pytest
from filelock import FileLock

from inference.model.hub import checkpoint_files, download
from inference.model.hub.cache import model_folder
from inference.model.hub.download import DownloadProgress
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub, until
from tests.inference.model.hub.local_cache import blobs, partial, refusal


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

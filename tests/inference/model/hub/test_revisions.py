"""A newer revision replaces the old one only when it is complete."""

import os
import shutil

import pytest

from inference.model.hub import checkpoint_files
from inference.model.hub.cache import model_folder
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub
from tests.inference.model.hub.local_cache import unfinished


def test_a_newer_revision_is_fetched_for_the_next_start(hub: FakeHub) -> None:
    old = checkpoint_files.locate(REPOSITORY)
    fetched = len(hub.fetched(WEIGHTS))
    hub.commit = "2" * 40
    assert checkpoint_files.locate(REPOSITORY) == old
    checkpoint_files.renew(REPOSITORY)
    assert checkpoint_files.locate(REPOSITORY).name == hub.commit
    assert len(hub.fetched(WEIGHTS)) == fetched  # the same file, linked again


def test_a_newer_revision_that_broke_off_days_ago_is_continued(hub: FakeHub) -> None:
    checkpoint_files.locate(REPOSITORY)
    hub.commit = "2" * 40
    hub.files[WEIGHTS] += b"newer"
    unfinished(hub).write_bytes(hub.files[WEIGHTS][:2000])
    os.utime(unfinished(hub), (1, 1))
    checkpoint_files.renew(REPOSITORY)
    assert hub.fetched(WEIGHTS)[-1].headers["range"] == "bytes=2000-"
    assert checkpoint_files.locate(REPOSITORY).name == hub.commit


def test_an_incomplete_newer_revision_leaves_the_old_one_in_use(hub: FakeHub) -> None:
    old = checkpoint_files.locate(REPOSITORY)
    hub.commit = "2" * 40
    hub.files[WEIGHTS] += b"newer"
    hub.failures.status = {"/elsewhere/": 503}
    checkpoint_files.renew(REPOSITORY)
    assert checkpoint_files.locate(REPOSITORY) == old


def test_a_ref_to_an_incomplete_snapshot_leaves_the_old_one_in_use(hub: FakeHub) -> None:
    old = checkpoint_files.locate(REPOSITORY)
    moved = old.with_name("2" * 40)
    moved.mkdir()
    shutil.copy(old / "config.json", moved)
    (model_folder(REPOSITORY) / "refs" / "main").write_text(moved.name)
    hub.requests.clear()
    assert checkpoint_files.locate(REPOSITORY) == old
    assert hub.requests == []


@pytest.mark.parametrize("trouble", ["hangs", "401"])
def test_a_failing_hub_does_not_matter_to_a_complete_snapshot(
    hub: FakeHub, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = checkpoint_files.locate(REPOSITORY)
    if trouble == "hangs":
        hub.failures.hangs = ("",)
    else:
        hub.failures.status = {"": 401}
    assert checkpoint_files.locate(REPOSITORY) == folder
    checkpoint_files.renew(REPOSITORY)
    assert not [record for record in caplog.records if record.levelname != "INFO"]

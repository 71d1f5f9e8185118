"""A newer revision replaces the old one only when it is complete."""

import os
import shutil

import pytest

from inference.model.hub import checkpoint_files
from inference.model.hub.cache import model_folder
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub
from tests.inference.model.hub.local_cache import partial


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

"""The progress of a download, from the hub's listing and the cache."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clipbot_playground.page.download import Download, DownloadedBytes
from inference.model.hub.cache import model_folder
from tests.inference.model.hub import hub_server
from tests.playground.page.slow_hub import SlowHub

_SIZE = 8192  # bytes; whole blocks, so that the disk holds exactly as much
_OTHERS = {"config.json": b"{}", "flax_model.msgpack": b"f" * 999, "model.fp16.safetensors": b"h"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[SlowHub]:
    """A hub whose files a test sets with `_holds`."""
    async with SlowHub(tmp_path, first=0) as hub:
        yield hub


def _holds(hub: SlowHub, **files: int) -> None:
    hub.files = _OTHERS | {name: os.urandom(size) for name, size in files.items()}


async def _measured(hub: SlowHub, cache: Path) -> Download:
    download = Download(hub.REPOSITORY, {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(cache)})
    await download.measure()
    return download


@pytest.mark.parametrize(
    ("files", "size"),
    [
        ({"model.safetensors": 100, "pytorch_model.bin": 70}, 100),
        ({"pytorch_model.bin": 70}, 70),
        ({"model-00001-of-00002.safetensors": 60, "model-00002-of-00002.safetensors": 50}, 110),
        ({"pytorch_model-00001-of-00001.bin": 7}, 7),
    ],
)
async def test_the_size_is_that_of_the_files_that_will_be_fetched(
    hub: SlowHub, tmp_path: Path, files: dict[str, int], size: int
) -> None:
    _holds(hub, **files)
    download = await _measured(hub, tmp_path)
    assert download.is_measured
    assert download.look() == DownloadedBytes(received=0, size=size)


async def test_received_bytes_are_counted_once(hub: SlowHub, tmp_path: Path) -> None:
    _holds(hub, **{"model.safetensors": _SIZE})
    download = await _measured(hub, tmp_path)
    blobs = tmp_path / "models--somebody--tiny-clip" / "blobs"
    blobs.mkdir(parents=True)
    weights = hub.sha256("model.safetensors")
    (blobs / hub.sha256("flax_model.msgpack")).write_bytes(
        os.urandom(_SIZE)
    )  # not part of the weights
    old = blobs / f"{weights}.aaaa.incomplete"  # of an attempt that is not continued
    old.write_bytes(os.urandom(_SIZE - 4096))
    os.utime(old, (1, 1))
    assert download.look() == DownloadedBytes(0, _SIZE)
    unfinished = blobs / f"{weights}.incomplete"  # the next attempt continues this file
    unfinished.write_bytes(os.urandom(4096))
    os.utime(unfinished, (1, 1))
    assert download.look() == DownloadedBytes(4096, _SIZE)
    unfinished.rename(blobs / weights)
    (blobs / weights).write_bytes(os.urandom(_SIZE))
    assert download.look() == DownloadedBytes(_SIZE, _SIZE)


async def test_a_hub_that_lists_only_names_leaves_the_size_unknown(tmp_path: Path) -> None:
    with hub_server.FakeHub(tmp_path) as hub:
        hub.files = {"model.safetensors": bytes(_SIZE)}
        cache = hub.environment(tmp_path / "cache")
        download = Download(hub_server.REPOSITORY, cache)
        await download.measure()
    assert len(hub.requests) == 1
    assert not download.is_measured
    blobs = model_folder(hub_server.REPOSITORY, cache) / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "abc.incomplete").write_bytes(os.urandom(_SIZE))
    assert download.look() == DownloadedBytes(_SIZE, 0)


async def test_reserved_disk_space_does_not_count(hub: SlowHub, tmp_path: Path) -> None:
    _holds(hub, **{"model.safetensors": 64 * _SIZE})
    download = await _measured(hub, tmp_path)
    blobs = tmp_path / "models--somebody--tiny-clip" / "blobs"
    blobs.mkdir(parents=True)
    with (blobs / f"{hub.sha256('model.safetensors')}.incomplete").open("wb") as file:
        file.write(os.urandom(_SIZE))
        file.truncate(64 * _SIZE)
    assert download.look() == DownloadedBytes(_SIZE, 64 * _SIZE)


async def test_without_a_size_from_the_hub_only_bytes_are_counted(
    hub: SlowHub, tmp_path: Path
) -> None:
    _holds(hub)  # no weights at all
    silent = await _measured(hub, tmp_path)
    hub.files = None  # it answers, but no listing
    nonsense = await _measured(hub, tmp_path)
    environment = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_CACHE": str(tmp_path)}
    unreachable = Download(hub.REPOSITORY, environment)
    await unreachable.measure()
    unknown = Download("no/such", environment | {"HF_ENDPOINT": hub.url})
    await unknown.measure()
    blobs = tmp_path / "models--somebody--tiny-clip" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "abc.incomplete").write_bytes(os.urandom(_SIZE))
    for download in (silent, nonsense, unreachable):
        assert not download.is_measured
        assert download.look() == DownloadedBytes(received=_SIZE, size=0)
    assert unknown.look() == DownloadedBytes()


@pytest.mark.parametrize("yes", ["1", "true", "ON"])
async def test_the_hub_is_not_asked_when_offline(hub: SlowHub, tmp_path: Path, yes: str) -> None:
    _holds(hub, **{"model.safetensors": 100})
    environment = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": yes, "HF_HUB_CACHE": str(tmp_path)}
    download = Download(hub.REPOSITORY, environment)
    await download.measure()
    assert not download.is_measured
    assert hub.asked == []


async def test_the_operators_token_goes_to_the_hub(hub: SlowHub, tmp_path: Path) -> None:
    _holds(hub, **{"model.safetensors": 100})
    environment = {"HF_ENDPOINT": f"{hub.url}/", "HF_TOKEN": "hf_abc", "HF_HUB_CACHE": "/none"}
    await Download(hub.REPOSITORY, environment).measure()
    assert hub.asked == [(f"/api/models/{hub.REPOSITORY}", "Bearer hf_abc")]

"""The tests' view of a download: what is in the cache, and why it failed."""

import json
from pathlib import Path

import pytest

from inference.model.hub import checkpoint_files
from inference.model.hub.cache import model_folder
from inference.protocol.errors import ModelUnavailable
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub


def blobs_folder() -> Path:
    return model_folder(REPOSITORY) / "blobs"


def unfinished(hub: FakeHub) -> Path:
    return blobs_folder() / f"{hub.etag(WEIGHTS)}.incomplete"


def refusal() -> str:
    with pytest.raises(ModelUnavailable) as raised:
        checkpoint_files.locate(REPOSITORY)
    return str(raised.value)


def split_weights(hub: FakeHub) -> list[str]:
    """Replace the hub's weights by an index and two shards with meaningless content."""
    del hub.files[WEIGHTS]
    names = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    hub.files |= {name: name.encode() * 100 for name in names}
    index = {"weight_map": dict(zip("ab", names, strict=True))}
    hub.files["model.safetensors.index.json"] = json.dumps(index).encode()
    return names

"""Logging: libraries that log too much, JSON lines, and secrets."""

import io
import logging
from collections.abc import Iterator

import pytest

from inference.protocol import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_urls_of_the_hubs_client_are_not_logged(library: str) -> None:
    written = io.StringIO()
    logs.configure("INFO", stream=written)
    client = logging.getLogger(library)
    client.info("HTTP Request: HEAD https://hub.test/model")
    client.warning("Something is wrong.")
    logging.getLogger("inference").info("Ours.")
    assert "HEAD" not in written.getvalue()
    assert "wrong" in written.getvalue()
    assert "Ours." in written.getvalue()

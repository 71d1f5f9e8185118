"""Logging: libraries that log too much, JSON lines, and secrets."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

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


def lines_of(written: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_json_line_has_the_documented_fields() -> None:
    written = io.StringIO()
    logs.configure("INFO", "json", stream=written)
    logging.getLogger("inference.worker").info("Job %s: ünïcode.", 7)
    error = ValueError("broken")
    logging.getLogger("bot").error("It failed.", exc_info=error, extra={"more": 1})
    first, second = lines_of(written)
    assert set(first) == {"time", "level", "logger", "message"}
    assert datetime.fromisoformat(first.pop("time")).tzinfo is not None
    assert first == {"level": "INFO", "logger": "inference.worker", "message": "Job 7: ünïcode."}
    assert set(second) == {"time", "level", "logger", "message", "traceback"}
    assert second["traceback"].endswith("ValueError: broken")


@pytest.mark.parametrize("style", ["text", "json"])
def test_secrets_are_replaced_wherever_they_come_from(style: Literal["text", "json"]) -> None:
    written = io.StringIO()
    logs.configure("INFO", style, secrets=["t0ken", "t0ken-longer", ""], stream=written)
    error = ValueError("https://bot/t0ken-longer/getMe")
    logging.getLogger("bot").error("Login with %s failed.", "t0ken", exc_info=error)
    assert "t0ken" not in written.getvalue()
    assert "longer" not in written.getvalue()
    assert f"Login with {logs.HIDDEN} failed." in written.getvalue()

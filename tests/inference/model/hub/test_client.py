"""Each way in which a hub fails ends in one sentence that says what to do."""

import shutil
import threading
from pathlib import Path

import pytest
from huggingface_hub import close_session

from inference.model.hub import checkpoint_files
from inference.model.hub.cache import cache_folder, is_complete, model_folder
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub
from tests.inference.model.hub.local_cache import refusal


@pytest.mark.parametrize("path", ["", "/resolve/"])
def test_a_hub_that_never_answers_is_given_up(hub: FakeHub, path: str) -> None:
    hub.failures.hangs = (path,)
    assert "the model hub can't be reached: 127.0.0.1 does not answer in time" in refusal()


def test_a_hub_that_can_t_be_reached(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "the model hub can't be reached" in refusal()


@pytest.mark.parametrize("path", [REPOSITORY, WEIGHTS, "/elsewhere/"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_called_busy_wherever_it_says_so(
    hub: FakeHub, path: str, status: int
) -> None:
    hub.failures.status = {path: status}
    said = refusal()
    assert "busy" in said
    assert str(status) in said
    assert "name" not in said
    assert "missing" not in said
    again = [one.path for one in hub.requests if path in one.path]
    assert len(again) >= 3  # it was asked again before the error


@pytest.mark.parametrize(
    ("status", "code", "token", "part"),
    [
        (401, None, "hf_expired", "does not accept HF_TOKEN"),
        (401, None, None, "it is private, and HF_TOKEN is not set"),
        (401, "GatedRepo", None, "accept them on its page and set HF_TOKEN"),
        (403, "GatedRepo", "hf_good", "use that account's HF_TOKEN"),
        (403, None, "hf_narrow", "HF_TOKEN gives no access to it"),
        (404, "RepoNotFound", None, "no such model"),
        (404, "RepoNotFound", "hf_good", "HF_TOKEN gives no access to it"),
        (404, "EntryNotFound", None, "no config.json"),
        (418, None, None, "answers 418"),
    ],
)
def test_each_refusal_has_its_own_sentence(
    hub: FakeHub,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str | None,
    token: str | None,
    part: str,
) -> None:
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    hub.failures.status = {REPOSITORY: status}
    hub.failures.errors = {status: code} if code else {}
    assert part in refusal()
    assert hub.requests[0].headers.get("authorization") == (f"Bearer {token}" if token else None)


def test_a_repository_without_weights(hub: FakeHub) -> None:
    del hub.files[WEIGHTS]
    assert "holds no weights that transformers reads" in refusal()


def test_the_host_may_forbid_asking_the_hub(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE forbids" in refusal()
    assert hub.requests == []


def test_a_login_whose_renewal_never_ends_is_given_up(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr("huggingface_hub.get_token", lambda: never.wait(20))
    assert "does not answer in time" in refusal()
    never.set()


def test_the_hub_is_asked_about_the_model_only(hub: FakeHub) -> None:
    checkpoint_files.locate(REPOSITORY)
    assert [one.path for one in hub.requests if REPOSITORY not in one.path] == [
        f"/elsewhere/{WEIGHTS}"
    ]


def test_a_token_with_impossible_characters_is_named(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_é")
    assert "HF_TOKEN holds characters" in refusal()


def test_a_token_is_sent_to_the_hub_only(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", " hf_secret\n")
    checkpoint_files.locate(REPOSITORY)
    sent = {"/elsewhere/" in one.path: one.headers.get("authorization") for one in hub.requests}
    assert sent == {False: "Bearer hf_secret", True: None}


def test_a_proxy_that_can_t_be_reached_is_named(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.test")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    close_session()  # the next one is made with the proxy
    assert "check the name and the network and the proxy in HTTP_PROXY" in refusal()
    close_session()


def test_blanks_around_the_hub_s_address_are_ignored(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f" {hub.url}/ ")
    assert is_complete(checkpoint_files.locate(REPOSITORY))


def test_an_address_that_is_not_a_hub_is_named(hub: FakeHub) -> None:
    hub.failures.status = {REPOSITORY: 200}
    assert "is not a model hub" in refusal()


def test_a_download_that_would_fill_the_disk_does_not_start(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(model_folder(REPOSITORY).parent.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    said = refusal()
    assert "the disk is full" in said
    assert f"make room for the cache {cache_folder()}, or move" in said
    assert hub.fetched(WEIGHTS) == []


def test_a_cache_folder_that_is_a_file_is_named(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    assert "can't be written" in refusal()
    assert "HF_HOME" in refusal()

"""Proxies that the environment names are used."""

import pytest

from bot.runtime.http import proxy_for, session
from inference.protocol.errors import SettingError
from tests.bot.answering import OK, Writer, answering

TELEGRAM = "https://api.telegram.org"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"ALL_PROXY": "http://me:word@proxy"}, "http://me:word@proxy"),
        ({"ALL_PROXY": "http://proxy", "NO_PROXY": "api.telegram.org"}, None),
        ({"ALL_PROXY": "http://proxy", "NO_PROXY": "api.telegram.org:8081"}, "http://proxy"),
    ],
)
def test_the_proxy_of_a_url(
    variables: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(TELEGRAM) == expected


def test_servers_in_no_proxy_are_reached_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy")
    monkeypatch.setenv("NO_PROXY", "api.test:8081")
    assert proxy_for("http://api.test:8081") is None


@pytest.mark.parametrize("scheme", ["socks5", "https"])
def test_a_proxy_that_cannot_be_used_is_refused(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:word@proxy:1080")
    with pytest.raises(SettingError, match=f"{scheme}://.*HTTPS_PROXY") as caught:
        proxy_for(TELEGRAM)
    assert "word" not in str(caught.value)


async def test_requests_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = []

    async def proxy(head: bytes, writer: Writer) -> None:
        heads.append(head)
        writer.write(OK)

    async with answering(proxy) as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        async with session("http://telegram.test") as client:
            await client.get("http://telegram.test/getMe", raise_for_status=True)
    assert heads[0].startswith(b"GET http://telegram.test/getMe ")

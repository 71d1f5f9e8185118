"""Reading NATS_URL: one server, or several of one cluster."""

import pytest

from inference.protocol.broker.addresses import Credentials, secrets, servers


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("nats://a:4222", ("nats://a:4222",)),
        (" nats://a:4222 ", ("nats://a:4222",)),
        ("nats://a:4222,nats://b:4222", ("nats://a:4222", "nats://b:4222")),
        ("nats://a:4222 , tls://b\ntls://c:1,", ("nats://a:4222", "tls://b", "tls://c:1")),
        ("tls://a:4222,b:4223", ("tls://a:4222", "tls://b:4223")),
        ("nats://[::1]:4222,nats://b", ("nats://[::1]:4222", "nats://b")),
        ("wss://a/nats,wss://b/nats", ("wss://a/nats", "wss://b/nats")),
        ("nats://me:pa,ss@a:4222,nats://b", ("nats://me:pa,ss@a:4222", "nats://b")),
    ],
)
def test_addresses_can_be_written_in_several_ways(text: str, urls: tuple[str, ...]) -> None:
    assert servers(text).urls == urls


def test_the_credentials_of_one_server_are_used_for_all() -> None:
    assert servers("nats://me:p%40ss@a,nats://b").credentials == Credentials("me", "p@ss")
    assert servers("nats://t0ken@a,nats://t0ken@b").credentials == Credentials(token="t0ken")
    assert servers("nats://me:one@a,nats://me:two@b").credentials is None
    assert servers("nats://a,nats://b").credentials is None


@pytest.mark.parametrize(
    "text",
    [
        "http://host:4222",
        "host:4222",
        "nats://",
        ",",
        "nats://a:port",
        "nats://a:99999",
        "nats://a,http://me:hidden@b",
        "nats://a:4222,nats://me:hidden@",
        "nats://[::1,nats://b",
        "nats://a:4222,ws://b:80",
    ],
)
def test_a_wrong_value_is_reported_without_a_password(text: str) -> None:
    with pytest.raises(ValueError, match="an address such as nats://user") as refusal:
        servers(text)
    assert "hidden" not in str(refusal.value)


def test_the_wrong_address_of_several_is_named() -> None:
    with pytest.raises(ValueError, match="'http://b:1' is not one"):
        servers("nats://a:4222,http://b:1")


def test_the_passwords_of_all_servers_are_secrets() -> None:
    assert {"one", "t%2Ftwo", "t/two"} <= set(secrets("nats://me:one@a,nats://t%2Ftwo@b"))

"""JSON from outside: what can't be kept is refused, what people wrote is made writable."""

import json

import pytest

from bot.runtime.untrusted_json import Unusable, made_safe, read


def test_what_honest_people_send_stays_as_it_is() -> None:
    update = {"update_id": 2**52, "message": {"text": "ñ 🦊", "at": 1.5, "of": [None, True, -1]}}
    assert read(json.dumps(update).encode()) == update
    assert made_safe(update) == update


@pytest.mark.parametrize("unwritable", ["\0", "\ud83d"])
def test_what_no_database_takes_leaves_texts_and_the_places_of_their_entities(
    unwritable: str,
) -> None:
    text = read(json.dumps({"text": f"a{unwritable}b 🦊"}).encode())["text"]
    assert unwritable not in text
    assert (text[0], text[2:]) == ("a", "b 🦊")
    assert len(text.encode("utf-16-le")) == len("a?b 🦊".encode("utf-16-le"))


def test_names_of_fields_are_made_writable_as_well() -> None:
    assert "\0" not in str(read(b'{"a\\u0000": [{"\\ud800": 1}]}'))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[" * 300 + b"]" * 300,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"x": 1e999}',
        b'{"x": -1e999}',
        b'{"x": NaN}',
        b'{"x": Infinity}',
        b'{"x": 18446744073709551616}',
        b'{"x": -9223372036854775809}',
        b'{"x": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda data: data[:16].decode("latin-1"),
)
def test_what_cannot_be_kept_is_refused(data: bytes) -> None:
    with pytest.raises(Unusable):
        read(data)

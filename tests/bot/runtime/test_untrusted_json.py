"""JSON from outside: values that can't be stored are refused, texts are made writable."""

import json

import pytest

from bot.runtime.untrusted_json import Unusable, made_safe, read


def test_ordinary_texts_stay_as_they_are() -> None:
    update = {"update_id": 2**52, "message": {"text": "ñ 🦊", "at": 1.5, "of": [None, True, -1]}}
    assert read(json.dumps(update).encode()) == update
    assert made_safe(update) == update


@pytest.mark.parametrize("unwritable", ["\0", "\ud83d"])
def test_unwritable_characters_are_replaced_and_entities_stay_in_place(
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
def test_values_that_cannot_be_stored_are_refused(data: bytes) -> None:
    with pytest.raises(Unusable):
        read(data)

"""Commands in texts and captions."""

from typing import Any

import pytest
from telegram import Message

from bot.platform.incoming import Command
from bot.telegram.incoming import command_in
from tests.bot.telegram.messages import message, size


def command(text: str, *, offset: int = 0, where: str = "text") -> Command | None:
    length = len(text[offset:].split()[0])
    entity = {"type": "bot_command", "offset": offset, "length": length}
    fields: dict[str, Any] = {"text": text, "entities": [entity]}
    if where == "caption":
        fields = {"photo": [size(9, 9)], "caption": text, "caption_entities": [entity]}
    return command_in(message(**fields), "clip_bot")[0]


@pytest.mark.parametrize("where", ["text", "caption"])
@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/labels", "labels", ""),
        ("/labels a dog, a cat", "labels", "a dog, a cat"),
        ("/classify\na dog\na cat", "classify", "a dog\na cat"),
        ("/Classify@Clip_Bot  <a> 🐈 ", "classify", "<a> 🐈"),
    ],
)
def test_name_and_argument_as_typed(where: str, text: str, name: str, argument: str) -> None:
    assert command(text, where=where) == Command(name, argument)


def marked(text: str, kind: str, length: int | None = None) -> Message:
    """A text that is marked as `kind`, as Telegram sends it: code and links hold no commands."""
    entities = [{"type": kind, "offset": 0, "length": length or len(text)}]
    if kind not in {"code", "pre", "text_link"}:
        entities.append({"type": "bot_command", "offset": 0, "length": len(text.split()[0])})
    return message(text=text, entities=entities)


@pytest.mark.parametrize(
    "kind",
    ["bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "code", "pre"],
)
@pytest.mark.parametrize("length", [9, None])
def test_a_command_may_be_formatted(kind: str, length: int | None) -> None:
    for text in ("/classify a, b", "/classify@Clip_bot a, b"):
        found = command_in(marked(text, kind, length), "clip_bot")
        assert found == (Command("classify", "a, b"), False)


def test_the_order_of_entities_does_not_matter() -> None:
    heard = marked("/classify a, b", "bold")
    entities = [entity.to_dict() for entity in heard.entities]
    for order in (entities, entities[::-1]):
        caption = {"caption": "/classify a, b", "caption_entities": order}
        found = command_in(message(photo=[size(9, 9)], **caption), "clip_bot")
        assert found == (Command("classify", "a, b"), False)


@pytest.mark.parametrize("text", ["/usr/bin/python", "/a<b", "//", "/", "/ a, b", "/classifyé"])
def test_code_that_is_no_command(text: str) -> None:
    assert command_in(marked(text, "code"), "clip_bot") == (None, False)


def test_commands_for_others_and_in_the_middle() -> None:
    assert command("/classify@other_bot a, b") is None
    assert command("see /help", offset=4) is None
    assert command_in(message(text="no command"), "clip_bot") == (None, False)
    foreign = marked("/classify@other_bot a, b", "code")
    assert command_in(foreign, "clip_bot") == (None, True)
    assert command_in(message(text="/classify a@b, c"), "clip_bot") == (None, False)
    bold = [{"type": "bold", "offset": 0, "length": 5}]
    assert command_in(message(text="/help", entities=bold), "clip_bot") == (None, False)
    assert command_in(message(photo=[size(9, 9)]), "clip_bot") == (None, False)

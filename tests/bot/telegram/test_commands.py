"""Commands in texts and captions."""

from typing import Any

import pytest

from bot.telegram.commands import Command, command_in
from tests.bot.telegram.messages import message, size


def command(text: str, *, offset: int = 0, where: str = "text") -> Command | None:
    length = len(text[offset:].split()[0])
    entity = {"type": "bot_command", "offset": offset, "length": length}
    fields: dict[str, Any] = {"text": text, "entities": [entity]}
    if where == "caption":
        fields = {"photo": [size(9, 9)], "caption": text, "caption_entities": [entity]}
    return command_in(message(**fields), "clip_bot")


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


def test_commands_for_others_and_in_the_middle() -> None:
    assert command("/classify@other_bot a, b") is None
    assert command("see /help", offset=4) is None
    assert command_in(message(text="no command"), "clip_bot") is None
    bold = [{"type": "bold", "offset": 0, "length": 5}]
    assert command_in(message(text="/help", entities=bold), "clip_bot") is None
    assert command_in(message(photo=[size(9, 9)]), "clip_bot") is None

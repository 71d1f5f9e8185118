"""The server against the machine-readable Bot API, and against its own page in docs/."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from telegram import Bot

import bot as bot_package
from clipbot_playground.botapi.methods.strictness import KNOWN_FIELDS
from clipbot_playground.botapi.methods.table import METHODS
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture
from tests.playground.botapi.specification import (
    faults_of_answer,
    faults_of_object,
    needs_specification,
    specification,
)

_PAGE = Path(bot_package.__file__).parents[1] / "docs" / "bot-api-server.md"


@needs_specification
@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_a_method_has_the_parameters_of_the_specification(method: object) -> None:
    name, parameters = getattr(method, "name", ""), getattr(method, "parameters", None)
    described = specification()["methods"][name]
    assert parameters == {field["name"] for field in described.get("fields", [])}


@needs_specification
@pytest.mark.parametrize("kind", KNOWN_FIELDS)
def test_an_object_has_the_fields_of_the_specification(kind: str) -> None:
    fields = specification()["types"][kind]["fields"]
    assert KNOWN_FIELDS[kind] == {field["name"] for field in fields}


@needs_specification
def test_the_validator_finds_faults() -> None:
    user = {"id": 1, "is_bot": False, "first_name": "Alice"}
    assert faults_of_object("User", user) == []
    assert faults_of_object("User", user | {"age": 7}) == ["User.age is unknown to User"]
    assert faults_of_object("User", {"id": True, "is_bot": False, "first_name": "A"}) != []
    assert faults_of_object("User", {"id": 1, "is_bot": False}) == ["User.first_name is missing"]
    assert faults_of_answer("getUpdates", [{"update_id": "1"}]) != []


@needs_specification
async def test_every_kind_of_update_matches_the_specification(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    forum = server.group("Forum", [alice, bob], forum=True, privacy=False)
    group = server.group("Group", [alice, bob], supergroup=False, privacy=False, bot_is_admin=True)
    topic = server.topic(forum, "Cats", alice)
    hello = await alice.sends("/start@clip_test_bot @alice https://example.org/x. #cat")
    await alice.sends(picture(), caption="dog", to=forum, topic=topic)
    await alice.sends(document=picture(kind="PNG"), file_name="x.png", caption="c", reply_to=hello)
    await alice.sends(document=b"%PDF-1.4", file_name="x.pdf")
    await alice.sends(sticker=picture(512, 400, kind="WEBP"))
    await alice.sends(sticker=b"tgs", sticker_kind="animated")
    await alice.sends(animation=b"mp4", caption="c", spoiler=True)
    await alice.sends(video_note=b"mp4")
    await alice.sends("/help", to=group, anonymous=True)
    server.world.query(alice.user, "dog", group)
    await alice.sends(video=b"mp4", to=group)
    await alice.sends(voice=b"ogg")
    await alice.sends(location=(48.2, 16.4))
    await alice.sends(contact=("+43123", "Bob"))
    await alice.sends(album=[picture(), picture()], caption="a, b", album_of="document")
    await alice.edits(hello, "/help")
    server.removes_bot(group, alice)
    alice.blocks()
    updates = server.world.updates.pending
    assert {update.type for update in updates} == {
        "message",
        "edited_message",
        "my_chat_member",
        "inline_query",
    }
    for update in updates:
        assert faults_of_object("Update", update.to_json()) == []
    assert len(await bot.get_updates()) == len(updates)


@needs_specification
async def test_questions_about_chats(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    carol = server.person("Carol")
    group = server.group("Friends", [alice, bob], bot_is_admin=True)
    assert (await bot.get_me()).username == "clip_test_bot"
    assert (await bot.get_chat(group.id)).title == "Friends"
    assert (await bot.get_chat(alice.user.id)).first_name == "Alice"
    assert await bot.get_chat_member_count(group.id) == 3
    members = [await bot.get_chat_member(group.id, p.user.id) for p in (alice, bob, carol)]
    assert [found.status for found in members] == ["creator", "member", "left"]
    admins = await bot.get_chat_administrators(group.id)
    assert {admin.user.first_name for admin in admins} == {"Alice", "Clip"}
    assert await bot.leave_chat(group.id)
    assert group.bot_status == "left"


def test_the_pages_example_runs(tmp_path: Path) -> None:
    plugin, example = re.findall(
        r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "conftest.py").write_text(plugin)
    (tmp_path / "test_example.py").write_text(example)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(_PAGE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_the_page_names_only_existing_attributes() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    server = BotApiServer()
    alice = server.person("Alice")
    for name, owner in (("server", server), ("alice", alice)):
        named = set(re.findall(rf"(?<!playground\.)\b{name}\.(\w+)", text))
        assert len(named) > 4
        assert [word for word in named if not hasattr(owner, word)] == []

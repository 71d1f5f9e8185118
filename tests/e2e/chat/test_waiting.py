"""While people wait they are told so, limits hold, and nothing is lost."""

import os
import shutil
import signal
from pathlib import Path

import httpx
import pytest

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.e2e.running import is_place
from tests.playground.botapi.pictures import picture
from tests.waiting import until

# Seconds. The bot promises to poll within 5 s while the model is loaded; the rest allows for a busy
# machine.
POLLS_WITHIN = 5.0 + 10.0


async def test_photos_wait_for_a_model_that_appears_later(
    own_server: BotApiServer, start: Start, port: int, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    alice, bob = own_server.person("Alice"), own_server.person("Bob")
    model = tmp_path / "model"
    async with start(
        CLIP_MODEL=model,
        WAIT_NOTICE_MINUTES=0.02,
        MAX_PER_USER=2,
        MAX_QUEUE=3,
        METRICS_PORT=port,
        ADMIN_IDS=alice.user.id,
    ) as bot:
        await bot.polls(POLLS_WITHIN)

        waiting = [await _asks(alice), await _asks(alice)]
        third = await _asks(alice)
        refusal = await alice.hears(reply_to=third)
        assert "still busy with 2 pictures of yours" in (refusal.text or "")

        waiting.append(await _asks(bob))
        refusal = await bob.hears(reply_to=await _asks(bob))
        assert "Too many people at once" in (refusal.text or "")

        who = {waiting[0]: alice, waiting[1]: alice, waiting[2]: bob}
        notices = {photo: await who[photo].hears(reply_to=photo) for photo in waiting}
        assert all("the model is not running" in (n.text or "") for n in notices.values())

        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as web:
            assert (await web.get("/healthz")).text == "ok"

            async def page() -> bool:
                text = (await web.get("/metrics", follow_redirects=True)).text
                return "clipbot_jobs_waiting 3.0" in text and "clipbot_jobs_total 3.0" in text

            await until(page, True)

        async def status() -> bool:
            answer = await alice.hears(reply_to=await alice.sends("/status"))
            assert "Jobs waiting: 3" in (answer.text or "")
            return "there is no such folder" in (answer.text or "")

        await until(status, True, 60)  # a busy machine takes long to import torch

        shutil.copytree(tiny_clip_folder, model)
        for photo, notice in notices.items():
            await own_server.until(lambda notice=notice: notice.photo, 60)  # type: ignore[misc]
            assert photo.chat.replies_to(photo) == [notice]
            assert len(notice.versions) == 2  # one notice, one answer
        assert "there is no such folder" in bot.log


@pytest.mark.parametrize(
    ("language", "place", "taken_back"),
    [
        ("en", "⏳ You are number {} in the queue", "Taken back: I will not answer this picture"),
        ("es", "⏳ Tienes el número {} en la cola", "Retirada: no responderé a esta imagen"),
    ],
)
async def test_who_waits_knows_their_place_and_can_take_the_picture_back(
    own_server: BotApiServer, start: Start, language: str, place: str, taken_back: str
) -> None:
    ann, bob, cleo = (own_server.person(name, language) for name in ("Ann", "Bob", "Cleo"))
    async with start() as bot:
        await ann.hears(reply_to=await _asks(ann), within=60)
        worker = bot.process("worker")
        os.kill(worker, signal.SIGSTOP)
        photos = [await _asks(person) for person in (ann, bob, cleo)]
        notices = [
            await person.hears(reply_to=photo, matching=is_place)
            for person, photo in zip((ann, bob, cleo), photos, strict=True)
        ]
        for number, notice in enumerate(notices, 1):
            assert (notice.text or "").startswith(place.format(number))
        cancel = await bob.sends("/cancel")
        await bob.hears(edit_of=notices[1])
        assert (notices[1].text or "").startswith(taken_back)
        assert ((await bob.hears(reply_to=cancel)).text or "").startswith(taken_back)
        await own_server.until(
            lambda: place.format(2) in (notices[2].text or ""), 30
        )  # it moves up
        os.kill(worker, signal.SIGCONT)
        for index in (0, 2):
            await own_server.until(lambda index=index: notices[index].photo, 60)  # type: ignore[misc]
        # What was taken back stays so, although its job was already in the queue.
        await bob.hears(reply_to=await _asks(bob), within=60)
        assert not notices[1].photo
        for photo, notice in zip(photos, notices, strict=True):
            assert photo.chat.replies_to(photo) == [notice]


async def test_places_go_on_after_everything_was_killed(
    own_server: BotApiServer, start: Start
) -> None:
    ann, bob = own_server.person("Ann"), own_server.person("Bob")
    async with start() as bot:
        await ann.hears(reply_to=await _asks(ann), within=60)
        os.kill(bot.process("worker"), signal.SIGSTOP)
        photos = [await _asks(ann), await _asks(bob)]
        notices = [
            await person.hears(reply_to=photo, matching=is_place)
            for person, photo in zip((ann, bob), photos, strict=True)
        ]
        cancel = await ann.sends("/cancel")
        await ann.hears(reply_to=cancel)
        await bot.is_killed()
    async with start():
        await own_server.until(lambda: notices[1].photo, 60)
        await bob.hears(reply_to=await _asks(bob), within=60)
        assert "Taken back" in (notices[0].text or "")
        for photo, notice in zip(photos, notices, strict=True):
            assert photo.chat.replies_to(photo) == [notice]


async def _asks(person: SimulatedUser) -> Message:
    return await person.sends(picture(320, 240), caption="a dog, a cat")

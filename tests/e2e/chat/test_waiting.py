"""While the model is not loaded yet, people get a notice, limits hold, and nothing is lost."""

import shutil
from pathlib import Path

import httpx

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
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


async def _asks(person: SimulatedUser) -> Message:
    return await person.sends(picture(320, 240), caption="a dog, a cat")

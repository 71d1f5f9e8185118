"""Updates by webhook, and a bot for some people only."""

import httpx

from bot.telegram.webhook import SECRET_HEADER
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.playground.botapi.pictures import picture

SECRET = "a-Secret_of-this-test"


async def test_only_telegram_can_use_the_webhook(
    own_server: BotApiServer, start: Start, port: int
) -> None:
    alice, eve = own_server.person("Alice"), own_server.person("Eve")
    address = f"http://127.0.0.1:{port}/updates"
    async with start(
        WEBHOOK_URL=address,
        WEBHOOK_PORT=port,
        WEBHOOK_SECRET=SECRET,
        ALLOWED_CHATS=f"{alice.user.id}, -100",
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
    ) as bot:
        await own_server.until(lambda: own_server.world.webhook.url == address, 30)
        photo = await alice.sends(picture(), caption="a dog, a cat")
        assert (await alice.hears(reply_to=photo, within=60)).photo

        forged = _update(alice)
        async with httpx.AsyncClient(base_url=address) as web:
            for headers in ({}, {SECRET_HEADER: "wrong"}, {SECRET_HEADER: SECRET + "x"}):
                assert (await web.post("", json=forged, headers=headers)).status_code == 403
            right = {SECRET_HEADER: SECRET}
            assert (await web.post("", content=b"{", headers=right)).status_code == 400
            assert (await web.post("", json=[1], headers=right)).status_code == 400
            assert (await web.post("", content=b"x" * 2**21, headers=right)).status_code == 413
            assert (await web.get("", headers=right)).status_code == 405

        refusal = await eve.hears(reply_to=await eve.sends(picture(), caption="a dog, a cat"))
        assert "This bot is private." in (refusal.text or "")
        cancel = await alice.sends("/cancel")
        await alice.hears(reply_to=cancel)
        assert [m.text for m in alice.chat.messages.values() if m.text == "forged"] == []
        assert not own_server.world.updates.pending
        assert SECRET not in bot.log


def _update(person: SimulatedUser) -> dict[str, object]:
    message = {
        "message_id": 999,
        "date": 1,
        "chat": person.chat.to_json(),
        "from": person.user.to_json(),
        "text": "/start",
    }
    return {"update_id": 1, "message": message}


async def test_there_is_a_secret_even_if_the_host_sets_none(
    own_server: BotApiServer, start: Start, port: int
) -> None:
    alice = own_server.person("Alice")
    async with start(WEBHOOK_URL=f"http://127.0.0.1:{port}", WEBHOOK_PORT=port):
        await own_server.until(lambda: own_server.world.webhook.url, 30)
        await alice.hears(reply_to=await alice.sends("/start"))
        async with httpx.AsyncClient() as web:
            answer = await web.post(f"http://127.0.0.1:{port}", json=_update(alice))
        assert answer.status_code == 403
    async with start():  # back to polling
        text = await alice.sends("/help")
        assert "How to ask" in ((await alice.hears(reply_to=text, within=30)).text or "")

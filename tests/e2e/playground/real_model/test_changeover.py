"""The change from the demo model to the real one, while people go on chatting."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import httpx

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.launcher import Playground
from clipbot_playground.page.offer import OfferState
from tests.e2e.playground.browser_session import PHRASES, sample
from tests.inference.model.hub.hub_server import REPOSITORY, FakeHub
from tests.waiting import until

_PEOPLE = 6
_UNANSWERED = 8  # of one person at a time; MAX_PER_USER is 10
_PATIENCE = 120.0  # seconds


class _Crowd:
    """People who send one photo after the other until `ends`."""

    def __init__(self, playground: Playground) -> None:
        self._server = playground.server
        self.sent: list[Message] = []
        self._people = [playground.server.person(f"Person {i}") for i in range(_PEOPLE)]
        self._over = asyncio.Event()
        self._sending = [asyncio.create_task(self._keeps_sending(one)) for one in self._people]

    async def _keeps_sending(self, person: SimulatedUser) -> None:
        own: list[Message] = [await person.starts()]
        while not self._over.is_set():
            photo = await person.sends(sample("a-red-circle"), caption=PHRASES)
            self.sent.append(photo)
            own.append(photo)
            await self._server.until(lambda: any(map(self.answers, own[-_UNANSWERED:])), _PATIENCE)

    def answers(self, photo: Message) -> list[Message]:
        return list(photo.chat.replies_to(photo))

    async def has_answers_to(self, count: int) -> None:
        await self._server.until(lambda: sum(map(bool, map(self.answers, self.sent))) >= count, 60)

    async def ends(self) -> None:
        """Stop sending, and wait until all photos are answered."""
        self._over.set()
        await asyncio.gather(*self._sending)
        await self._server.until(lambda: all(map(self.answers, self.sent)), _PATIENCE)


async def _becomes(playground: Playground, state: OfferState) -> None:
    offer = playground.offer
    assert offer is not None
    await playground.server.until(lambda: offer.state is state, _PATIENCE)


async def _takes(playground: Playground, step: str) -> None:
    async with httpx.AsyncClient(base_url=playground.url) as page:
        assert (await page.post("/play/offer", json={"step": step})).status_code == 200


def _children(command: str) -> set[int]:
    """Return the ids of processes that this one has started as `clipbot COMMAND`."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it can end meanwhile
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            words = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if int(parent) == os.getpid() and words[-1] == command.encode():
                found.add(int(folder.name))
    return found


async def test_under_load_every_photo_is_answered_once(
    hub: FakeHub, playground: Playground
) -> None:
    async with playground:
        crowd = _Crowd(playground)
        await crowd.has_answers_to(20)
        for _ in range(2):  # a second press changes nothing
            await _takes(playground, "get")
        await _becomes(playground, OfferState.DONE)
        changed = len(crowd.sent)
        await crowd.has_answers_to(changed + 20)
        await crowd.ends()
        answers = [crowd.answers(photo) for photo in crowd.sent]
        assert {len(one) for one in answers} == {1}
        assert all(one[0].photo for one in answers)
        # The demo model is sure that it is a red circle; one with random weights is not.
        captions = [one[0].content.words.text for one in answers]
        assert captions[0] != captions[-1]
        assert set(captions[changed:]) == {captions[-1]}
        assert playground.system_panel.model.name == REPOSITORY
        # The demo's worker and bot have ended.
        await until(lambda: len(playground.system_panel.children), 2, within=30)
        assert playground.system_panel.ended == []
        assert playground.server.violations == []


async def test_a_model_that_can_t_be_loaded_leaves_the_demo_model(
    hub: FakeHub, playground: Playground
) -> None:
    hub.files["config.json"] = b'{"model_type": "bert"}'
    async with playground:
        await _takes(playground, "get")
        await _becomes(playground, OfferState.FAILED)
        assert playground.offer is not None
        assert playground.offer.reason.startswith(f"{REPOSITORY} can't be used: ")
        await until(lambda: len(playground.system_panel.children), 2, within=30)
        assert playground.system_panel.model.is_demo
        anna = playground.server.person("Anna")
        photo = await anna.sends(sample("a-red-circle"), caption=PHRASES)
        assert (await anna.hears(reply_to=photo, within=60)).photo


async def test_a_worker_that_is_killed_while_it_loads_can_be_tried_again(
    hub: FakeHub, playground: Playground
) -> None:
    others = _children("worker")  # of a playground that other tests share
    async with playground:
        (demo,) = _children("worker") - others
        await _takes(playground, "get")
        await until(lambda: len(playground.system_panel.children), 3, within=60)
        await until(lambda: len(_children("worker") - others), 2, within=30)
        (loading,) = _children("worker") - others - {demo}
        os.kill(loading, signal.SIGKILL)  # as a machine without memory does
        await _becomes(playground, OfferState.FAILED)
        assert playground.offer is not None
        assert "stopped unexpectedly (status -9)" in playground.offer.reason
        assert _children("worker") - others == {demo}
        await _takes(playground, "get")
        await _becomes(playground, OfferState.DONE)
        await until(lambda: demo in _children("worker"), False, within=30)


async def test_the_end_during_the_change_leaves_no_process(
    hub: FakeHub, playground: Playground
) -> None:
    others = _children("worker") | _children("run")
    async with playground:
        await _takes(playground, "get")
        await until(lambda: len(playground.system_panel.children), 3, within=60)
    assert _children("worker") | _children("run") == others

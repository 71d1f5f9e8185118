"""The commands of `Preferences`: the buttons of /template, and /status for the host."""

from typing import Any

import pytest

from bot.chat.people import Speaker
from bot.chat.preferences import Preferences
from bot.i18n import speak
from bot.platform.incoming import Author, ButtonPress
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime.metrics import Metrics
from bot.storage import Profile, Store
from inference.protocol.broker.client import Queue, jobs_subject
from inference.protocol.labels import AUTO_TEMPLATE
from inference.protocol.messages import WorkerState, WorkerStatus
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, PRIVATE, message, ours
from tests.bot.scripted import ScriptedPlatform

_ANYTHING: Any = None
OURS = "openai/clip"


def worker(model: str) -> WorkerStatus:
    return WorkerStatus(
        worker=model, model=model, state=WorkerState.READY, takes=jobs_subject(model)
    )


@pytest.mark.parametrize(
    ("workers", "takes_none", "is_missing"),
    [
        ([], 0, True),
        ([worker("demo")], 1, True),
        ([worker("demo"), worker(OURS)], 1, False),
    ],
)
async def test_it_says_what_takes_no_jobs_and_what_is_missing(
    store: Store,
    queue: Queue,
    platform: ScriptedPlatform,
    workers: list[WorkerStatus],
    takes_none: int,
    is_missing: bool,
) -> None:
    registry = WorkerRegistry(queue, Metrics(), OURS)
    registry.workers = workers
    preferences = Preferences(
        platform,
        store,
        registry,
        queue,
        max_labels=20,
        admin_ids=frozenset({7}),
        sort=_ANYTHING,
        games_help=lambda _: [],
    )
    who = Speaker(7, Profile(), speak("en"))
    await preferences.commands["status"](message(1, "/status"), who, "")
    ((_, _, text),) = platform.said
    assert text.count("takes no jobs of this bot") == takes_none
    assert (f"No worker takes jobs for {OURS}" in text) is is_missing


# -- /template -----------------------------------------------------------------------------------


def _press(data: str, author: Author = ALICE, text: str = "") -> ButtonPress:
    shown = ours(9_000, text, data)
    return ButtonPress("1", author, data, PRIVATE, shown.ref, shown)


async def _template(chat: PrivateChat) -> str | None:
    return (await chat.store.person(ALICE.id)).template


@pytest.mark.parametrize("words", ["auto", "AUTO"])
async def test_auto_is_stored_by_its_own_name(chat: PrivateChat, words: str) -> None:
    await chat.text(1, f"/template {words}")
    assert await _template(chat) == AUTO_TEMPLATE
    await chat.photo(2, "cat, dog")
    (job,) = await chat.jobs()
    assert job.template == AUTO_TEMPLATE


async def test_each_button_sets_what_it_says(chat: PrivateChat) -> None:
    await chat.text(1, "/template")
    stored = []
    for button in chat.platform.buttons[0]:
        await chat.hears(_press(button.data))
        stored.append(await _template(chat))
    assert stored == ["auto", "a photo of {}", None]


async def test_a_press_that_comes_twice_edits_once(chat: PrivateChat) -> None:
    await chat.text(1, "/template")
    auto = chat.platform.buttons[0][0].data
    await chat.hears(_press(auto))
    *_, (edit, _, _) = chat.platform.said
    assert edit == "edit 9000 to text"
    said = len(chat.platform.said)
    (toast,) = chat.platform.toasts
    assert len(toast) <= 200  # Bot API, answerCallbackQuery
    await chat.hears(_press(auto, text=toast))
    assert chat.platform.toasts == [toast, toast]
    assert len(chat.platform.said) == said
    assert await _template(chat) == "auto"


@pytest.mark.parametrize(
    "data", ["template", "template:", "template:7", "template:7:{}", "template:auto", "template:::"]
)
async def test_a_forged_press_is_answered_and_does_nothing(chat: PrivateChat, data: str) -> None:
    await chat.text(1, "/template a drawing of {}")
    said = list(chat.platform.said)
    await chat.hears(_press(data))
    assert (chat.platform.toasts, chat.platform.said) == ([""], said)
    assert await _template(chat) == "a drawing of {}"


async def test_nobody_presses_the_buttons_of_somebody_else(chat: PrivateChat) -> None:
    await chat.text(1, "/template")
    said = list(chat.platform.said)
    await chat.hears(_press(chat.platform.buttons[0][0].data, Author(8, "Bob", language="en")))
    assert "somebody else's" in chat.platform.toasts[0]
    assert chat.platform.said == said
    assert await _template(chat) is None
    assert (await chat.store.person(8)).template is None

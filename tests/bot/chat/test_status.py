"""/status: which workers take this bot's jobs, and which model is missing."""

from typing import Any

import pytest

from bot.chat.people import speaker_of
from bot.chat.preferences import Preferences
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import Queue, jobs_subject
from inference.protocol.messages import WorkerState, WorkerStatus
from tests.bot.scripted import ScriptedPlatform
from tests.bot.telegram.messages import message

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
    monkeypatch: pytest.MonkeyPatch,
    workers: list[WorkerStatus],
    takes_none: int,
    is_missing: bool,
) -> None:
    registry = WorkerRegistry(queue, Metrics(), OURS)
    registry.workers = workers
    heard = message(text="/status")
    who = await speaker_of(heard, store)
    assert who
    telegram: Any = platform
    preferences = Preferences(
        telegram,
        store,
        registry,
        queue,
        _ANYTHING,
        max_labels=20,
        admin_ids=frozenset({who.user_id}),
    )
    said: list[str] = []

    async def say(_: object, text: str, *_rest: object) -> None:
        said.append(text)

    monkeypatch.setattr(platform, "send_text", say)
    await preferences.commands["status"](heard, who, "")
    (text,) = said
    assert text.count("takes no jobs of this bot") == takes_none
    assert (f"No worker takes jobs for {OURS}" in text) is is_missing

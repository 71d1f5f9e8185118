"""The playground's worker and bot, and how they change to another model while people chat.

    1. A worker of the new model starts beside the one that answers.
    2. Once it is ready, the bot is stopped and one with the new CLIP_MODEL is started. Meanwhile,
       for a second or two, what people send waits in the Bot API server and in the queue.
    3. The bot's start gives jobs that wait for the old model to the new worker, as it always does
       (see `inference.protocol.broker.readdressing`).
    4. The old worker ends when the queue holds no more jobs for it. It finishes what it has begun.

A bot learns its model only when it starts, so that one process never mixes two models. A job that
both workers have begun has one id: the queue keeps one result, and the bot records one answer.
"""

import asyncio
import contextlib
from collections.abc import Callable

from nats.errors import Error as NatsError

from bot.services.child_process import Child
from inference.protocol import tasks
from inference.protocol.broker.client import Queue
from inference.protocol.errors import ModelUnavailable
from inference.protocol.messages import WorkerState

# Seconds that a worker gets to finish its batch, and a bot to finish what it holds.
_WORKER_PATIENCE, _BOT_PATIENCE = 8.0, 16.0
# Seconds between two looks at the queue.
_LOOK_EVERY = 0.2

ChildOf = Callable[[str], Child]


class Programs:
    """One worker and one bot, with the same model. Call `stop` at the end, also after an error.

    Args:
        worker_of, bot_of: return a program for a model, which is not started yet.

    Attributes:
        children: the programs that run, the latest last.
    """

    def __init__(self, queue: Queue, worker_of: ChildOf, bot_of: ChildOf) -> None:
        self.children: list[Child] = []
        self._queue = queue
        self._worker_of = worker_of
        self._bot_of = bot_of
        self._patience: dict[Child, float] = {}
        self._retiring: asyncio.Task[None] | None = None

    async def start(self, model: str) -> None:
        """Start worker and bot.

        Raises:
            SettingError: torch or transformers are not installed here.
        """
        self._model = model
        self._worker = await self._started(self._worker_of(model), _WORKER_PATIENCE)
        self._bot = await self._started(self._bot_of(model), _BOT_PATIENCE)

    async def change_to(self, model: str) -> None:
        """Have another model answer; return once the bot that asks for it is started.

        Raises:
            ModelUnavailable: the new worker can't use the model; the old one still answers.
        """
        # Otherwise the new worker would warn that no bot asks for its model.
        await self._queue.answer_model(model)
        worker = await self._started(self._worker_of(model), _WORKER_PATIENCE)
        try:
            await self._until_ready(worker, model)
        except BaseException:
            await self._stop(worker)
            raise
        await self._stop(self._bot)
        self._bot = await self._started(self._bot_of(model), _BOT_PATIENCE)
        self._retiring = asyncio.create_task(self._retire(self._worker, self._model))
        self._worker, self._model = worker, model

    async def stop(self) -> None:
        """Stop all programs, the latest first."""
        if self._retiring:
            await tasks.end(self._retiring)
        for child in reversed(self.children.copy()):
            await self._stop(child)

    async def _started(self, child: Child, patience: float) -> Child:
        self._patience[child] = patience
        self.children.append(child)
        await child.start()
        return child

    async def _stop(self, child: Child) -> None:
        await child.stop(self._patience[child])
        self.children.remove(child)

    async def _until_ready(self, worker: Child, model: str) -> None:
        while True:
            with contextlib.suppress(NatsError, TimeoutError, OSError):
                states = {
                    one.state: one for one in await self._queue.workers() if one.model == model
                }
                if WorkerState.READY in states:
                    return
                if failed := states.get(WorkerState.FAILED):
                    raise ModelUnavailable(f"{model} can't be used: {failed.reason}")
            if worker.ended:
                raise ModelUnavailable(
                    f"The worker with {model} stopped unexpectedly (status {worker.ended.status}). "
                    "The terminal shows why."
                )
            await asyncio.sleep(_LOOK_EVERY)

    async def _retire(self, worker: Child, model: str) -> None:
        """Stop a worker once the queue holds no more jobs for it."""
        while True:
            with contextlib.suppress(NatsError, TimeoutError, OSError):
                if not await self._queue.jobs_for(model):
                    break
            await asyncio.sleep(_LOOK_EVERY)
        await self._stop(worker)

"""The process that leads the benchmark: it measures both sides in turn, one round each."""

import asyncio
import contextlib
import importlib.metadata
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clipbot_benchmarks.bot_side import growth, processes
from clipbot_benchmarks.bot_side.child import ChildProcess
from clipbot_benchmarks.bot_side.end_to_end import EndToEndRounds
from clipbot_benchmarks.bot_side.running_bot import RunningBot, environment, running
from clipbot_benchmarks.report.figures import (
    Bench,
    BotResults,
    EndToEnd,
    GrowthPoint,
    ModelResults,
    NotMeasured,
    Prepared,
    ProcessMemory,
    Spread,
    StartupTime,
)
from inference.protocol.settings import DEFAULT_MODEL, WorkerSettings

# -P: a file in the current folder must not be imported in place of clipbot's own modules.
_PYTHON = [sys.executable, "-P", "-m"]
MODEL_SIDE = [*_PYTHON, "clipbot_benchmarks.model_side"]

_BOT_SECTIONS = {"road", "growth", "memory"}
_LAST_SECTIONS = {"answers": "Comparing answers.", "gpu": "Measuring the GPU, if there is one."}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Workload:
    """How much is measured.

    Attributes:
        rounds: of everything that is measured side by side.
        starts: of the bot.
        each: photos that each of the people sends at once in a round.
        alone: photos of one person alone in a round.
        queue: lengths of the queue, for growth.
        flow: charts that are timed for each length of the queue.
        queue_rounds: of these lengths.
        users: numbers of stored people, for growth.
    """

    rounds: int
    starts: int
    each: int
    alone: int
    queue: list[int]
    flow: int
    queue_rounds: int
    users: list[int]


# Enough to trust the figures.
_FULL = Workload(
    rounds=5,
    starts=3,
    each=4,
    alone=8,
    queue=[10, 1_000],  # emptying the longer one takes minutes in each round
    flow=240,
    queue_rounds=2,
    users=[10, 1_000, 100_000],
)
# Enough to see that everything works.
_QUICK = Workload(
    rounds=1,
    starts=1,
    each=1,
    alone=3,
    queue=[10, 40],
    flow=32,
    queue_rounds=1,
    users=[10, 1_000],
)


class Runner:
    """One run of the benchmark.

    Args:
        folder: an empty folder for everything that is made on the way.
        sections: some of `run.SECTIONS`.
        say: shows the progress, a line at a time.
    """

    def __init__(
        self, settings: WorkerSettings, folder: Path, sections: set[str], *, quick: bool, say: Say
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._sections = sections
        self._quick = quick
        self._say = say
        self._workload = _QUICK if quick else _FULL
        self._not_measured: list[NotMeasured] = []

    async def run(self) -> Bench:
        """Return all figures.

        Raises:
            OperatorError: the model can't be had, or one of the processes ended early.
        """
        _cancel_on_signals()
        prepared = await self._prepare()
        settings = self._settings.model_copy(update={"clip_model": prepared.model})
        async with self._model_side(prepared, settings) as model_side:
            if self._sections & _BOT_SECTIONS:
                async with self._running_bot(prepared, settings) as (bot, starts):
                    bot_results = await self._both_sides(model_side, bot, starts)
            else:
                await self._rounds(model_side, None)
                bot_results = BotResults()
            if "growth" in self._sections:
                self._say("More labels.")
                await model_side.ask("growth", type(None))
            for section, line in _LAST_SECTIONS.items():
                if section in self._sections:
                    self._say(line)
            model_results = await model_side.ask("results", ModelResults)
        return Bench(
            clipbot=importlib.metadata.version("clipbot"),
            date=time.strftime("%Y-%m-%d"),
            quick=self._quick,
            rounds=self._workload.rounds,
            model_side=model_results,
            bot_side=bot_results,
        )

    async def _prepare(self) -> Prepared:
        self._say("Making photos, and looking for the model.")
        command = [*MODEL_SIDE, "prepare", str(self._folder), "--model", self._settings.clip_model]
        log = self._folder / "prepare.log"
        async with ChildProcess(command, log, environment(self._settings)) as child:
            prepared = await child.receive(Prepared)
        if prepared.note:
            self._say(prepared.note)
        return prepared

    @contextlib.asynccontextmanager
    async def _model_side(
        self, prepared: Prepared, settings: WorkerSettings
    ) -> AsyncIterator[ChildProcess]:
        """Start the child with torch, and yield it once its model is loaded."""
        command = [*MODEL_SIDE, "measure", str(self._folder)]
        shown = DEFAULT_MODEL if prepared.random else _without_path(self._settings.clip_model)
        command += ["--shown-name", shown]
        command += ["--sections", ",".join(self._sections)]
        command += ["--random"] if prepared.random else []
        command += ["--quick"] if self._quick else []
        towers = ", and its image tower in every runtime" if "towers" in self._sections else ""
        self._say(f"Loading the model{towers}.")
        log = self._folder / "measure.log"
        child_environment = {
            **environment(settings),
            **self._export_folder("measure"),
            # By default torch.compile leaves its files in a folder that nobody empties.
            "TORCHINDUCTOR_CACHE_DIR": str(self._folder / "inductor"),
        }
        async with ChildProcess(command, log, child_environment) as child:
            await child.receive(type(None))
            yield child

    @contextlib.asynccontextmanager
    async def _running_bot(
        self, prepared: Prepared, settings: WorkerSettings
    ) -> AsyncIterator[tuple[RunningBot, list[StartupTime]]]:
        """Start `clipbot run` as often as its start is timed, and yield the last one."""
        command = [
            *_PYTHON,
            "clipbot_benchmarks.bot_side.load_generator",
            str(self._folder / "photos"),
            ", ".join(prepared.labels),
        ]
        log = self._folder / "load_generator.log"
        child_environment = {**environment(settings), **self._export_folder("bot")}
        polling, loaded = [], []
        async with ChildProcess(command, log, child_environment) as load_generator:
            url = await load_generator.receive(str)
            count = self._workload.starts if "memory" in self._sections else 1
            for number in range(count):
                self._say(f"Starting the bot ({number + 1} of {count}).")
                folder = Path(tempfile.mkdtemp(prefix="bot-", dir=self._folder))
                async with running(load_generator, url, folder, child_environment) as bot:
                    polling.append(bot.polling)
                    loaded.append(bot.loaded)
                    if number == count - 1:
                        starts = _starts(polling, loaded)
                        yield bot, starts if "memory" in self._sections else []

    def _export_folder(self, name: str) -> dict[str, str]:
        """Return the setting of a folder for exported models, which is empty at first."""
        return {"HF_ASSETS_CACHE": str(self._folder / f"exports-{name}")}

    async def _both_sides(
        self, model_side: ChildProcess, bot: RunningBot, starts: list[StartupTime]
    ) -> BotResults:
        at_rest = bot.memory()
        end_to_end = await self._rounds(model_side, bot)
        queue, users = await self._growth(bot) if "growth" in self._sections else ([], [])
        after_work = bot.memory()
        if not processes.has_proc():
            self._not_measured.append(
                NotMeasured("memory and core-seconds", "this system has no /proc to read them from")
            )
        return BotResults(
            end_to_end=end_to_end,
            queue=queue,
            users=users,
            processes=[
                ProcessMemory(name, size, after_work.get(name, 0)) for name, size in at_rest.items()
            ]
            if "memory" in self._sections
            else [],
            starts=starts,
            not_measured=self._not_measured,
        )

    async def _rounds(self, model_side: ChildProcess, bot: RunningBot | None) -> EndToEnd | None:
        """Measure both sides in turn; one is idle while the other is measured."""
        rounds = self._workload.rounds
        end_to_end = None
        if bot and self._sections & {"road", "memory"}:
            end_to_end = EndToEndRounds(bot, each=self._workload.each, alone=self._workload.alone)
        self._say("Warming up.")
        await model_side.ask("warm_up", type(None))
        if end_to_end:
            await end_to_end.warm_up()
        for number in range(rounds):
            self._say(f"Round {number + 1} of {rounds}.")
            await model_side.ask("round", type(None))
            if end_to_end:
                await end_to_end.round()
        return end_to_end.results() if end_to_end else None

    async def _growth(self, bot: RunningBot) -> tuple[list[GrowthPoint], list[GrowthPoint]]:
        load = self._workload
        self._say("More stored people.")
        users = await growth.users(bot, load.users, each=load.each, rounds=load.rounds)
        self._say("More waiting photos.")
        queue = await growth.queue(bot, load.queue, photos=load.flow, rounds=load.queue_rounds)
        return queue, users


def _starts(polling: Sequence[float], loaded: Sequence[float]) -> list[StartupTime]:
    starts = [
        StartupTime("the bot polls", Spread.of(polling)),
        StartupTime("the model is loaded, at the first start", Spread.of(loaded[:1])),
    ]
    if later := loaded[1:]:
        starts.append(StartupTime("the model is loaded, at a later start", Spread.of(later)))
    return starts


def _cancel_on_signals() -> None:
    """Cancel the run on SIGTERM and SIGHUP: it ends its processes and deletes its files."""
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # it is ignored under nohup
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _without_path(model: str) -> str:
    """Return the model's name, without a path that tells about this machine."""
    return "a local folder" if Path(model).expanduser().is_dir() else model

"""`clipbot bench`: conducts both halves of the benchmark, a round of each in turn."""

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from clipbot_benchmarks.bot_side import growth, processes
from clipbot_benchmarks.bot_side.child import Helper
from clipbot_benchmarks.bot_side.end_to_end import RoadRounds
from clipbot_benchmarks.bot_side.running_bot import Whole, environment, running
from clipbot_benchmarks.report.figures import (
    Bench,
    GrowthPoint,
    Parts,
    Prepared,
    Process,
    Road,
    Skipped,
    Spread,
    Start,
)
from clipbot_benchmarks.report.figures import Whole as WholeFigures
from inference.protocol.errors import OperatorError, SettingError
from inference.protocol.settings import DEFAULT_MODEL, WorkerSettings, load

SECTIONS = (
    "rivals",
    "towers",
    "engine",
    "charts",
    "answers",
    "road",
    "growth",
    "memory",
    "gpu",
)
_OF_THE_BOT = {"road", "growth", "memory"}
_AT_THE_END = {"answers": "Comparing answers.", "gpu": "Measuring the GPU, if there is one."}

# Of the interpreter that runs us; -P: files of the current folder must not be taken for ours.
_PYTHON = [sys.executable, "-P", "-m"]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Amounts:
    """How much is measured: enough to trust it, or enough to see that it works."""

    rounds: int
    starts: int
    each: int  # photos of each person in the crowd
    alone: int
    queue: list[int]
    flow: int  # charts that are timed for each length of the queue
    queue_rounds: int
    users: list[int]


_WHOLE = Amounts(
    rounds=5,
    starts=3,
    each=4,
    alone=8,
    queue=[10, 1_000],  # each round works all of them off, minutes of it
    flow=240,
    queue_rounds=2,
    users=[10, 1_000, 100_000],
)
_QUICK = Amounts(
    rounds=1,
    starts=1,
    each=1,
    alone=3,
    queue=[10, 40],
    flow=32,
    queue_rounds=1,
    users=[10, 1_000],
)


class LibrariesMissing(OperatorError):
    """The benchmark needs what a worker needs."""


def run(
    *, model: str | None, quick: bool, sections: set[str], file: Path, page: Path | None, say: Say
) -> None:
    """Measures, writes `file` and, if asked for, `page`, and prints what was found.

    Args:
        model: instead of CLIP_MODEL; `random` is ViT-B/32's shape with random weights.
        sections: some of `SECTIONS`.
        say: tells what is going on, a line at a time.

    Raises:
        OperatorError: a setting, the model or a library stands in the way.
    """
    _check_libraries()
    for option, path in (("--json", file), ("--page", page)):
        if path is not None:
            _make_folder_of(path, option)
    given = {"clip_model": model} if model else {}
    settings = load(WorkerSettings, **given)
    with tempfile.TemporaryDirectory(prefix="clipbot-bench-") as folder:
        conductor = _Conductor(settings, Path(folder), sections, quick=quick, say=say)
        try:
            bench = asyncio.run(conductor.run())
        except asyncio.CancelledError:
            raise OperatorError("The benchmark was told to end before it was done.") from None
    text = json.dumps(msgspec.to_builtins(bench), indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
    say(f"All figures are in {file}.")
    report([file], page)


def _make_folder_of(file: Path, option: str) -> None:
    """Make the folder that a file shall go into, before anything is measured for an hour."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        can_be_written = False
    else:
        can_be_written = os.access(file.parent, os.W_OK)
    if not can_be_written:
        raise SettingError(f"{option} is {file}, but no files can be made in {file.parent}.")


def report(files: Sequence[Path], page: Path | None) -> None:
    """Prints what files of earlier runs mean, and writes the page and its plots.

    Args:
        files: the page is about the first; of the others it shows what their GPUs did.

    Raises:
        OperatorError: that does not work.
    """
    _check_libraries()
    if page is not None:
        _make_folder_of(page, "--page")
    command = [*_PYTHON, "clipbot_benchmarks.model_side", "report", *map(str, files)]
    command += ["--page", str(page)] if page else []
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - the command is our own
        raise OperatorError("The figures could not be reported on; see above.")


class _Conductor:
    def __init__(
        self, settings: WorkerSettings, folder: Path, sections: set[str], *, quick: bool, say: Say
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._sections = sections
        self._quick = quick
        self._say = say
        self._amounts = _QUICK if quick else _WHOLE
        self._skipped: list[Skipped] = []

    async def run(self) -> Bench:
        _cancelled_by_signals()
        prepared = await self._prepare()
        settings = self._settings.model_copy(update={"clip_model": prepared.model})
        needs_bot = bool(self._sections & _OF_THE_BOT)
        async with self._measuring(prepared, settings) as measuring:
            if needs_bot:
                async with self._whole(prepared, settings) as (whole, starts):
                    figures = await self._side_by_side(measuring, whole, starts)
            else:
                await self._rounds(measuring, None)
                figures = WholeFigures()
            if "growth" in self._sections:
                self._say("More labels.")
                await measuring.ask("growth", type(None))
            for section, line in _AT_THE_END.items():
                if section in self._sections:
                    self._say(line)
            parts = await measuring.ask("results", Parts)
        return Bench(
            clipbot=importlib.metadata.version("clipbot"),
            date=time.strftime("%Y-%m-%d"),
            quick=self._quick,
            rounds=self._amounts.rounds,
            parts=parts,
            whole=figures,
        )

    async def _prepare(self) -> Prepared:
        self._say("Making photos, and looking for the model.")
        name = self._settings.clip_model
        command = [
            *_PYTHON,
            "clipbot_benchmarks.model_side",
            "prepare",
            str(self._folder),
            "--model",
            name,
        ]
        log = self._folder / "prepare.log"
        async with Helper(command, log, environment(self._settings)) as helper:
            prepared = await helper.hear(Prepared)
        if prepared.note:
            self._say(prepared.note)
        return prepared

    @contextlib.asynccontextmanager
    async def _measuring(
        self, prepared: Prepared, settings: WorkerSettings
    ) -> AsyncIterator[Helper]:
        """The half that needs torch, with its model loaded."""
        command = [*_PYTHON, "clipbot_benchmarks.model_side", "measure", str(self._folder)]
        shown = DEFAULT_MODEL if prepared.random else _without_path(self._settings.clip_model)
        command += ["--shown-name", shown]
        command += ["--sections", ",".join(self._sections)]
        command += ["--random"] if prepared.random else []
        command += ["--quick"] if self._quick else []
        towers = ", and its image tower in every runtime" if "towers" in self._sections else ""
        self._say(f"Loading the model{towers}.")
        log = self._folder / "measure.log"
        # torch.compile would leave its work for the next time, in a folder that nobody empties
        surroundings = {
            **environment(settings),
            **self._own_exports("measure"),
            "TORCHINDUCTOR_CACHE_DIR": str(self._folder / "inductor"),
        }
        async with Helper(command, log, surroundings) as helper:
            await helper.hear(type(None))
            yield helper

    @contextlib.asynccontextmanager
    async def _whole(
        self, prepared: Prepared, settings: WorkerSettings
    ) -> AsyncIterator[tuple[Whole, list[Start]]]:
        """`clipbot run`, started as often as start-up is timed; it runs on after the last time."""
        photos = str(self._folder / "photos")
        command = [
            *_PYTHON,
            "clipbot_benchmarks.bot_side.load_generator",
            photos,
            ", ".join(prepared.labels),
        ]
        log = self._folder / "crowd.log"
        surroundings = {**environment(settings), **self._own_exports("whole")}
        polling, loaded = [], []
        async with Helper(command, log, surroundings) as crowd:
            url = await crowd.hear(str)
            count = self._amounts.starts if "memory" in self._sections else 1
            for number in range(count):
                self._say(f"Starting the bot ({number + 1} of {count}).")
                folder = Path(tempfile.mkdtemp(prefix="bot-", dir=self._folder))
                async with running(crowd, url, folder, surroundings) as whole:
                    polling.append(whole.polling)
                    loaded.append(whole.loaded)
                    if number == count - 1:
                        starts = _starts(polling, loaded)
                        yield whole, starts if "memory" in self._sections else []

    def _own_exports(self, name: str) -> dict[str, str]:
        """Where models are exported to: empty at the first start, and gone in the end."""
        return {"HF_ASSETS_CACHE": str(self._folder / f"exports-{name}")}

    async def _side_by_side(
        self, measuring: Helper, whole: Whole, starts: list[Start]
    ) -> WholeFigures:
        at_rest = whole.memory()
        road = await self._rounds(measuring, whole)
        queue, users = await self._growth(whole) if "growth" in self._sections else ([], [])
        after_work = whole.memory()
        if not processes.can_be_told():
            self._skipped.append(
                Skipped("memory and core-seconds", "this system has no /proc to read them from")
            )
        return WholeFigures(
            road=road,
            queue=queue,
            users=users,
            processes=[
                Process(name, size, after_work.get(name, 0)) for name, size in at_rest.items()
            ]
            if "memory" in self._sections
            else [],
            starts=starts,
            skipped=self._skipped,
        )

    async def _rounds(self, measuring: Helper, whole: Whole | None) -> Road | None:
        """Both halves in turn; neither does anything while the other is measured."""
        rounds = self._amounts.rounds
        road = None
        if whole and self._sections & {"road", "memory"}:
            road = RoadRounds(whole, each=self._amounts.each, alone=self._amounts.alone)
        self._say("Warming up.")
        await measuring.ask("warm_up", type(None))
        if road:
            await road.warm_up()
        for number in range(rounds):
            self._say(f"Round {number + 1} of {rounds}.")
            await measuring.ask("round", type(None))
            if road:
                await road.round()
        return road.results() if road else None

    async def _growth(self, whole: Whole) -> tuple[list[GrowthPoint], list[GrowthPoint]]:
        amounts = self._amounts
        self._say("More stored people.")
        users = await growth.users(whole, amounts.users, each=amounts.each, rounds=amounts.rounds)
        self._say("More waiting photos.")
        queue = await growth.queue(
            whole, amounts.queue, photos=amounts.flow, rounds=amounts.queue_rounds
        )
        return queue, users


def _starts(polling: Sequence[float], loaded: Sequence[float]) -> list[Start]:
    starts = [
        Start("the bot polls", Spread.of(polling)),
        Start("the model is loaded, at the first start", Spread.of(loaded[:1])),
    ]
    if later := loaded[1:]:
        starts.append(Start("the model is loaded, at a later start", Spread.of(later)))
    return starts


def _cancelled_by_signals() -> None:
    """Whatever ends us, what was started and written on the way goes too, as by Ctrl-C."""
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _without_path(model: str) -> str:
    """A folder's path may tell about the machine."""
    return "a local folder" if Path(model).expanduser().is_dir() else model


def _check_libraries() -> None:
    for package in ("torch", "transformers", "matplotlib"):
        if importlib.util.find_spec(package) is None:
            raise LibrariesMissing(
                f"`clipbot bench` needs {package}: run `pip install clipbot[worker]`."
            )


def chosen(only: str | None) -> set[str]:
    """The sections that `--only` names; all of them without it.

    Raises:
        SettingError: there is no such section.
    """
    names = {name.strip() for name in only.split(",")} if only else set(SECTIONS)
    if unknown := sorted(names - set(SECTIONS)):
        raise SettingError(
            f"--only names {unknown[0]!r}, but it must be some of {', '.join(SECTIONS)}."
        )
    return names

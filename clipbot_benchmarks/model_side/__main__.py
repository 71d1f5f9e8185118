"""The child process of `clipbot bench`: it reads commands and answers with lines of JSON."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import click
import msgspec

from clipbot_benchmarks.report.figures import Bench, Prepared
from inference.protocol import logs
from inference.protocol.errors import ClipbotError


@click.group()
def main() -> None:
    """What needs torch, transformers or matplotlib."""
    logs.configure("ERROR")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", required=True)
def prepare(folder: Path, model: str) -> None:
    """Write photos into FOLDER, and a checkpoint if needed; print a `Prepared`."""
    with _answering() as say:
        from clipbot_benchmarks.model_side import checkpoints, pictures

        pictures.write(folder / "photos")
        found, note = checkpoints.find(model, folder / "checkpoint")
        say(
            Prepared(
                model=found,
                random=bool(note),
                labels=list(pictures.LABELS),
                note=note,
            )
        )


@main.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--shown-name", required=True)
@click.option("--random", is_flag=True)
@click.option("--quick", is_flag=True)
@click.option("--sections", required=True, help="Separated by commas.")
def measure(folder: Path, shown_name: str, random: bool, quick: bool, sections: str) -> None:
    """Execute `warm_up`, `round`, `growth` or `results`, one for each line of standard input.

    The engine is set by CLIP_MODEL, CLIP_DEVICE and CLIP_DTYPE. The photos are in FOLDER.
    """
    with _answering() as say:
        from clipbot_benchmarks.model_side.model_benchmark import ModelBenchmark
        from inference.protocol.settings import WorkerSettings, load

        benchmark = ModelBenchmark(
            load(WorkerSettings),
            shown_name,
            random=random,
            files=[path.read_bytes() for path in sorted((folder / "photos").glob("*.jpg"))],
            folder=folder,
            sections=set(sections.split(",")),
            quick=quick,
        )
        commands: dict[str, Callable[[], object]] = {
            "warm_up": benchmark.warm_up,
            "round": benchmark.round,
            "growth": benchmark.growth,
            "results": benchmark.results,
        }
        say(None)
        for line in sys.stdin:
            say(commands[line.strip()]())


@main.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE...",
)
@click.option("--page", type=click.Path(path_type=Path), help="Also write the page and its plots.")
def report(files: tuple[Path, ...], page: Path | None) -> None:
    """Print the report on a bench.json; of further ones the page shows the GPUs."""
    from rich.console import Console

    from clipbot_benchmarks.report.table import show

    benches = [msgspec.json.decode(file.read_bytes(), type=Bench) for file in files]
    for bench in benches:
        show(bench, Console())
    if page is not None:
        from clipbot_benchmarks.report.page import write

        write(benches[0], page, benches[1:])


class _answering:  # noqa: N801 - used like a function: with _answering() as say
    """A block in which only answers go to standard output; libraries print to standard error.

    An error that the operator can fix ends the block with the answer {"error": …}.
    """

    def __enter__(self) -> Callable[[object], None]:
        # Libraries also print from C, so file descriptor 1 itself becomes standard error.
        self._output: TextIO = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        return self._say

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if isinstance(error, ClipbotError):
            self._write({"error": str(error)})
        return isinstance(error, ClipbotError)

    def _say(self, answer: object) -> None:
        self._write({"answer": answer})

    def _write(self, line: dict[str, object]) -> None:
        self._output.write(msgspec.json.encode(line).decode() + "\n")
        self._output.flush()


if __name__ == "__main__":
    main()

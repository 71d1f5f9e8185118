"""What `clipbot bench` starts as a child process, and speaks with in lines of JSON."""

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
    """The half of the benchmark that needs torch, transformers or matplotlib."""
    logs.configure("ERROR")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", required=True)
def prepare(folder: Path, model: str) -> None:
    """Writes photos into FOLDER, and a checkpoint if it has to; prints a `Prepared`."""
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
    """Reads `warm_up`, `round`, `growth` or `results` line by line, and answers each with a line.

    CLIP_MODEL, CLIP_DEVICE and CLIP_DTYPE say which engine; the photos are in FOLDER.
    """
    with _answering() as say:
        from clipbot_benchmarks.model_side.model_benchmark import Measuring
        from inference.protocol.settings import WorkerSettings, load

        measuring = Measuring(
            load(WorkerSettings),
            shown_name,
            random=random,
            files=[path.read_bytes() for path in sorted((folder / "photos").glob("*.jpg"))],
            folder=folder,
            sections=set(sections.split(",")),
            quick=quick,
        )
        does: dict[str, Callable[[], object]] = {
            "warm_up": measuring.warm_up,
            "round": measuring.round,
            "growth": measuring.growth,
            "results": measuring.results,
        }
        say(None)
        for line in sys.stdin:
            say(does[line.strip()]())


@main.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE...",
)
@click.option("--page", type=click.Path(path_type=Path), help="Write the page and its plots too.")
def report(files: tuple[Path, ...], page: Path | None) -> None:
    """Prints what a bench.json means; of further ones the page shows what GPUs did."""
    from rich.console import Console

    from clipbot_benchmarks.report.table import show

    benches = [msgspec.json.decode(file.read_bytes(), type=Bench) for file in files]
    for bench in benches:
        show(bench, Console())
    if page is not None:
        from clipbot_benchmarks.report.page import write

        write(benches[0], page, benches[1:])


class _answering:  # noqa: N801 - reads as a word: with _answering() as say
    """Lines of JSON go to standard output, and everything else that is printed to the log.

    A sentence for the person at the keyboard is an answer too: {"error": …}.
    """

    def __enter__(self) -> Callable[[object], None]:
        # Libraries print, in C too: their standard output becomes standard error.
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

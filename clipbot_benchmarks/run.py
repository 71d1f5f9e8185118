"""What `clipbot bench` does: check, measure, write the file, report."""

import asyncio
import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from clipbot_benchmarks.runner import MODEL_SIDE, Runner, Say
from inference.protocol.errors import OperatorError, SettingError
from inference.protocol.settings import WorkerSettings, load

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


class LibrariesMissing(OperatorError):
    """A library that a worker needs is not installed."""


def run(
    *, model: str | None, quick: bool, sections: set[str], file: Path, page: Path | None, say: Say
) -> None:
    """Measure, write `file` and, if asked for, `page`, and print the report.

    Args:
        model: instead of CLIP_MODEL; `random` is ViT-B/32's shape with random weights.
        sections: some of `SECTIONS`.
        say: shows the progress, a line at a time.

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
        runner = Runner(settings, Path(folder), sections, quick=quick, say=say)
        try:
            bench = asyncio.run(runner.run())
        except asyncio.CancelledError:
            raise OperatorError("The benchmark was stopped before it was done.") from None
    text = json.dumps(msgspec.to_builtins(bench), indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
    say(f"All figures are in {file}.")
    report([file], page)


def report(files: Sequence[Path], page: Path | None) -> None:
    """Print the report on earlier runs, and write the page with its plots.

    Args:
        files: of earlier runs. The page is about the first; of the others it shows the GPUs.

    Raises:
        OperatorError: a library is missing, or a file can't be read or written.
    """
    _check_libraries()
    if page is not None:
        _make_folder_of(page, "--page")
    command = [*MODEL_SIDE, "report", *map(str, files)]
    command += ["--page", str(page)] if page else []
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - the command is our own
        raise OperatorError("The report could not be made; see the messages above.")


def chosen(only: str | None) -> set[str]:
    """Return the sections that `--only` names; without it all of them.

    Raises:
        SettingError: there is no such section.
    """
    names = {name.strip() for name in only.split(",")} if only else set(SECTIONS)
    if unknown := sorted(names - set(SECTIONS)):
        raise SettingError(
            f"--only names {unknown[0]!r}, but it must be some of {', '.join(SECTIONS)}."
        )
    return names


def _make_folder_of(file: Path, option: str) -> None:
    """Make the folder of a result before the measurement, which can take an hour."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        can_be_written = False
    else:
        can_be_written = os.access(file.parent, os.W_OK)
    if not can_be_written:
        raise SettingError(f"{option} is {file}, but no files can be made in {file.parent}.")


def _check_libraries() -> None:
    for package in ("torch", "transformers", "matplotlib"):
        if importlib.util.find_spec(package) is None:
            raise LibrariesMissing(
                f"`clipbot bench` needs {package}: run `pip install clipbot[worker]`."
            )

"""`python -m training`: build the demo model from nothing, or continue a stopped run."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.emoji.fetch import CACHE, fetch

_ENVIRONMENT: Final = {
    # Else glibc returns large blocks of memory to the system after each step, which is slow.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "-1",
    # The tokenizer's threads do not survive a fork.
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True)
class _Recipe:
    """The amounts: about three hours on two processor cores, or ten minutes on a GPU."""

    steps: int
    text_steps: int
    batch: int  # pictures a step
    processes: int  # that train together
    workers: int  # processes that make batches in advance
    scenes: int  # in the pool
    grounds: int  # in the pool


_CORES: Final = os.cpu_count() or 1
_ON_CPU: Final = _Recipe(
    steps=4000,
    text_steps=1500,
    batch=192,
    processes=_CORES,
    workers=0,
    scenes=32_000,
    grounds=12_000,
)
_ON_GPU: Final = _Recipe(
    steps=4000,
    text_steps=2000,
    batch=768,
    processes=1,
    workers=_CORES,
    scenes=64_000,
    grounds=24_000,
)


def _defaults(name: str) -> str:
    """Return the sentence of the help that names the recipes' values."""
    return f" ({getattr(_ON_CPU, name)} on a CPU, {getattr(_ON_GPU, name)} on a GPU)"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--steps", type=int, help=f"training steps{_defaults('steps')}")
    parser.add_argument(
        "--text-steps", type=int, help=f"steps of the text encoder alone{_defaults('text_steps')}"
    )
    parser.add_argument("--batch", type=int, help=f"pictures a step{_defaults('batch')}")
    parser.add_argument("--scenes", type=int, help=f"drawn scenes in the pool{_defaults('scenes')}")
    parser.add_argument(
        "--grounds", type=int, help=f"drawn grounds in the pool{_defaults('grounds')}"
    )
    parser.add_argument("--minutes", type=float, help="shorten the schedule to end in this time")
    parser.add_argument("--seed", type=int, default=3, help="of all random numbers (%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    parser.add_argument("--run", default="demo", help="name of the checkpoint (%(default)s)")
    parser.add_argument(
        "--rewind", type=float, help="train longer: go back to this part of the run, 0..1"
    )
    parser.add_argument("--start", type=Path, help="continue with the model in this folder")
    parser.add_argument(
        "--processes", type=int, help=f"processes that train together{_defaults('processes')}"
    )
    parser.add_argument(
        "--workers",
        type=int,
        help=f"processes that make batches in advance; each keeps two batches in shared memory, "
        f"90 MB with 768 pictures{_defaults('workers')}",
    )
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help="folder for fetched and drawn data"
    )
    parser.add_argument(
        "--report", action="store_true", help="only measure the model in the package"
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="only write unseen drawings into this folder, for `clipbot evaluate`",
    )
    parser.add_argument(
        "--labels", type=int, default=50, help="sub-folders of --pictures (%(default)s)"
    )
    parser.add_argument(
        "--photos",
        type=Path,
        help="fit the probe that tells photographs from drawings to the photographs in this folder",
    )
    parser.add_argument(
        "--test-photos",
        type=Path,
        help="with --report: also measure that probe on the photographs in this folder",
    )
    parser.add_argument("--no-export", action="store_true", help="keep the model in the package")
    arguments = parser.parse_args()
    if arguments.processes is not None and arguments.processes < 1:
        parser.error("--processes must be at least 1")
    return arguments


def main() -> None:
    """Fetch the data, then train, measure and export the model, or only measure it."""
    arguments = _arguments()
    if _ENVIRONMENT.items() - os.environ.items() and sys.platform == "linux":
        os.environ.update(_ENVIRONMENT)  # these are read when a process starts
        os.execv(sys.executable, [sys.executable, "-m", "training", *sys.argv[1:]])
    fetch(arguments.cache)
    if arguments.pictures:
        from training.measuring import picture_folder

        written = picture_folder.write(arguments.pictures, arguments.cache, arguments.labels)
        print(f"{written} pictures are in {arguments.pictures}.")
    elif arguments.report:
        from training.measuring import report
        from training.model import export

        report.print_table(export.DEMO_MODEL, arguments.cache)
    else:
        import torch

        from training import rebuild
        from training.learning import data_parallel

        if arguments.device == "auto":
            arguments.device = "cuda" if torch.cuda.is_available() else "cpu"
        recipe = _ON_CPU if arguments.device == "cpu" else _ON_GPU
        for name, value in vars(recipe).items():
            if getattr(arguments, name) is None:
                setattr(arguments, name, value)
        rebuild.prepare(arguments)
        data_parallel.run(arguments.processes, rebuild.rebuild, arguments, arguments.cache)


if __name__ == "__main__":
    main()

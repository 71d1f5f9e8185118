"""`python -m training`: rebuild the demo model from nothing, or go on where it was stopped."""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from training.fetch import CACHE, fetch

# glibc gives large blocks back to the system after each step and asks for them anew: slow.
_ENVIRONMENT: Final = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--steps", type=int, default=4000, help="training steps (%(default)s)")
    parser.add_argument(
        "--text-steps", type=int, default=1500, help="of the text tower alone (%(default)s)"
    )
    parser.add_argument("--batch", type=int, default=192, help="pictures a step (%(default)s)")
    parser.add_argument("--scenes", type=int, default=32_000, help="drawn scenes (%(default)s)")
    parser.add_argument("--minutes", type=float, help="shorten the schedule to end in this time")
    parser.add_argument("--seed", type=int, default=3, help="of everything random (%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    parser.add_argument("--run", default="demo", help="name of the checkpoint (%(default)s)")
    parser.add_argument(
        "--rewind", type=float, help="go on longer: as if this part of the run, 0..1, were over"
    )
    parser.add_argument("--start", type=Path, help="go on with the model in this folder")
    parser.add_argument(
        "--processes",
        type=int,
        default=0,
        help="that train together; 0 for one a core, or one on a GPU (%(default)s)",
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="fetched and drawn data")
    parser.add_argument("--report", action="store_true", help="only measure the package's model")
    parser.add_argument("--no-export", action="store_true", help="leave the package's files alone")
    return parser.parse_args()


def main() -> None:
    """Fetch, draw, train, measure, export."""
    arguments = _arguments()
    if _ENVIRONMENT.items() - os.environ.items() and sys.platform == "linux":
        os.environ.update(_ENVIRONMENT)  # read when a process starts
        os.execv(sys.executable, [sys.executable, "-m", "training", *sys.argv[1:]])
    fetch(arguments.cache)
    if arguments.report:
        from training import export, report

        report.print_table(export.DEMO_MODEL, arguments.cache)
    else:
        import torch

        from training import rebuild, team

        if arguments.device == "auto":
            arguments.device = "cuda" if torch.cuda.is_available() else "cpu"
        processes = arguments.processes
        if not processes:
            processes = 1 if arguments.device != "cpu" else os.cpu_count() or 1
        rebuild.prepare(arguments)
        team.run(processes, rebuild.rebuild, arguments, arguments.cache)


if __name__ == "__main__":
    main()

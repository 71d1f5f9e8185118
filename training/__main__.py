"""`python -m training`: rebuild the demo model from nothing, or go on where it was stopped."""

import argparse
import os
import sys
import time
import zlib
from pathlib import Path

from training.fetch import CACHE, fetch

# glibc gives large blocks back to the system after each step and asks for them anew: slow.
# And threads that wait for each other must not spin where other programs want the processor.
_ENVIRONMENT = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "-1",
    "OMP_WAIT_POLICY": "PASSIVE",
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--steps", type=int, default=1200, help="training steps (%(default)s)")
    parser.add_argument("--batch", type=int, default=192, help="pictures a step (%(default)s)")
    parser.add_argument("--scenes", type=int, default=24_000, help="drawn scenes (%(default)s)")
    parser.add_argument("--minutes", type=float, help="shorten the schedule to end in this time")
    parser.add_argument("--seed", type=int, default=3, help="of everything random (%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    parser.add_argument("--run", default="shapes", help="name of the checkpoint (%(default)s)")
    parser.add_argument(
        "--art",
        type=float,
        default=0.62,
        help="part of the pictures that are artwork (%(default)s)",
    )
    parser.add_argument("--start", type=Path, help="begin with the weights of this model's folder")
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
        _rebuild(arguments)


def _rebuild(arguments: argparse.Namespace) -> None:
    import torch

    from training import (
        art_captions,
        artwork,
        batches,
        calibrate,
        concepts,
        exam,
        export,
        model,
        pictures,
        report,
        samples,
        texts,
        tokenizer,
    )
    from training.train import Schedule, Trainer

    torch.manual_seed(arguments.seed)
    device = arguments.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = arguments.cache / "tokenizer"
    if not folder.exists():
        tokenizer.learn(texts.corpus(arguments.cache, arguments.seed)).save_pretrained(folder)
    words = tokenizer.load(folder)
    known = concepts.load(arguments.cache)
    meanings = concepts.meanings(known)
    drawings = artwork.load(known, arguments.cache)
    kept_back = artwork.validation_split(drawings)
    maker = batches.BatchMaker(
        pictures.scene_pool(arguments.scenes, arguments.seed, arguments.cache),
        pictures.ground_pool(6000, arguments.seed, arguments.cache),
        batches.Art(drawings.subset(~kept_back), known, art_captions.ArtCaptions(known, meanings)),
        words,
        batches.Mixture(pictures=arguments.batch, art=arguments.art),
        zlib.crc32(f"{arguments.run} {arguments.seed}".encode()),
    )
    start = model.new_model(words, arguments.start)
    if arguments.start is None:
        model.whiten(start, torch.cat([maker.batch(-1 - at).pixels for at in range(8)]))
    trainer = Trainer(
        start,
        maker,
        Schedule(arguments.steps),
        arguments.cache / f"{arguments.run}.pt",
        len(known),
        torch.device(device),
    )
    held_out = exam.Exam(words, known, meanings, drawings.subset(kept_back))
    until = time.time() + 60 * arguments.minutes if arguments.minutes else None
    trainer.run(until=until, report=held_out.report)
    final = trainer.averaged()
    held_out.report(final, trainer.step)
    calibrate.apply(final, held_out.temperature(final))
    if not arguments.no_export:
        size = export.export(final, words)
        samples.write(export.DEMO_MODEL / "samples")
        print(f"exported {size / 1e6:.2f} MB to {export.DEMO_MODEL}")
        report.print_table(export.DEMO_MODEL, arguments.cache)


if __name__ == "__main__":
    main()

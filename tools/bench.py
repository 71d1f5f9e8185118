"""`make bench`: where the time of one photo goes, beside Hugging Face's own pipeline.

All in one run, the same pictures and labels, in alternating order, medians with their spread,
since machines are noisy: compare the ratios, not the milliseconds. CLIP_MODEL chooses the
checkpoint, by default `demo`, which needs no download; figures differ widely between checkpoints.
"""

import io
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table
from transformers import pipeline

from inference import chart
from inference.checkpoint import DEMO_FOLDER
from inference.contract import ChartWords
from inference.engine import Engine, LabelSet
from inference.images import decode
from inference.settings import DEMO_MODEL

LABELS = ("a blurry cat", "a fast sports car", "a tree", "a red circle", "a blue square", "a house")
ROUNDS = 7
PHOTOS = 16


def photo(seed: int) -> bytes:
    """An 800 × 600 JPEG with some texture, as Telegram's middle size has."""
    dice = random.Random(seed)  # noqa: S311 - pictures, not secrets
    image = Image.effect_noise((800, 600), 24).convert("RGB")
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, side = dice.randrange(700), dice.randrange(500), dice.randrange(40, 200)
        draw.ellipse([x, y, x + side, y + side], fill=tuple(dice.choices(range(256), k=3)))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def new_labels(round_number: int) -> tuple[str, ...]:
    """Labels that no cache has seen."""
    return tuple(f"{label} number {round_number}" for label in LABELS)


def side_by_side(
    contestants: dict[str, Callable[[int], object]], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each run; contestants take turns, after one run each that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(-1, rounds):
        for name, run in contestants.items():
            began = time.perf_counter()
            run(number)
            if number >= 0:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def contestants(engine: Engine, files: Sequence[bytes]) -> dict[str, Callable[[int], object]]:
    """What is measured; each takes the number of the round and deals with all `files`."""
    folder = str(DEMO_FOLDER) if engine.name == DEMO_MODEL else engine.name
    reference = pipeline("zero-shot-image-classification", model=folder, device=engine.device)
    pictures = [decode(data, want=engine.image_size) for data in files]

    def ours(batch: int, labels: Callable[[int], tuple[str, ...]]) -> Callable[[int], object]:
        def run(number: int) -> None:
            asked = LabelSet(labels(number))
            for start in range(0, len(files), batch):
                photos = [decode(d, want=engine.image_size) for d in files[start : start + batch]]
                engine.classify(photos, [asked] * len(photos))

        return run

    def theirs(batch: int) -> Callable[[int], object]:
        def run(_: int) -> None:
            images = [Image.open(io.BytesIO(data)).convert("RGB") for data in files]
            reference(images, candidate_labels=list(LABELS), batch_size=batch)

        return run

    def charts(number: int) -> None:
        row = [abs(hash((number, label))) % 97 + 1 for label in LABELS]
        shares = [share / sum(row) for share in row]
        for picture in pictures:
            chart.to_jpeg(chart.draw([picture], LABELS, [shares], ChartWords()))

    return {
        "Hugging Face pipeline, one by one": theirs(1),
        "Hugging Face pipeline, batch 16": theirs(16),
        "engine from JPEG, known labels, batch 1": ours(1, lambda _: LABELS),
        "engine from JPEG, known labels, batch 4": ours(4, lambda _: LABELS),
        "engine from JPEG, known labels, batch 16": ours(16, lambda _: LABELS),
        "engine from JPEG, new labels, batch 16": ours(16, new_labels),
        "decode JPEG": lambda _: [decode(data, want=engine.image_size) for data in files],
        "chart of 6 labels, as JPEG": charts,
    }


def main() -> None:
    """Prints a table, and writes `bench.json`."""
    engine = Engine.load(os.environ.get("CLIP_MODEL") or DEMO_MODEL)
    files = [photo(seed) for seed in range(PHOTOS)]
    seconds = side_by_side(contestants(engine, files), ROUNDS)
    baseline = statistics.median(seconds["Hugging Face pipeline, one by one"])
    table = Table(title=f"{engine.name} on {engine.device}, {engine.dtype}; ms per photo")
    for heading in ("", "median", "min", "max", "photos/s ÷ pipeline"):
        table.add_column(heading, justify="left" if not heading else "right")
    figures = {}
    for name, runs in seconds.items():
        median, low, high = statistics.median(runs), min(runs), max(runs)
        figures[name] = {"median": median / PHOTOS, "min": low / PHOTOS, "max": high / PHOTOS}
        cells = (f"{1_000 * value / PHOTOS:.1f}" for value in (median, low, high))
        table.add_row(name, *cells, f"{baseline / median:.1f}")
    Console(width=100).print(table)
    about = {"model": engine.name, "device": engine.device, "threads": torch.get_num_threads()}
    Path("bench.json").write_text(json.dumps({**about, "seconds per photo": figures}, indent=1))


if __name__ == "__main__":
    main()

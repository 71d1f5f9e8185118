"""What more labels cost: known ones, new ones, and their chart."""

import time
from collections.abc import Callable

from inference.bench.figures import LabelsPoint, Spread
from inference.bench.ours import Ours, draw


def measure(ours: Ours, sizes: list[int], rounds: int) -> list[LabelsPoint]:
    """For each number of labels, the cost of a photo at batch 16; sizes take turns."""
    seconds: dict[tuple[int, str], list[float]] = {}
    photos = len(ours.images)

    def note(size: int, what: str, work: Callable[[], object], count: int) -> None:
        began = time.perf_counter()
        work()
        seconds.setdefault((size, what), []).append((time.perf_counter() - began) / count)

    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            known = [f"label {place} of {size}" for place in range(size)]
            new = [
                [f"label {place} of photo {photo} in round {number} of {size}" for place in range(size)]
                for photo in range(photos)
            ]
            ours.classify(known)
            note(size, "known", lambda labels=known: ours.classify(labels), photos)  # type: ignore[misc]
            note(size, "new", lambda labels=new: ours.classify_each(labels), photos)  # type: ignore[misc]
            few = ours.images[:4]
            note(
                size,
                "chart",
                lambda labels=known, few=few: [draw(one, labels, number) for one in few],  # type: ignore[misc]
                len(few),
            )
    return [
        LabelsPoint(size, *(Spread.of(seconds[size, what]) for what in ("known", "new", "chart")))
        for size in sizes
    ]

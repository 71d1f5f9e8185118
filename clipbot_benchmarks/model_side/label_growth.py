"""What more labels cost: known ones, new ones, and their chart."""

from clipbot_benchmarks.model_side.engine_cases import Ours, draw
from clipbot_benchmarks.model_side.interleaving import Contestant, Turns
from clipbot_benchmarks.report.figures import LabelsPoint, Run, Spread

_CHARTS = 4


def measure(ours: Ours, sizes: list[int], rounds: int) -> list[LabelsPoint]:
    """For each number of labels, the cost of a photo at batch 16; all of them take turns."""
    turns = Turns([each for size in sizes for each in _contestants(ours, size)])
    turns.warm_up()
    for _ in range(rounds):
        turns.round()
    found = iter(turns.results())
    return [LabelsPoint(size, *(_seconds(next(found)) for _ in range(3))) for size in sizes]


def _contestants(ours: Ours, size: int) -> list[Contestant]:
    """Known labels, new labels, charts: in the order of `LabelsPoint`."""
    photos, name = len(ours.images), f"{size} labels"
    known = ours.new.of_three_words(size)  # and known from the first turn on

    def charts(number: int) -> None:
        for picture in ours.images[:_CHARTS]:
            draw(picture, known, number)

    return [
        Contestant(
            Run("part", name, photos, "known"), photos, lambda _: ours.classify([known] * photos)
        ),
        Contestant(
            Run("part", name, photos, "new"),
            photos,
            lambda _: ours.classify([ours.new.of_three_words(size) for _ in range(photos)]),
        ),
        Contestant(Run("part", name, 1), _CHARTS, charts),
    ]


def _seconds(run: Run) -> Spread:
    assert run.seconds
    return run.seconds

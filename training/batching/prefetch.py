"""What a GPU will need next is made by other processes while it is at work."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from torch.utils.data import DataLoader, Dataset

Made = TypeVar("Made")

_AHEAD: Final = 2  # of each process


def prefetched(
    make: Callable[..., Made], lots: Iterable[tuple[Any, ...]], workers: int
) -> Iterator[Made]:
    """What `make` makes of each lot, in their order.

    Args:
        make: called with what a lot holds; in a worker, so that what it changes is lost.
        lots: read here, with workers some steps before its turn comes.
        workers: processes; with 0 everything is made here, when its turn comes.
    """
    loader: DataLoader[Made] = DataLoader(
        _Makes(make),
        batch_size=None,  # a lot is a batch already
        sampler=lots,
        num_workers=workers,
        collate_fn=_as_it_is,
        prefetch_factor=_AHEAD if workers else None,
        # The pools are gigabytes, which forked processes share.
        multiprocessing_context="fork" if workers else None,
    )
    return iter(loader)


class _Makes(Dataset[Made]):
    def __init__(self, make: Callable[..., Made]) -> None:
        self._make = make

    def __getitem__(self, lot: tuple[Any, ...]) -> Made:
        return self._make(*lot)


def _as_it_is(made: Any) -> Any:
    """Without this, arrays would become tensors."""
    return made

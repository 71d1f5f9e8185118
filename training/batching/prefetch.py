"""Prefetch: other processes make the next batches while the GPU computes."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from torch.utils.data import DataLoader, Dataset

Made = TypeVar("Made")

_AHEAD: Final = 2  # batches that each process makes in advance


def prefetch(
    make: Callable[..., Made], arguments: Iterable[tuple[Any, ...]], workers: int
) -> Iterator[Made]:
    """Yield what `make` returns for each tuple of arguments, in their order.

    Args:
        make: runs in a worker process, so that its changes of state are lost.
        arguments: read in this process; with workers, some steps before they are used.
        workers: number of processes; with 0, `make` runs in this process when its turn comes.
    """
    loader: DataLoader[Made] = DataLoader(
        _MadeItems(make),
        batch_size=None,  # `make` returns a whole batch
        sampler=arguments,
        num_workers=workers,
        collate_fn=_unchanged,
        prefetch_factor=_AHEAD if workers else None,
        # Forked processes share the pools, which take gigabytes.
        multiprocessing_context="fork" if workers else None,
    )
    return iter(loader)


class _MadeItems(Dataset[Made]):
    """Calls `make` for each tuple of arguments that DataLoader asks for."""

    def __init__(self, make: Callable[..., Made]) -> None:
        self._make = make

    def __getitem__(self, arguments: tuple[Any, ...]) -> Made:
        return self._make(*arguments)


def _unchanged(made: Any) -> Any:
    """Return what was made; without this, DataLoader would turn arrays into tensors."""
    return made

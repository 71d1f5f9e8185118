"""One process for each processor core, which train the same model and agree at every step.

Threads of one process wait for each other at each product of matrices; processes only once a
step. On a machine that does other things as well this is twice as fast, on an idle one a tenth.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import start_processes


@dataclass(frozen=True)
class Team:
    """This process's place among those that train together."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether it is this process that measures, saves and prints."""
        return self.rank == 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over all processes, in place."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.size
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def gathered(self, tensors: list[Tensor | None], like: Sequence[Tensor]) -> list[Tensor]:
        """All tensors, where each process brings some: None where another one does."""
        zeros = [
            torch.zeros_like(at) if own is None else own
            for own, at in zip(tensors, like, strict=True)
        ]
        if self.size == 1:
            return zeros
        flat = torch.cat([tensor.flatten() for tensor in zeros])
        distributed.all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in zeros])
        return [part.view_as(at) for part, at in zip(parts, like, strict=True)]

    def agreed(self, value: float) -> float:
        """The leader's value."""
        if self.size == 1:
            return value
        told = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(told, 0)
        return float(told)


def run(size: int, task: Callable[[Team, Any], None], argument: object, folder: Path) -> None:
    """Call `task` with a team and the argument, in `size` processes at once.

    Args:
        size: number of processes; with 1 it is called here.
        task: a function of a module, so that processes find it by its name.
        argument: can be pickled.
        folder: where the processes meet: a file in it is made and removed.

    Raises:
        ProcessRaisedException: one of them failed; the others are ended.
    """
    if size == 1:
        task(Team(), argument)
        return
    meeting = folder / f"meeting-{os.getpid()}"
    try:
        start_processes(  # type: ignore[no-untyped-call]
            _joined, (size, task, argument, meeting), nprocs=size
        )
    finally:
        meeting.unlink(missing_ok=True)


def _joined(
    rank: int, size: int, task: Callable[[Team, Any], None], argument: object, meeting: Path
) -> None:
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // size))
    distributed.init_process_group(
        "gloo",
        init_method=meeting.absolute().as_uri(),
        rank=rank,
        world_size=size,
        timeout=timedelta(hours=1),  # the others wait while the leader measures
    )
    try:
        task(Team(rank, size), argument)
    finally:
        distributed.destroy_process_group()

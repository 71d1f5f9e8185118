"""Data-parallel training: processes that train the same model on different batches.

They agree on the gradients at every step. There is one process for each processor core, because
threads of one process wait for each other at every matrix product, but processes only once a step.
This is twice as fast on a machine that does other things too, and 1.1 times as fast on an idle one.
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
class DataParallelGroup:
    """The processes that train together, and which of them this process is."""

    rank: int = 0  # of this process
    size: int = 1  # number of processes

    @property
    def is_leader(self) -> bool:
        """Whether this process measures, saves and prints."""
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

    def gather(self, tensors: list[Tensor | None], like: Sequence[Tensor]) -> list[Tensor]:
        """Return all tensors; each process has some of them.

        Args:
            tensors: None if another process has the tensor.
            like: tensors of the same shapes.
        """
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

    def from_leader(self, value: float) -> float:
        """Return the leader's value."""
        if self.size == 1:
            return value
        broadcast = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(broadcast, 0)
        return float(broadcast)


def run(
    size: int, task: Callable[[DataParallelGroup, Any], None], argument: object, folder: Path
) -> None:
    """Call `task` with a group and the argument, in `size` processes at once.

    Args:
        size: number of processes; with 1, the task runs in this process.
        task: a function of a module, so that processes can import it.
        argument: must be picklable.
        folder: where the processes find each other: a file in it is created and removed.

    Raises:
        ProcessRaisedException: a process failed; the others were ended.
    """
    if size == 1:
        task(DataParallelGroup(), argument)
        return
    rendezvous = folder / f"rendezvous-{os.getpid()}"
    try:
        start_processes(  # type: ignore[no-untyped-call]
            _join, (size, task, argument, rendezvous), nprocs=size
        )
    finally:
        rendezvous.unlink(missing_ok=True)


def _join(
    rank: int,
    size: int,
    task: Callable[[DataParallelGroup, Any], None],
    argument: object,
    rendezvous: Path,
) -> None:
    """Run the task as one process of a group."""
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // size))
    distributed.init_process_group(
        "gloo",
        init_method=rendezvous.absolute().as_uri(),
        rank=rank,
        world_size=size,
        timeout=timedelta(hours=1),  # the others wait while the leader measures
    )
    try:
        task(DataParallelGroup(rank, size), argument)
        distributed.barrier()  # a process that ends early takes the connection from the others
    finally:
        distributed.destroy_process_group()

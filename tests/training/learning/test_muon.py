"""Muon's updates are orthogonal, and two processes compute the same ones as one process."""

import json
from pathlib import Path

import torch
from torch import nn

from training.learning import data_parallel
from training.learning.data_parallel import DataParallelGroup
from training.learning.muon import Muon, orthogonalised


def test_singular_values_are_near_one() -> None:
    torch.manual_seed(1)
    for shape in ((3, 24, 24), (2, 16, 64), (2, 64, 16)):
        values = torch.linalg.svdvals(orthogonalised(torch.randn(shape)))
        assert float(values.min()) > 0.3
        assert float(values.max()) < 1.3


def after_three_steps(group: DataParallelGroup) -> list[float]:
    """Return the sums of some weights after three steps with the gradients of all processes."""
    torch.manual_seed(2)
    layers = [nn.Linear(6, 6, bias=False) for _ in range(3)] + [nn.Linear(6, 9, bias=False)]
    weights = [nn.Parameter(layer.weight.detach()) for layer in layers]
    optimizer = Muon(weights, 0.05, group)
    for step in range(3):
        for rank in range(2):
            if group.size == 2 and rank != group.rank:
                continue
            for weight in weights:
                torch.manual_seed(10 * step + rank)
                grad = torch.randn_like(weight) * (1 if group.size == 2 else 0.5)
                weight.grad = grad if weight.grad is None else weight.grad + grad
        group.average([weight.grad for weight in weights if weight.grad is not None])
        optimizer.step()
        optimizer.zero_grad()
    return [float(weight.detach().sum()) for weight in weights]


def write_result(group: DataParallelGroup, argument: object) -> None:
    """Write the result of one process to its file."""
    assert isinstance(argument, Path)
    result = (group.from_leader(float(group.rank)), after_three_steps(group))
    (argument / f"{group.rank}.json").write_text(json.dumps(result))


def test_two_processes_learn_what_one_process_learns(tmp_path: Path) -> None:
    data_parallel.run(2, write_result, tmp_path, tmp_path)
    results = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    assert results[0] == results[1]
    assert results[0][0] == 0  # the leader's value
    alone = after_three_steps(DataParallelGroup())
    torch.testing.assert_close(torch.tensor(results[0][1]), torch.tensor(alone))
    assert [path.name for path in tmp_path.glob("rendezvous*")] == []

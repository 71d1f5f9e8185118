"""Muon in float32, for machines whose processors have no fast bfloat16.

`torch.optim.Muon` orthogonalises in bfloat16, one matrix after another: without the instructions
for it that took four fifths of a training step. Here matrices of one shape go through together.

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; the scale of an update,
which lets it share AdamW's learning rates, is from Liu et al. 2025 (arXiv:2502.16982).
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch import Tensor, nn

from training.learning.data_parallel import Team

_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)  # of the quintic iteration, as published
_STEPS: Final = 5


def orthogonalised(matrices: Tensor) -> Tensor:
    """The nearest matrices with singular values about 1, float32 [n, rows, columns]."""
    a, b, c = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = x.mT if tall else x
    return result


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal, for the matrices inside of a network."""

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        team: Team,
        weight_decay: float = 0.05,
        momentum: float = 0.95,
    ) -> None:
        settings = {"lr": rate, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(list(parameters), settings)
        self._team = team

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update all parameters that have gradients; each process of the team turns a part."""
        assert closure is None
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            updates: list[Tensor | None] = [None] * len(parameters)
            alike: dict[tuple[int, ...], list[int]] = {}
            for at, parameter in enumerate(parameters):
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                if at % self._team.size == self._team.rank:
                    alike.setdefault(tuple(parameter.shape), []).append(at)
            for indices in alike.values():
                steps = [self._ahead(parameters[at], group["momentum"]) for at in indices]
                for at, turned in zip(indices, orthogonalised(torch.stack(steps)), strict=True):
                    updates[at] = turned
            everything = self._team.gathered(updates, parameters)
            for parameter, update in zip(parameters, everything, strict=True):
                scale = 0.2 * max(parameter.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update, alpha=-group["lr"] * scale)

    def _ahead(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        """Nesterov's look ahead."""
        assert parameter.grad is not None
        moving: Tensor = self.state[parameter]["momentum"]
        return parameter.grad.lerp(moving, momentum)

"""Muon in float32, for processors without fast bfloat16.

`torch.optim.Muon` orthogonalises in bfloat16, one matrix after another. Without instructions for
bfloat16 that took four fifths of a training step. Here, matrices of the same shape are stacked.

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. The scale of an update, with
which it can share AdamW's learning rates, is from Liu et al. 2025 (arXiv:2502.16982).
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch import Tensor, nn

from training.learning.data_parallel import DataParallelGroup

_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)  # of the quintic iteration, as published
_ITERATIONS: Final = 5


def orthogonalised(matrices: Tensor) -> Tensor:
    """Return the nearest matrices with singular values of about 1, float32 [n, rows, columns]."""
    a, b, c = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = x.mT if tall else x
    return result


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum, for the matrices inside a network."""

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        group: DataParallelGroup,
        weight_decay: float = 0.05,
        momentum: float = 0.95,
    ) -> None:
        settings = {"lr": rate, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(list(parameters), settings)
        self._group = group

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update all parameters that have gradients.

        Each process of the group orthogonalises a part of the updates.
        """
        assert closure is None
        for settings in self.param_groups:
            parameters = [p for p in settings["params"] if p.grad is not None]
            updates: list[Tensor | None] = [None] * len(parameters)
            by_shape: dict[tuple[int, ...], list[int]] = {}
            for at, parameter in enumerate(parameters):
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - settings["momentum"])
                if at % self._group.size == self._group.rank:
                    by_shape.setdefault(tuple(parameter.shape), []).append(at)
            for indices in by_shape.values():
                steps = [self._look_ahead(parameters[at], settings["momentum"]) for at in indices]
                for at, update in zip(indices, orthogonalised(torch.stack(steps)), strict=True):
                    updates[at] = update
            everything = self._group.gather(updates, parameters)
            for parameter, update in zip(parameters, everything, strict=True):
                scale = 0.2 * max(parameter.shape) ** 0.5
                parameter.mul_(1 - settings["lr"] * settings["weight_decay"])
                parameter.add_(update, alpha=-settings["lr"] * scale)

    def _look_ahead(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        """Return the gradient with Nesterov momentum."""
        assert parameter.grad is not None
        velocity: Tensor = self.state[parameter]["momentum"]
        return parameter.grad.lerp(velocity, momentum)

"""The training loop for both encoders. A run can stop and go on from its last checkpoint."""

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm  # type: ignore[import-untyped]
from transformers import CLIPModel

from training.batching.batch import Batch
from training.batching.maker import BatchMaker
from training.batching.prefetch import prefetch
from training.drawing.painting import paint
from training.learning.data_parallel import DataParallelGroup
from training.learning.heads import Heads
from training.learning.loss import contrastive
from training.learning.muon import Muon
from training.learning.schedule import Schedule, elapsed_fraction
from training.model.architecture import image_features, text_features

_MAX_SCALE: Final = math.log(100.0)  # of the logits, as in OpenAI's CLIP
_SMOOTHING: Final = 0.98  # of the figures in the progress bar, per step


def optimizers(
    model: CLIPModel, heads: Heads, schedule: Schedule, group: DataParallelGroup
) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices inside the encoders, and AdamW for all other weights."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inside = ".layers." in name and parameter.ndim == 2
        (matrices if inside else others).append(parameter)
    others += list(heads.parameters())
    vectors = [p for p in others if p.ndim < 2]
    matrices_outside = [p for p in others if p.ndim >= 2]
    return [
        Muon(matrices, schedule.muon_rate, group),
        torch.optim.AdamW(
            [
                {"params": matrices_outside, "weight_decay": 0.05},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=schedule.adam_rate,
            betas=(0.9, 0.98),
        ),
    ]


def _precision(device: torch.device) -> torch.dtype | None:
    """Return bfloat16 if the processor has instructions for it, else None, for float32.

    Without such instructions, a step in bfloat16 takes several times as long as in float32.
    """
    if device.type == "cuda":
        return torch.bfloat16
    has = torch.cpu.get_capabilities()
    return torch.bfloat16 if has.get("avx512_bf16") or has.get("amx_bf16") else None


class Trainer:
    """One training run, with its model, its averaged weights and its checkpoint."""

    def __init__(
        self,
        model: CLIPModel,
        maker: BatchMaker,
        schedule: Schedule,
        checkpoint: Path,
        meanings: Tensor,
        families: Tensor,
        device: torch.device,
        group: DataParallelGroup,
        workers: int = 0,
    ) -> None:
        """Start a run, or continue the one that `checkpoint` holds.

        Args:
            model: has the starting weights; it is moved to the device.
            maker: makes the batches.
            schedule: how long the run takes and how fast it learns.
            checkpoint: the file that the run is saved to.
            meanings: see `Heads`.
            families: see `Heads`.
            device: to train on.
            group: the processes that train together.
            workers: processes that make batches in advance, for a device that would wait for them.
        """
        self.model = model
        nn.Module.to(model, device)
        self.schedule = schedule
        self.step = 0
        self.progress = 0.0  # part of the training of both encoders that is over
        self.text_progress = 0.0  # part of the locked-image tuning that is over
        self.group = group
        self.workers = workers
        self._maker, self._checkpoint, self._device = maker, checkpoint, device
        projection = model.visual_projection
        self.heads = Heads(projection.in_features, projection.out_features, meanings, families).to(
            device
        )
        group.average([p.data for p in (*model.parameters(), *self.heads.parameters())])
        self._precision = _precision(device)
        self._optimizers = optimizers(model, self.heads, schedule, group)
        self._average = {
            name: tensor.detach().clone() for name, tensor in model.state_dict().items()
        }
        if checkpoint.exists():
            self._restore()

    def rewind(self, progress: float) -> None:
        """Set the schedule back to a progress, 0..1, so that a finished run can train longer."""
        self.progress, self.text_progress = progress, 0.0

    @torch.no_grad()
    def start_prototypes(self, features: Tensor) -> None:
        """Start the prototypes of a new run at the features that an old model gives the names.

        A run that continues keeps its prototypes.

        Args:
            features: of each concept's name, [concepts, features].
        """
        if self.step == 0:
            self.heads.prototypes.copy_(functional.normalize(features, dim=1))

    def run(
        self,
        *,
        until: float | None = None,
        every: int = 1000,
        report: Callable[[CLIPModel, int], None] | None = None,
    ) -> None:
        """Train until the end of the schedule.

        Args:
            until: seconds since the epoch; the schedule is shortened to end then.
            every: steps between two calls of `report`.
            report: gets the averaged model and the number of the step.
        """
        steps = range(self.step, self.schedule.steps)
        bar = tqdm(
            steps,
            initial=self.step,
            total=self.schedule.steps,
            mininterval=20,
            disable=not self.group.is_leader,
        )
        logged: dict[str, float] = {}
        start, already, first = time.time(), self.progress, self.step
        batches = prefetch(self._maker.batch, self._batch_arguments(steps), self.workers)
        for step in bar:
            part = (step - first) / max(self.schedule.steps - first, 1)
            if until is not None:
                part = max(part, elapsed_fraction(start, until))
            self.progress = self.group.from_leader(already + (1 - already) * part)
            if self.progress >= 1:
                break
            parts = self._train(step, self.progress, next(batches))
            self.step = step + 1
            if not self.group.is_leader:
                continue
            for name, value in parts.items():
                logged[name] = _SMOOTHING * logged.get(name, value) + (1 - _SMOOTHING) * value
            bar.set_postfix({name: f"{value:.3f}" for name, value in logged.items()}, refresh=False)
            if self.step % self.schedule.save_every == 0:
                self.save()
            if report is not None and self.step % every == 0:
                report(self.averaged(), self.step)
                tqdm.write(json.dumps({"step": self.step} | logged))
        if self.group.is_leader:
            self.save()

    def _batch_arguments(self, steps: range) -> Iterator[tuple[int, float]]:
        """Yield each batch's number and its ease, which falls from 1 to 0 in the first half."""
        for step in steps:
            yield step * self.group.size + self.group.rank, max(0.0, 1 - 2 * self.progress)

    def _train(self, step: int, progress: float, batch: Batch) -> dict[str, float]:
        self.model.train()
        torch.manual_seed(step * self.group.size + self.group.rank)
        batch = batch.to(self._device)
        painted = paint(batch.arrangement)
        with torch.autocast(self._device.type, self._precision, self._precision is not None):
            image = image_features(
                self.model,
                painted.pixels,
                self.schedule.patch_fraction(progress),
                painted.patch_priority,
            )
            text = text_features(self.model, batch.ids)
            auxiliary = self.heads.scene_loss(image.pooled, batch)
        image_unit = functional.normalize(image.projected.float(), dim=1)
        text_unit = functional.normalize(text.float(), dim=1)
        logits = self.model.logit_scale.exp() * image_unit @ text_unit.T
        losses = contrastive(logits, batch.fits, batch.own, batch.neutral)
        prototypes = self.heads.prototype_loss(image_unit, text_unit, batch)
        loss = losses.total() + (1 - 0.7 * progress) * auxiliary + (1 - 0.5 * progress) * prototypes
        self.optimize(loss, self.schedule.rate(step, progress))
        logits = logits.detach()
        captioned = batch.own >= 0
        right = logits[captioned].gather(1, batch.own[captioned][:, None])
        wrong = logits.masked_fill(batch.fits != -1, -1e4)[captioned].amax(dim=1, keepdim=True)
        return {
            "loss": float(loss.detach()),
            "p2t": float(losses.picture_to_text.detach()),
            "scenes": float(auxiliary.detach()),
            "prototypes": float(prototypes.detach()),
            "neutral": float(losses.neutral.detach()),
            "spread": float(losses.spread.detach()),
            "top1": float((right > wrong).float().mean()),
            "scale": float(self.model.logit_scale.detach().exp()),
        }

    def optimize(self, loss: Tensor, rate: float) -> None:
        """Take one optimizer step with the gradients of all processes.

        Args:
            loss: of this process.
            rate: factor on the learning rates, 0..1.
        """
        rates = (self.schedule.muon_rate, self.schedule.adam_rate)
        for optimizer, full in zip(self._optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = full * rate
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = [*self.model.parameters(), *self.heads.parameters()]
        self.group.average([p.grad for p in parameters if p.grad is not None])
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(max=_MAX_SCALE)
            decay = min(self.schedule.averaging, (self.step + 1) / (self.step + 10))
            for name, tensor in self.model.state_dict().items():
                if tensor.is_floating_point():
                    self._average[name].lerp_(tensor, 1 - decay)

    @torch.no_grad()
    def interpolate(self, earlier: CLIPModel) -> None:
        """Set the averaged weights to the mean of themselves and an earlier model's weights.

        Such a model keeps what the earlier one knew and has most of what was learnt since.
        Source: WiSE-FT, Wortsman et al. 2022 (arXiv:2109.01903).
        """
        for name, tensor in earlier.state_dict().items():
            if tensor.is_floating_point():
                self._average[name].lerp_(tensor.to(self._average[name].device), 0.5)

    def averaged(self) -> CLIPModel:
        """Return a copy of the model with the averaged weights, in evaluation mode, on the CPU."""
        copy = CLIPModel(self.model.config)
        copy.load_state_dict({name: tensor.cpu() for name, tensor in self._average.items()})
        copy.train(False)
        return copy

    def save(self) -> None:
        """Write the checkpoint. A crash while writing keeps the old one."""
        state: dict[str, Any] = {
            "step": self.step,
            "done": self.progress,
            "tuned": self.text_progress,
            "model": self.model.state_dict(),
            "average": self._average,
            "heads": self.heads.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)

    def _restore(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True, map_location=self._device)
        self.step, self.progress = state["step"], state["done"]
        self.text_progress = state.get("tuned", 0.0)
        self.model.load_state_dict(state["model"])
        self._average = state["average"]
        self.heads.load_state_dict(state["heads"])
        for optimizer, stored in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)

"""The training loop: Muon and AdamW, patches dropped, weights averaged, resumable."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm  # type: ignore[import-untyped]
from transformers import CLIPModel

from training.batching.maker import Batch, BatchMaker
from training.batching.prefetch import prefetched
from training.drawing.painting import paint
from training.learning.data_parallel import Team
from training.learning.heads import Heads
from training.learning.loss import contrastive
from training.learning.muon import Muon
from training.model.architecture import image_features, text_features

_MAX_SCALE: Final = math.log(100.0)  # as OpenAI's CLIP
_WARMUP: Final = 40  # steps


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    steps: int
    muon_rate: float = 3e-3
    adam_rate: float = 1.5e-3
    # The part of the patches that is seen until a part of the training is over. Counting is learnt
    # once all are: towers that see few of the patches between shapes count on that.
    patches: tuple[tuple[float, float], ...] = ((0.6, 0.4), (0.75, 0.55), (1.0, 1.0))
    averaging: float = 0.99  # of the weights, per step; a longer memory lags behind that
    save_every: int = 250  # steps

    def rate(self, step: int, done: float) -> float:
        """The part of the learning rate: warm-up, plateau, and down to nothing.

        Args:
            step: this step.
            done: part of the training that is over, 0..1.
        """
        warm = min(1.0, (step + 1) / _WARMUP)
        return warm * (min(1.0, max(0.0, (1 - done) / 0.6)) * 0.98 + 0.02)

    def kept(self, done: float) -> float:
        """The part of the patches at this point of the training."""
        return next(kept for until, kept in self.patches if done < until or until == 1.0)


def optimizers(
    model: CLIPModel, heads: Heads, schedule: Schedule, team: Team
) -> list[torch.optim.Optimizer]:
    """Muon for the towers' matrices, AdamW for everything else."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inside = ".layers." in name and parameter.ndim == 2
        (matrices if inside else others).append(parameter)
    others += list(heads.parameters())
    plain = [p for p in others if p.ndim < 2]
    wide = [p for p in others if p.ndim >= 2]
    return [
        Muon(matrices, schedule.muon_rate, team),
        torch.optim.AdamW(
            [{"params": wide, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
            lr=schedule.adam_rate,
            betas=(0.9, 0.98),
        ),
    ]


def _precision(device: torch.device) -> torch.dtype | None:
    """bfloat16 where the processor has instructions for it; else None, for float32.

    Without them the same step takes several times as long.
    """
    if device.type == "cuda":
        return torch.bfloat16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else None


def passed(start: float, until: float) -> float:
    """The part of the time from `start` to `until` that has passed, in seconds since the epoch."""
    now = time.time()
    return 1.0 if now >= until else (now - start) / (until - start)


class Trainer:
    """One run of training, which can be stopped and taken up again at its last checkpoint."""

    def __init__(
        self,
        model: CLIPModel,
        maker: BatchMaker,
        schedule: Schedule,
        checkpoint: Path,
        meanings: Tensor,
        families: Tensor,
        device: torch.device,
        team: Team,
        workers: int = 0,
    ) -> None:
        """A new run, or the one whose checkpoint is there.

        Args:
            model: to begin with; it is moved to the device.
            maker: of batches.
            schedule: how long and how fast.
            checkpoint: the file that the run is saved to.
            meanings: see `Heads`.
            families: see `Heads`.
            device: to train on.
            team: of processes that train together.
            workers: processes that make batches ahead, for a device that would wait for them.
        """
        self.model = model
        nn.Module.to(model, device)
        self.schedule = schedule
        self.step = 0
        self.done = 0.0  # part of the training of both towers that is over
        self.tuned = 0.0  # part of what the text tower learns alone
        self.team = team
        self.workers = workers
        self._maker, self._checkpoint, self._device = maker, checkpoint, device
        projection = model.visual_projection
        self.heads = Heads(projection.in_features, projection.out_features, meanings, families).to(
            device
        )
        team.average([p.data for p in (*model.parameters(), *self.heads.parameters())])
        self._precision = _precision(device)
        self._optimizers = optimizers(model, self.heads, schedule, team)
        self._average = {
            name: tensor.detach().clone() for name, tensor in model.state_dict().items()
        }
        if checkpoint.exists():
            self._restore()

    def rewind(self, done: float) -> None:
        """Take the schedule up at this point, for a run or a model that should go on longer.

        Args:
            done: part of the training that counts as over, 0..1.
        """
        self.done, self.tuned = done, 0.0

    @torch.no_grad()
    def begin_prototypes(self, features: Tensor) -> None:
        """Where a new run goes on with an old model, let prototypes lie where it has the names.

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
        """Train to the schedule's end, or to a time.

        Args:
            until: seconds since the epoch when to be done: the schedule is shortened to fit.
            every: steps between two calls of `report`, which gets the averaged model.
            report: measures.
        """
        steps = range(self.step, self.schedule.steps)
        progress = tqdm(
            steps,
            initial=self.step,
            total=self.schedule.steps,
            mininterval=20,
            disable=not self.team.leads,
        )
        logged: dict[str, float] = {}
        start, already, first = time.time(), self.done, self.step
        batches = prefetched(self._maker.batch, self._lots(steps), self.workers)
        for step in progress:
            part = (step - first) / max(self.schedule.steps - first, 1)
            if until is not None:
                part = max(part, passed(start, until))
            self.done = self.team.agreed(already + (1 - already) * part)
            if self.done >= 1:
                break
            parts = self._train(step, self.done, next(batches))
            self.step = step + 1
            if not self.team.leads:
                continue
            for name, value in parts.items():
                logged[name] = 0.98 * logged.get(name, value) + 0.02 * value
            progress.set_postfix(
                {name: f"{value:.3f}" for name, value in logged.items()}, refresh=False
            )
            if self.step % self.schedule.save_every == 0:
                self.save()
            if report is not None and self.step % every == 0:
                report(self.averaged(), self.step)
                tqdm.write(json.dumps({"step": self.step} | logged))
        if self.team.leads:
            self.save()

    def _lots(self, steps: range) -> Iterator[tuple[int, float]]:
        """Each batch's number, and how easy it shall be at this point of the training."""
        for step in steps:
            yield step * self.team.size + self.team.rank, max(0.0, 1 - 2 * self.done)

    def _train(self, step: int, done: float, batch: Batch) -> dict[str, float]:
        self.model.train()
        torch.manual_seed(step * self.team.size + self.team.rank)
        batch = batch.to(self._device)
        painted = paint(batch.arrangement)
        with torch.autocast(self._device.type, self._precision, self._precision is not None):
            image = image_features(
                self.model, painted.pixels, self.schedule.kept(done), painted.content
            )
            text = text_features(self.model, batch.ids)
            auxiliary = self.heads.drawn(image.pooled, batch)
        image_unit = functional.normalize(image.projected.float(), dim=1)
        text_unit = functional.normalize(text.float(), dim=1)
        logits = self.model.logit_scale.exp() * image_unit @ text_unit.T
        losses = contrastive(logits, batch.fits, batch.own, batch.neutral)
        named = self.heads.named(image_unit, text_unit, batch)
        loss = losses.total() + (1 - 0.7 * done) * auxiliary + (1 - 0.5 * done) * named
        self.learn(loss, self.schedule.rate(step, done))
        logits = logits.detach()
        captioned = batch.own >= 0
        right = logits[captioned].gather(1, batch.own[captioned][:, None])
        wrong = logits.masked_fill(batch.fits != -1, -1e4)[captioned].amax(dim=1, keepdim=True)
        return {
            "loss": float(loss.detach()),
            "p2t": float(losses.picture_to_phrase.detach()),
            "drawn": float(auxiliary.detach()),
            "named": float(named.detach()),
            "neutral": float(losses.neutral.detach()),
            "spread": float(losses.spread.detach()),
            "top1": float((right > wrong).float().mean()),
            "scale": float(self.model.logit_scale.detach().exp()),
        }

    def learn(self, loss: Tensor, rate: float) -> None:
        """One step down the slope, together with the team.

        Args:
            loss: of this process.
            rate: part of the learning rates.
        """
        rates = (self.schedule.muon_rate, self.schedule.adam_rate)
        for optimizer, full in zip(self._optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = full * rate
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        learning = [*self.model.parameters(), *self.heads.parameters()]
        self.team.average([p.grad for p in learning if p.grad is not None])
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
    def meet(self, earlier: CLIPModel) -> None:
        """Lay the averaged weights half way between those of an earlier model and their own.

        What the one has forgotten the other still knows, and what it has learnt too.
        Source: WiSE-FT, Wortsman et al. 2022 (arXiv:2109.01903).
        """
        for name, tensor in earlier.state_dict().items():
            if tensor.is_floating_point():
                self._average[name].lerp_(tensor.to(self._average[name].device), 0.5)

    def averaged(self) -> CLIPModel:
        """A copy of the model with the averaged weights, in evaluation mode, on the CPU."""
        copy = CLIPModel(self.model.config)
        copy.load_state_dict({name: tensor.cpu() for name, tensor in self._average.items()})
        copy.train(False)
        return copy

    def save(self) -> None:
        """Write the checkpoint; a crash while writing leaves the old one."""
        state: dict[str, Any] = {
            "step": self.step,
            "done": self.done,
            "tuned": self.tuned,
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
        self.step, self.done = state["step"], state["done"]
        self.tuned = state.get("tuned", 0.0)
        self.model.load_state_dict(state["model"])
        self._average = state["average"]
        self.heads.load_state_dict(state["heads"])
        for optimizer, stored in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)

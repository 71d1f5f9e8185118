"""The last part of the training: the text tower learns on alone, while the picture tower is locked.

The picture tower takes nine tenths of a training step, and there are more ways to say a thing than
to draw it. So the tower looks at a bank of pictures once, and then a step has room for hundreds of
pictures and phrases. Only its last layer, the projection, goes on learning. The weights end half
way between what they were and what became of them: so far better than both on drawings kept back.

Source: locked-image tuning, Zhai et al. 2022 (arXiv:2111.07991).
"""

import time
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm  # type: ignore[import-untyped]
from transformers import CLIPModel

from training.batching.maker import BatchMaker, Said, Views
from training.batching.prefetch import prefetched
from training.drawing.painting import paint
from training.learning.loss import contrastive
from training.learning.trainer import Trainer, passed
from training.model.architecture import image_features, text_features

# Where both towers learn, more of this costs right answers; here phrases are many enough for both.
_SPREAD: Final = 1.0
_RATE: Final = 0.5  # of the learning rates, at the start; down to nothing at the end
_SEED: Final = 1_000_000  # beyond all steps of the training


@dataclass(frozen=True)
class Bank:
    """What the picture tower sees in many pictures."""

    pooled: Tensor  # [n, width], before the projection
    views: Views

    @classmethod
    @torch.no_grad()
    def of(
        cls, model: CLIPModel, maker: BatchMaker, batches: int, first: int, workers: int = 0
    ) -> "Bank":
        """Look at this many batches of pictures.

        Args:
            model: its picture tower looks.
            maker: makes the pictures.
            batches: how many.
            first: number of the first one.
            workers: processes that make them ahead.
        """
        model.train(False)
        pooled, views = [], []
        lots = ((_SEED + first + at,) for at in range(batches))
        shown = prefetched(maker.shown, lots, workers)
        for arrangement, seen in tqdm(
            shown, total=batches, desc="look at pictures", mininterval=20, disable=first > 0
        ):
            painted = paint(arrangement.to(model.device))
            pooled.append(image_features(model, painted.pixels).pooled)
            views.append(seen)
        return cls(torch.cat(pooled), Views.joined(views))

    def talk(
        self, maker: BatchMaker, pictures: int, number: int
    ) -> tuple[npt.NDArray[np.int64], Said]:
        """Some of the pictures, and what is said about them.

        Args:
            maker: says it.
            pictures: how many.
            number: of the step: the same number gives the same talk.
        """
        rng = np.random.default_rng((_SEED, number))
        chosen = rng.choice(len(self.views.looks), size=pictures, replace=False)
        return chosen, maker.said(self.views.subset(chosen), rng)


def tune(
    trainer: Trainer,
    maker: BatchMaker,
    bank: Bank,
    steps: int,
    pictures: int,
    until: float | None = None,
) -> None:
    """Teach the text tower, the picture tower's projection and the logit scale.

    Args:
        trainer: has the model, whose averaged weights are gone on with.
        maker: says what is in pictures.
        bank: the pictures.
        steps: to take; those taken before count.
        pictures: a step, of each process.
        until: seconds since the epoch when to be done, if that is earlier.
    """
    model, team = trainer.model, trainer.team
    untuned = trainer.averaged()
    model.load_state_dict(untuned.state_dict())
    model.vision_model.requires_grad_(False)
    began, before = time.time(), trainer.tuned
    first = round(before * steps)
    logged: dict[str, float] = {}
    numbers = ((at * team.size + team.rank,) for at in range(first, steps))
    talks = prefetched(partial(bank.talk, maker, pictures), numbers, trainer.workers)
    progress = tqdm(
        range(first, steps), initial=first, total=steps, mininterval=20, disable=not team.leads
    )
    for step in progress:
        part = (step - first) / max(steps - first, 1)
        if until is not None:
            part = max(part, passed(began, until))
        trainer.tuned = team.agreed(before + (1 - before) * part)
        if trainer.tuned >= 1:
            break
        torch.manual_seed(step * team.size + team.rank)
        chosen, said = next(talks)
        said = said.to(model.device)
        model.train()
        pooled = bank.pooled[torch.from_numpy(chosen)].to(model.device)
        seen = functional.normalize(model.visual_projection(pooled), dim=1)
        heard = functional.normalize(text_features(model, said.ids), dim=1)
        logits = model.logit_scale.exp() * seen @ heard.T
        losses = contrastive(logits, said.fits, said.own, said.neutral)
        named = trainer.heads.named(seen, heard, said)
        trainer.learn(losses.total(_SPREAD) + 0.5 * named, _RATE * (1 - trainer.tuned))
        if team.leads:
            values = {**losses.__dict__, "named": named}
            for name, value in values.items():
                now = float(value.detach())
                logged[name] = 0.98 * logged.get(name, now) + 0.02 * now
            progress.set_postfix(
                {name: f"{value:.3f}" for name, value in logged.items()}, refresh=False
            )
            if (step + 1) % trainer.schedule.save_every == 0:
                trainer.save()
    trainer.tuned = 1.0
    trainer.meet(untuned)
    model.vision_model.requires_grad_(True)
    if team.leads:
        trainer.save()

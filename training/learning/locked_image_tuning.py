"""The last part of the training: only the text encoder still learns; the image encoder is locked.

The image encoder takes nine tenths of the time of a training step, and there are more wordings to
learn than drawings. So the image encoder encodes a number of pictures once. Then a step can hold
hundreds of pictures and captions. Of the image encoder, only the last layer, the projection, still
learns.

At the end, the weights are set to the mean of those before and after the tuning: on drawings that
training has not seen, this is more accurate than either.

Source: locked-image tuning (LiT), Zhai et al. 2022 (arXiv:2111.07991).
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

from training.batching.batch import CaptionBatch, PictureContents
from training.batching.maker import BatchMaker
from training.batching.prefetch import prefetch
from training.drawing.painting import paint
from training.learning.loss import contrastive
from training.learning.schedule import elapsed_fraction
from training.learning.trainer import Trainer
from training.model.architecture import image_features, text_features

# Weight of `spread` in the loss. While both encoders learn, more than 0.35 costs accuracy. Here a
# step has so many captions that it costs none.
_SPREAD: Final = 1.0
_RATE: Final = 0.5  # factor on the learning rates at the start; it falls to 0 at the end
_SEED: Final = 1_000_000  # higher than all steps of the training


@dataclass(frozen=True)
class FeatureBank:
    """The image encoder's features of many pictures."""

    pooled: Tensor  # [n, width], before the projection
    contents: PictureContents

    @classmethod
    @torch.no_grad()
    def encode(
        cls, model: CLIPModel, maker: BatchMaker, batches: int, first: int, workers: int = 0
    ) -> "FeatureBank":
        """Encode a number of batches of pictures.

        Args:
            model: its image encoder is used.
            maker: makes the pictures.
            batches: number of batches.
            first: number of the first batch.
            workers: processes that make pictures in advance.
        """
        model.train(False)
        pooled, contents = [], []
        arguments = ((_SEED + first + at,) for at in range(batches))
        made = prefetch(maker.pictures, arguments, workers)
        for arrangement, content in tqdm(
            made, total=batches, desc="encode pictures", mininterval=20, disable=first > 0
        ):
            painted = paint(arrangement.to(model.device))
            pooled.append(image_features(model, painted.pixels).pooled)
            contents.append(content)
        return cls(torch.cat(pooled), PictureContents.joined(contents))

    def sample(
        self, maker: BatchMaker, pictures: int, number: int
    ) -> tuple[npt.NDArray[np.int64], CaptionBatch]:
        """Choose some of the pictures, and write captions for them.

        Args:
            maker: writes the captions.
            pictures: how many.
            number: of the step; the same number gives the same sample.

        Returns:
            The indices of the pictures, and the captions.
        """
        rng = np.random.default_rng((_SEED, number))
        chosen = rng.choice(len(self.contents.appearances), size=pictures, replace=False)
        return chosen, maker.captions_for(self.contents.subset(chosen), rng)


def tune(
    trainer: Trainer,
    maker: BatchMaker,
    bank: FeatureBank,
    steps: int,
    pictures: int,
    until: float | None = None,
) -> None:
    """Train the text encoder, the image encoder's projection and the logit scale.

    Args:
        trainer: has the model; its averaged weights are the starting weights.
        maker: writes the captions.
        bank: the pictures.
        steps: number of steps, including those that were taken before a restart.
        pictures: number in a step, for each process.
        until: seconds since the epoch; the tuning is shortened to end then.
    """
    model, group = trainer.model, trainer.group
    untuned = trainer.averaged()
    model.load_state_dict(untuned.state_dict())
    model.vision_model.requires_grad_(False)
    start, before = time.time(), trainer.text_progress
    first = round(before * steps)
    logged: dict[str, float] = {}
    numbers = ((at * group.size + group.rank,) for at in range(first, steps))
    samples = prefetch(partial(bank.sample, maker, pictures), numbers, trainer.workers)
    bar = tqdm(
        range(first, steps),
        initial=first,
        total=steps,
        mininterval=20,
        disable=not group.is_leader,
    )
    for step in bar:
        part = (step - first) / max(steps - first, 1)
        if until is not None:
            part = max(part, elapsed_fraction(start, until))
        trainer.text_progress = group.from_leader(before + (1 - before) * part)
        if trainer.text_progress >= 1:
            break
        torch.manual_seed(step * group.size + group.rank)
        chosen, captions = next(samples)
        captions = captions.to(model.device)
        model.train()
        pooled = bank.pooled[torch.from_numpy(chosen)].to(model.device)
        image = functional.normalize(model.visual_projection(pooled), dim=1)
        text = functional.normalize(text_features(model, captions.ids), dim=1)
        logits = model.logit_scale.exp() * image @ text.T
        losses = contrastive(logits, captions.fits, captions.own, captions.neutral)
        prototypes = trainer.heads.prototype_loss(image, text, captions)
        loss = losses.total(_SPREAD) + 0.5 * prototypes
        trainer.optimize(loss, _RATE * (1 - trainer.text_progress))
        if group.is_leader:
            values = {**losses.__dict__, "prototypes": prototypes}
            for name, value in values.items():
                now = float(value.detach())
                logged[name] = 0.98 * logged.get(name, now) + 0.02 * now
            bar.set_postfix({name: f"{value:.3f}" for name, value in logged.items()}, refresh=False)
            if (step + 1) % trainer.schedule.save_every == 0:
                trainer.save()
    trainer.text_progress = 1.0
    trainer.interpolate(untuned)
    model.vision_model.requires_grad_(True)
    if group.is_leader:
        trainer.save()

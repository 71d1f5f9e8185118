"""The contrastive loss. UNSURE pairs are left out, and neutral captions rank in the middle."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from training.captions.matching import FITS, WRONG

_NEVER: Final = -1e4  # a logit; minus infinity would make gradients of empty sums NaN
_FEW: Final = 10  # mean number of wrong captions for a picture: about as many as a bot's labels


@dataclass(frozen=True)
class Losses:
    """The parts of the loss, each a mean over the batch."""

    picture_to_text: Tensor
    text_to_picture: Tensor
    neutral: Tensor
    spread: Tensor

    def total(self, spread: float = 0.35) -> Tensor:
        """Return the weighted sum, which training minimises.

        Args:
            spread: weight of the part that keeps the scores of wrong captions equal.
        """
        return (
            self.picture_to_text
            + 0.5 * self.text_to_picture
            + 0.3 * self.neutral
            + spread * self.spread
        )


def contrastive(logits: Tensor, fits: Tensor, own: Tensor, neutral: Tensor) -> Losses:
    """Return InfoNCE (Radford et al. 2021) with the known matches of a batch.

    Args:
        logits: exp(logit_scale) times the cosine, [B, T].
        fits: int8 [B, T]: FITS, UNSURE or WRONG.
        own: the index of each picture's own caption, [B]; -1 if it has none.
        neutral: bool [T]: captions that say nothing. They must lose against a caption that fits,
            and win against captions that are wrong.
    """
    logits = logits.float()
    wrong = (fits == WRONG) & ~neutral
    rival = wrong | (neutral & (fits != FITS))
    captioned = own >= 0
    captions = own[captioned]
    of_own = logits[captioned].gather(1, captions[:, None])[:, 0]
    against = logits.masked_fill(~rival, _NEVER)[captioned]
    picture_to_text = functional.softplus(torch.logsumexp(against, dim=1) - of_own).mean()

    # The other direction: a caption's own picture against the pictures that it is wrong for.
    columns = logits[:, captions].T  # [own captions, B pictures]
    is_wrong = wrong[:, captions].T
    rivals = columns.masked_fill(~is_wrong, _NEVER)
    text_to_picture = functional.softplus(torch.logsumexp(rivals, dim=1) - of_own).mean()

    # A few wrong captions against the neutral ones, as when the bot gets labels that don't fit.
    few = wrong & (torch.rand(wrong.shape, device=wrong.device) < _FEW / wrong.shape[1])
    wrongs = torch.logsumexp(logits.masked_fill(~few, _NEVER), dim=1)
    neutrals = logits.masked_fill(~neutral, _NEVER)
    mean_neutral = torch.logsumexp(neutrals, dim=1) - neutral.sum().clamp(min=1).log()
    has_both = few.any(dim=1) & neutral.any()
    margin = functional.softplus(wrongs - mean_neutral)
    neutral_loss = torch.where(has_both, margin, torch.zeros_like(margin)).mean()
    # Where none of the few captions fits, none should win: the Kullback-Leibler divergence from
    # the uniform distribution to the softmax over them.
    number = few.sum(dim=1)
    mean_wrong = (logits * few).sum(dim=1) / number.clamp(min=1)
    distance = wrongs - number.clamp(min=1).log() - mean_wrong
    spread = torch.where(number > 1, distance, torch.zeros_like(distance)).mean()
    return Losses(picture_to_text, text_to_picture, neutral_loss, spread)

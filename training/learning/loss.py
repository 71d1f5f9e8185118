"""The contrastive loss, with phrases that also fit left out, and neutral phrases in between."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.captions.scene_captions import FITS, WRONG

_NEVER = -1e4  # a logit; minus infinity would make gradients of empty sums NaN


@dataclass(frozen=True)
class Losses:
    """The parts, each a mean over the batch."""

    picture_to_phrase: Tensor
    phrase_to_picture: Tensor
    neutral: Tensor
    spread: Tensor

    def total(self, spread: float = 0.35) -> Tensor:
        """The sum that is minimised.

        Args:
            spread: weight of what keeps wrong phrases equal.
        """
        return (
            self.picture_to_phrase
            + 0.5 * self.phrase_to_picture
            + 0.3 * self.neutral
            + spread * self.spread
        )


def contrastive(logits: Tensor, fits: Tensor, own: Tensor, neutral: Tensor) -> Losses:
    """InfoNCE (Radford et al. 2021) over symbolic matches.

    Args:
        logits: exp(logit_scale) times cosine, [B, T].
        fits: int8 [B, T]: FITS, UNSURE or WRONG.
        own: the index of each picture's own phrase, [B]; -1 where it has none.
        neutral: bool [T]: phrases that say nothing. They must lose against a phrase that fits,
            and win against phrases that are wrong.
    """
    logits = logits.float()
    wrong = (fits == WRONG) & ~neutral
    rival = wrong | (neutral & (fits != FITS))
    captioned = own >= 0
    phrases = own[captioned]
    of_own = logits[captioned].gather(1, phrases[:, None])[:, 0]
    against = logits.masked_fill(~rival, _NEVER)[captioned]
    picture_to_phrase = functional.softplus(torch.logsumexp(against, dim=1) - of_own).mean()

    # The same from each own phrase: its picture against pictures that it is wrong for.
    columns = logits[:, phrases].T  # [own phrases, B pictures]
    is_wrong = wrong[:, phrases].T
    rivals = columns.masked_fill(~is_wrong, _NEVER)
    phrase_to_picture = functional.softplus(torch.logsumexp(rivals, dim=1) - of_own).mean()

    # As the bot asks: one wrong phrase, or a few, against the neutral ones.
    few = wrong & (torch.rand(wrong.shape, device=wrong.device) < 10 / wrong.shape[1])
    wrongs = torch.logsumexp(logits.masked_fill(~few, _NEVER), dim=1)
    neutrals = logits.masked_fill(~neutral, _NEVER)
    mean_neutral = torch.logsumexp(neutrals, dim=1) - neutral.sum().clamp(min=1).log()
    has_both = few.any(dim=1) & neutral.any()
    margin = functional.softplus(wrongs - mean_neutral)
    neutral_loss = torch.where(has_both, margin, torch.zeros_like(margin)).mean()
    # Where none of a few phrases fits, none should win: the distance from all being equal,
    # Kullback-Leibler from uniform to the softmax over them.
    number = few.sum(dim=1)
    mean_wrong = (logits * few).sum(dim=1) / number.clamp(min=1)
    distance = wrongs - number.clamp(min=1).log() - mean_wrong
    spread = torch.where(number > 1, distance, torch.zeros_like(distance)).mean()
    return Losses(picture_to_phrase, phrase_to_picture, neutral_loss, spread)

"""Auxiliary heads: classifiers and prototypes that help both encoders to learn.

They are dropped after the training.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.batching.batch import Batch, CaptionBatch
from training.captions.matching import FITS, UNSURE
from training.drawing.colours import COLOURS
from training.drawing.scenes import MAX_COUNT, SHAPES

_NEVER: Final = -1e4  # a logit; minus infinity would make gradients of empty sums NaN
_SMOOTHING: Final = 0.1  # label smoothing for pictures
_COUNT_WEIGHT: Final = 4.0  # colours and shapes have 1: they are learnt much earlier


class Heads(nn.Module):
    """Classifiers of drawn shapes on the image encoder, and a prototype of every concept.

    A batch holds only some of the concepts, but there is a prototype for each. The features of a
    picture of artwork, and of a caption of artwork, move towards the prototypes that they mean and
    away from all others.
    """

    def __init__(self, width: int, features: int, meanings: Tensor, families: Tensor) -> None:
        """Create the heads with random weights.

        Args:
            width: of the image encoder.
            features: of the space that pictures and captions share.
            meanings: FITS, UNSURE or WRONG, int8 [meanings, concepts]; the first rows are the
                concepts' names.
            families: the number of each concept's family, [concepts]. Image encoders learn to tell
                families apart long before they learn to tell their members apart.
        """
        super().__init__()
        self.colours = nn.Linear(width, len(COLOURS))
        self.shapes = nn.Linear(width, len(SHAPES))
        self.counts = nn.Linear(width, MAX_COUNT)
        self.prototypes = nn.Parameter(torch.randn(meanings.shape[1], features) * features**-0.5)
        self.log_scale = nn.Parameter(torch.tensor(math.log(16.0)))
        self.register_buffer("_meanings", meanings, persistent=False)
        membership = functional.one_hot(families).float()
        self.register_buffer("_membership", membership, persistent=False)

    def scene_loss(self, pooled: Tensor, batch: Batch) -> Tensor:
        """Return the cross-entropy of colours, shapes and counts in drawn scenes.

        Pictures without a target add nothing.

        Args:
            pooled: what the image encoder returns, [B, width].
            batch: has the targets.
        """
        pairs = (
            (1.0, self.colours(pooled), batch.colours),
            (1.0, self.shapes(pooled), batch.shapes),
            (_COUNT_WEIGHT, self.counts(pooled), batch.counts),
        )
        losses = [
            -weight * (functional.log_softmax(logits.float(), dim=1) * target).sum(1).mean()
            for weight, logits, target in pairs
        ]
        return torch.stack(losses).sum()

    def prototype_loss(self, pictures: Tensor, texts: Tensor, captions: CaptionBatch) -> Tensor:
        """Return the cross-entropy of artwork and of captions of artwork to the prototypes.

        Args:
            pictures: unit features, [B, features].
            texts: unit features of the captions, [T, features].
            captions: says which concepts they mean.
        """
        prototypes = functional.normalize(self.prototypes.float(), dim=1)
        scale = self.log_scale.clamp(max=math.log(60.0)).exp()
        is_art, is_of_art = captions.concepts >= 0, captions.meanings >= 0
        meanings = self.get_buffer("_meanings")

        concepts = captions.concepts[is_art]
        allowed = meanings[concepts] != UNSURE
        target = allowed * (_SMOOTHING / allowed.sum(1, keepdim=True))
        target.scatter_add_(1, concepts[:, None], torch.full_like(target[:, :1], 1 - _SMOOTHING))
        logits = scale * pictures[is_art] @ prototypes.T
        of_pictures = _cross_entropy(logits, target, allowed)
        membership = self.get_buffer("_membership")
        family_probabilities = logits.softmax(dim=1) @ membership
        own_family = (family_probabilities * membership[concepts]).sum(dim=1)
        of_families = -(own_family + 1e-6).log().mean()

        rows = meanings[captions.meanings[is_of_art]]
        fits = (rows == FITS).float()
        target = fits / fits.sum(1, keepdim=True)
        of_texts = _cross_entropy(scale * texts[is_of_art] @ prototypes.T, target, rows != UNSURE)
        return (
            is_art.float().mean() * (of_pictures + 0.5 * of_families)
            + 0.5 * is_of_art.float().mean() * of_texts
        )


def _cross_entropy(logits: Tensor, target: Tensor, allowed: Tensor) -> Tensor:
    """Return the mean over rows. Classes that are not allowed count as neither right nor wrong."""
    logits = logits.masked_fill(~allowed, _NEVER)
    return -(functional.log_softmax(logits, dim=1) * target * allowed).sum(1).mean()

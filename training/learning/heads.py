"""What helps the two towers to learn, and is dropped afterwards: classifiers and prototypes."""

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.batching.maker import Batch, Said
from training.captions.scene_captions import FITS, UNSURE
from training.drawing import shapes

_NEVER: Final = -1e4  # a logit; minus infinity would make gradients of empty sums NaN
_SMOOTHING: Final = 0.1  # of the pictures' targets
_COUNTING: Final = 4.0  # weight of counts beside colours and shapes, which are learnt far sooner


class Heads(nn.Module):
    """Classifiers of drawn shapes on the picture tower, and a prototype of every concept.

    A batch holds a fraction of the concepts, but prototypes stand for all of them: each picture of
    artwork and each phrase about artwork is drawn to what it means and away from all else.
    """

    def __init__(self, width: int, features: int, meanings: Tensor, families: Tensor) -> None:
        """Random weights.

        Args:
            width: of the picture tower.
            features: of the space that pictures and phrases share.
            meanings: FITS, UNSURE or WRONG, int8 [meanings, concepts]; the first rows are the
                concepts' names.
            families: which concepts are of a kind, [concepts]: picture towers tell kinds apart long
                before they tell their members apart.
        """
        super().__init__()
        self.colours = nn.Linear(width, len(shapes.COLOURS))
        self.shapes = nn.Linear(width, len(shapes.SHAPES))
        self.counts = nn.Linear(width, shapes.MAX_COUNT)
        self.prototypes = nn.Parameter(torch.randn(meanings.shape[1], features) * features**-0.5)
        self.log_scale = nn.Parameter(torch.tensor(math.log(16.0)))
        self.register_buffer("_meanings", meanings, persistent=False)
        membership = functional.one_hot(families).float()
        self.register_buffer("_membership", membership, persistent=False)

    def drawn(self, pooled: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy to what drawn scenes hold; pictures without a target count nothing."""
        pairs = (
            (1.0, self.colours(pooled), batch.colours),
            (1.0, self.shapes(pooled), batch.shapes),
            (_COUNTING, self.counts(pooled), batch.counts),
        )
        losses = [
            -weight * (functional.log_softmax(logits.float(), dim=1) * target).sum(1).mean()
            for weight, logits, target in pairs
        ]
        return torch.stack(losses).sum()

    def named(self, pictures: Tensor, phrases: Tensor, said: Said) -> Tensor:
        """Cross-entropy of artwork and of phrases about it to the prototypes.

        Args:
            pictures: features of length 1, [B, features].
            phrases: the same, [T, features].
            said: which concepts they are.
        """
        prototypes = functional.normalize(self.prototypes.float(), dim=1)
        scale = self.log_scale.clamp(max=math.log(60.0)).exp()
        is_art, is_about_art = said.concepts >= 0, said.rows >= 0
        meanings = self.get_buffer("_meanings")

        concepts = said.concepts[is_art]
        allowed = meanings[concepts] != UNSURE
        target = allowed * (_SMOOTHING / allowed.sum(1, keepdim=True))
        target.scatter_add_(1, concepts[:, None], torch.full_like(target[:, :1], 1 - _SMOOTHING))
        logits = scale * pictures[is_art] @ prototypes.T
        of_pictures = _cross_entropy(logits, target, allowed)
        membership = self.get_buffer("_membership")
        chances = logits.softmax(dim=1) @ membership  # of families
        own_family = (chances * membership[concepts]).sum(dim=1)
        of_families = -(own_family + 1e-6).log().mean()

        rows = meanings[said.rows[is_about_art]]
        fits = (rows == FITS).float()
        target = fits / fits.sum(1, keepdim=True)
        of_phrases = _cross_entropy(
            scale * phrases[is_about_art] @ prototypes.T, target, rows != UNSURE
        )
        return (
            is_art.float().mean() * (of_pictures + 0.5 * of_families)
            + 0.5 * is_about_art.float().mean() * of_phrases
        )


def _cross_entropy(logits: Tensor, target: Tensor, allowed: Tensor) -> Tensor:
    """Mean over rows; classes that are not allowed are neither right nor wrong."""
    logits = logits.masked_fill(~allowed, _NEVER)
    return -(functional.log_softmax(logits, dim=1) * target * allowed).sum(1).mean()

"""Encode pictures and texts, and compare them as CLIP does."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from transformers import CLIPModel, CLIPTokenizer

from training.model.architecture import image_features, image_processor, text_features
from training.model.tokenizer import token_ids

Picture = Image.Image
Logits = npt.NDArray[np.float32]

_BATCH = 64  # pictures that are encoded at once


@torch.inference_mode()
def encode_pictures(model: CLIPModel, images: Sequence[Picture]) -> Tensor:
    """Return unit features of pictures, float32 [images, features].

    The pictures go through the image processor that the demo model is shipped with.
    """
    processor = image_processor()
    rows = []
    for start in range(0, len(images), _BATCH):
        some = list(images[start : start + _BATCH])
        pixels = processor(some, return_tensors="pt")["pixel_values"]
        rows.append(functional.normalize(image_features(model, pixels).projected, dim=1))
    return torch.cat(rows)


@torch.inference_mode()
def logits(
    model: CLIPModel, tokenizer: CLIPTokenizer, pictures: Tensor, texts: list[str]
) -> Logits:
    """Return exp(logit_scale) times the cosine, float32 [images, texts].

    Args:
        model: the model.
        tokenizer: that of the model.
        pictures: features, as `encode_pictures` returns them.
        texts: of any length.
    """
    text = functional.normalize(text_features(model, token_ids(tokenizer, texts)), dim=1)
    result: Logits = (model.logit_scale.exp() * pictures @ text.T).numpy()
    return result


def top_1(questions: Logits) -> float:
    """Return how often the first label wins, 0..1."""
    return float((questions.argmax(axis=1) == 0).mean())

"""The checkpoint as transformers runs it in torch, and a comparison of the engine with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from clipbot_benchmarks.report.figures import AnswerComparison
from inference.model.classifier import LabelSet
from inference.model.encoder.scoring import FloatArray
from inference.model.engine import Engine
from inference.model.hub.checkpoint_files import DEMO_FOLDER
from inference.protocol.settings import DEMO_MODEL


class TransformersReference:
    """transformers' own model, tokenizer and image processor, without any code of clipbot.

    Args:
        name: a hub id, a folder or `demo`.
        dtype: of the weights; float32 for the answers that others are compared with.
    """

    def __init__(self, name: str, device: str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        from transformers import (
            AutoImageProcessor,
            AutoModelForZeroShotImageClassification,
            AutoTokenizer,
        )

        source = str(DEMO_FOLDER) if name == DEMO_MODEL else name
        model = AutoModelForZeroShotImageClassification.from_pretrained(source, dtype=dtype)
        self.model: Any = model.to(device).eval().requires_grad_(False)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(source)
        self.image_processor: Any = AutoImageProcessor.from_pretrained(source)  # type: ignore[no-untyped-call]
        self.device = device
        self.dtype = dtype

    def pixels(self, images: list[Image.Image]) -> torch.Tensor:
        """Return the input of the image tower: [images, 3, side, side]."""
        pixels: torch.Tensor = self.image_processor(images=images, return_tensors="pt")[
            "pixel_values"
        ]
        return pixels.to(self.device, self.dtype)

    @torch.inference_mode()
    def classify(self, images: list[Image.Image], labels: list[str]) -> FloatArray:
        """Return float32 [images, labels]: the probabilities of a softmax model."""
        texts = self.tokenizer(labels, padding=True, truncation=True, return_tensors="pt")
        inputs = {"pixel_values": self.pixels(images), **texts.to(self.device)}
        logits = self.model(**inputs).logits_per_image.float()
        rows: FloatArray = logits.softmax(-1).cpu().numpy()
        return rows


def compare(
    name: str,
    engine: Engine,
    reference: TransformersReference,
    images: list[Image.Image],
    labels: Sequence[str],
) -> AnswerComparison:
    """Return how far the engine's answers are from the reference's.

    Args:
        name: of the model, as it is shown.
        labels: the same for all images.
    """
    label_set = LabelSet(tuple(labels))
    expected = reference.classify(images, list(labels))
    found = np.stack(engine.classify(images, [label_set] * len(images)))
    single = np.stack([engine.classify([image], [label_set])[0] for image in images])
    return AnswerComparison(
        model=name,
        pictures=len(images),
        same_winner=int((found.argmax(-1) == expected.argmax(-1)).sum()),
        difference=float(np.abs(found - expected).max()),
        batched=float(np.abs(found - single).max()),
    )


def samples() -> tuple[list[Image.Image], list[str]]:
    """Return the bundled model's sample pictures, and what each shows."""
    paths = sorted((DEMO_FOLDER / "samples").glob("*.png"))
    images = [Image.open(path).convert("RGB") for path in paths]
    return images, [path.stem.replace("-", " ") for path in paths]

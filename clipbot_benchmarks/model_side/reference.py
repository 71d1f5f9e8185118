"""The checkpoint as transformers gives it, in torch: what everything is compared with."""

from typing import Any

import torch
from PIL import Image

from inference.model.encoder.scoring import FloatArray
from inference.model.hub.checkpoint_files import DEMO_FOLDER
from inference.protocol.settings import DEMO_MODEL


class Reference:
    """Model, tokenizer and image processor, without anything of ours.

    Args:
        name: a hub id, a folder or `demo`.
        dtype: of the weights; float32 for what counts as true.
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
        """What the image tower takes: [images, 3, side, side]."""
        pixels: torch.Tensor = self.image_processor(images=images, return_tensors="pt")[
            "pixel_values"
        ]
        return pixels.to(self.device, self.dtype)

    @torch.inference_mode()
    def classify(self, images: list[Image.Image], labels: list[str]) -> FloatArray:
        """float32 [images, labels] of a softmax model, by its own forward pass."""
        texts = self.tokenizer(labels, padding=True, truncation=True, return_tensors="pt")
        inputs = {"pixel_values": self.pixels(images), **texts.to(self.device)}
        logits = self.model(**inputs).logits_per_image.float()
        rows: FloatArray = logits.softmax(-1).cpu().numpy()
        return rows

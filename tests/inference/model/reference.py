"""A reference for the engine: the usual way to run a model, without any code of this project."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from transformers import AutoModelForZeroShotImageClassification, AutoProcessor

from inference.model.backends.torch_backend import TorchModel
from inference.model.encoder.scoring import FloatArray
from inference.model.engine import Engine

LABELS = (
    "a blurry cat",
    "Ein Hund, der im Garten spielt, während es regnet",
    "🏎️ a fast sports car",
    "x",
    "a word " * 90,  # longer than any context
)


def pictures() -> list[Image.Image]:
    """Return noise, a drawing and a gradient; wide, tall, square, tiny and far too long images."""
    noise = np.random.default_rng(1)
    drawing = Image.new("RGB", (300, 210), "navy")
    ImageDraw.Draw(drawing).ellipse((90, 40, 220, 170), "gold")
    return [
        Image.fromarray(noise.integers(0, 256, (60, 90, 3), dtype=np.uint8)),
        drawing,
        Image.radial_gradient("L").convert("RGB").resize((70, 200)),
        Image.fromarray(noise.integers(0, 256, (3, 3, 3), dtype=np.uint8)),
        Image.fromarray(noise.integers(0, 256, (3, 50, 3), dtype=np.uint8)),
    ]


def torch_model(engine: Engine) -> TorchModel:
    """Return the model behind an engine that torch runs."""
    assert engine.torch_model is not None
    return engine.torch_model


class ReferenceModel:
    """Runs a checkpoint by `model(**processor(text, images)).logits_per_image`."""

    def __init__(self, folder: Path, model: Any = None) -> None:
        self.processor: Any = AutoProcessor.from_pretrained(folder)  # type: ignore[no-untyped-call]
        self.model: Any = model or AutoModelForZeroShotImageClassification.from_pretrained(
            folder, dtype=torch.float32
        )

    def classify(self, images: list[Image.Image], labels: tuple[str, ...]) -> FloatArray:
        logits = torch.from_numpy(self.logits(images, labels))
        sigmoid = "siglip" in self.model.config.model_type
        result: FloatArray = (logits.sigmoid() if sigmoid else logits.softmax(-1)).numpy()
        return result

    def logits(self, images: list[Image.Image], labels: tuple[str, ...]) -> FloatArray:
        family = self.model.config.model_type
        fixed = family in {"siglip", "siglip2", "align"}
        context = 64 if fixed else self.model.config.text_config.max_position_embeddings
        inputs = self.processor(
            text=list(labels),
            images=images,
            return_tensors="pt",
            padding="max_length" if fixed else True,
            max_length=context,
            truncation=True,
        )
        with torch.inference_mode():
            result: FloatArray = self.model(**inputs).logits_per_image.numpy()
        return result

    def classify_means(self, images: list[Image.Image], texts: list[list[str]]) -> FloatArray:
        """Return the scores for classes that are means of texts, as in OpenAI's notebook."""
        fixed = self.model.config.model_type in {"siglip", "siglip2", "align"}
        with torch.inference_mode():
            means = []
            for one in texts:
                inputs = self.processor.tokenizer(
                    one,
                    return_tensors="pt",
                    padding="max_length" if fixed else True,
                    max_length=64 if fixed else None,
                )
                found = self.model.get_text_features(**inputs).pooler_output
                mean = (found / found.norm(dim=-1, keepdim=True)).mean(dim=0)
                means.append(mean / mean.norm())
            pixels = self.processor.image_processor(images, return_tensors="pt")
            found = self.model.get_image_features(**pixels).pooler_output
            cosines = found / found.norm(dim=-1, keepdim=True) @ torch.stack(means).T
            logits = self._scaled(cosines)
        scores = (
            logits.sigmoid() if "siglip" in self.model.config.model_type else logits.softmax(-1)
        )
        result: FloatArray = scores.numpy()
        return result

    def _scaled(self, cosines: Any) -> Any:
        if hasattr(self.model, "temperature"):  # ALIGN
            return cosines / self.model.temperature
        bias = getattr(self.model, "logit_bias", 0.0)
        return cosines * self.model.logit_scale.exp() + bias

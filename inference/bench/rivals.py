"""What people use without us: the seed notebook's loop, and Hugging Face's pipeline."""

import io
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from inference.bench.figures import Run
from inference.bench.pictures import LABELS
from inference.bench.reference import Reference
from inference.bench.turns import Contestant
from inference.scores import FloatArray

NOTEBOOK = "notebook"
PIPELINE = "pipeline"


def rivals(reference: Reference, files: Sequence[bytes], few: int) -> list[Contestant]:
    """(a) the notebook, photo by photo; (b) the pipeline, photo by photo and at batch 16.

    Args:
        few: of `files`, for those that take one photo at a time.
    """
    from transformers import pipeline

    # By its parts, so that all rivals share one copy of the weights.
    zero_shot: Any = pipeline(
        "zero-shot-image-classification",
        model=reference.model,
        tokenizer=reference.tokenizer,
        image_processor=reference.image_processor,
        device=reference.device,
    )

    def notebook(_: int) -> None:
        for data in files[:few]:
            _chart(*_classified(reference, data))

    def piped(batch: int) -> Contestant:
        count = few if batch == 1 else len(files)

        def work(_: int) -> None:
            images = [_opened(data) for data in files[:count]]
            asked = {"candidate_labels": list(LABELS), "hypothesis_template": "{}"}
            if batch == 1:
                for image in images:
                    zero_shot(image, **asked)
            else:
                zero_shot(images, batch_size=batch, **asked)

        return Contestant(Run("rival", PIPELINE, batch), count, work)

    return [Contestant(Run("rival", NOTEBOOK, 1), few, notebook), piped(1), piped(16)]


@torch.inference_mode()
def _classified(reference: Reference, data: bytes) -> tuple[Image.Image, FloatArray]:
    """preprocess → tokenize → model(image, text) → softmax, as openai/CLIP's README does it."""
    image = _opened(data)
    # clip.tokenize pads every text to the whole context
    text = reference.tokenizer(
        list(LABELS), padding="max_length", truncation=True, return_tensors="pt"
    )
    pixels = reference.pixels([image])
    logits = reference.model(pixel_values=pixels, **text.to(reference.device)).logits_per_image
    row: FloatArray = logits.float().softmax(dim=-1).cpu().numpy()[0]
    return image, row


def _chart(image: Image.Image, row: FloatArray) -> bytes:
    """The picture beside its bars, as notebooks draw it: through pyplot, with its defaults."""
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    left.imshow(image)
    left.axis("off")
    right.barh(range(len(LABELS)), row)
    right.set_yticks(range(len(LABELS)), LABELS)
    right.invert_yaxis()
    right.set_xlabel("probability")
    pyplot.tight_layout()
    file = io.BytesIO()
    pyplot.savefig(file, format="png")
    pyplot.close(figure)
    return file.getvalue()


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")

"""What people use without us: the seed notebook's loop, and Hugging Face's pipeline."""

import io
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from clipbot_benchmarks.model_side.interleaving import Contestant
from clipbot_benchmarks.model_side.pictures import LABELS
from clipbot_benchmarks.model_side.reference import Reference
from clipbot_benchmarks.report.figures import Run
from clipbot_benchmarks.report.names import NOTEBOOK, PIPELINE
from inference.model.encoder.scoring import FloatArray


def rivals(reference: Reference, files: Sequence[bytes], few: int) -> list[Contestant]:
    """(a) the notebook, photo by photo; (b) the pipeline, photo by photo and at batch 16.

    Args:
        few: of `files`, for those that take one photo at a time.
    """

    def notebook(_: int) -> None:
        for data in files[:few]:
            _chart(*_classified(reference, data))

    return [
        Contestant(Run("rival", NOTEBOOK, 1), few, notebook),
        piped(reference, files[:few], 1),
        piped(reference, files, 16),
    ]


def piped(reference: Reference, files: Sequence[bytes], batch: int) -> Contestant:
    """transformers' zero-shot pipeline over all `files`, from JPEG bytes."""
    from transformers import pipeline

    # By its parts, so that all rivals share one copy of the weights.
    zero_shot: Any = pipeline(
        "zero-shot-image-classification",
        model=reference.model,
        tokenizer=reference.tokenizer,
        image_processor=reference.image_processor,
        device=reference.device,
    )
    # Texts as our engine reads them: without "This is a photo of".
    asked = {"candidate_labels": list(LABELS), "hypothesis_template": "{}"}

    def work(_: int) -> None:
        images = [_opened(data) for data in files]
        if batch > 1:
            zero_shot(images, batch_size=batch, **asked)
        else:  # a list would be taken apart just so, but with a warning on GPUs
            for image in images:
                zero_shot(image, **asked)

    return Contestant(Run("rival", PIPELINE, batch), len(files), work)


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

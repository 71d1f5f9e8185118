"""The baselines: a loop as in CLIP's notebooks, and Hugging Face's pipeline."""

import io
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from clipbot_benchmarks.model_side.interleaving import BenchmarkCase
from clipbot_benchmarks.model_side.pictures import LABELS
from clipbot_benchmarks.model_side.reference import TransformersReference
from clipbot_benchmarks.report.figures import NOTEBOOK, PIPELINE, Measurement
from inference.model.encoder.scoring import FloatArray


def baseline_cases(
    reference: TransformersReference, files: Sequence[bytes], few: int
) -> list[BenchmarkCase]:
    """Return the notebook photo by photo, and the pipeline photo by photo and at batch 16.

    Args:
        files: JPEG photos.
        few: number of these for the cases that take one photo at a time.
    """

    def notebook(_: int) -> None:
        for data in files[:few]:
            _chart(*_classified(reference, data))

    return [
        BenchmarkCase(Measurement("rival", NOTEBOOK, 1), few, notebook),
        pipeline_case(reference, files[:few], 1),
        pipeline_case(reference, files, 16),
    ]


def pipeline_case(
    reference: TransformersReference, files: Sequence[bytes], batch: int
) -> BenchmarkCase:
    """Return transformers' zero-shot pipeline over all `files`, from JPEG bytes."""
    from transformers import pipeline

    # Made of its parts, so that all baselines share one copy of the weights.
    zero_shot: Any = pipeline(
        "zero-shot-image-classification",
        model=reference.model,
        tokenizer=reference.tokenizer,
        image_processor=reference.image_processor,
        device=reference.device,
    )
    # The same texts as in clipbot: without "This is a photo of".
    options = {"candidate_labels": list(LABELS), "hypothesis_template": "{}"}

    def work(_: int) -> None:
        images = [_opened(data) for data in files]
        if batch > 1:
            zero_shot(images, batch_size=batch, **options)
        else:  # the pipeline would do the same with a list, but warn on GPUs
            for image in images:
                zero_shot(image, **options)

    return BenchmarkCase(Measurement("rival", PIPELINE, batch), len(files), work)


@torch.inference_mode()
def _classified(reference: TransformersReference, data: bytes) -> tuple[Image.Image, FloatArray]:
    """Preprocess, tokenize, run the model and take the softmax, as in openai/CLIP's README."""
    image = _opened(data)
    # clip.tokenize pads every text to the whole context.
    text = reference.tokenizer(
        list(LABELS), padding="max_length", truncation=True, return_tensors="pt"
    )
    pixels = reference.pixels([image])
    logits = reference.model(pixel_values=pixels, **text.to(reference.device)).logits_per_image
    row: FloatArray = logits.float().softmax(dim=-1).cpu().numpy()[0]
    return image, row


def _chart(image: Image.Image, row: FloatArray) -> bytes:
    """Draw the picture beside its bars as notebooks do: with pyplot and its defaults."""
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

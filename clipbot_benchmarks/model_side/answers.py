"""Whether the fast answers are the true ones: ours beside transformers' own in float32."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from clipbot_benchmarks.model_side.reference import Reference
from clipbot_benchmarks.report.figures import Answers
from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from inference.model.hub.checkpoint_files import DEMO_FOLDER


def compare(
    name: str,
    engine: Engine,
    reference: Reference,
    images: list[Image.Image],
    labels: Sequence[str],
) -> Answers:
    """Both of them asked about the same pictures and labels; ours also one by one.

    Args:
        name: of the model, for people.
    """
    asked = LabelSet(tuple(labels))
    expected = reference.classify(images, list(labels))
    got = np.stack(engine.classify(images, [asked] * len(images)))
    single = np.stack([engine.classify([image], [asked])[0] for image in images])
    return Answers(
        model=name,
        pictures=len(images),
        same_winner=int((got.argmax(-1) == expected.argmax(-1)).sum()),
        difference=float(np.abs(got - expected).max()),
        batched=float(np.abs(got - single).max()),
    )


def samples() -> tuple[list[Image.Image], list[str]]:
    """The bundled model's sample pictures, and what they show: their names."""
    paths = sorted((DEMO_FOLDER / "samples").glob("*.png"))
    images = [Image.open(path).convert("RGB") for path in paths]
    return images, [path.stem.replace("-", " ") for path in paths]

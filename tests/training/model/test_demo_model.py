"""The committed model: its size, its files, and its answers to new drawings."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    AutoImageProcessor,
    AutoModelForZeroShotImageClassification,
    AutoTokenizer,
    CLIPModel,
    CLIPTextConfig,
)

from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from inference.model.photo_probe import PhotoProbe
from training.drawing.scenes import Group, Scene
from training.measuring import photographs, shape_questions
from training.model.architecture import IMAGE_SIDE
from training.model.export import DEMO_MODEL, LIMIT
from training.model.tokenizer import load
from training.words.language import Language

TOKENIZER = AutoTokenizer.from_pretrained(DEMO_MODEL)
PROCESSOR = AutoImageProcessor.from_pretrained(DEMO_MODEL)  # type: ignore[no-untyped-call]
FILES = ("config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json")


@pytest.fixture(scope="module")
def model() -> CLIPModel:
    loaded = AutoModelForZeroShotImageClassification.from_pretrained(
        DEMO_MODEL, dtype=torch.float32, local_files_only=True
    )
    assert isinstance(loaded, CLIPModel)
    return loaded


def prepared(image: Image.Image) -> torch.Tensor:
    """Return the pixels that the model gets of an image, float [1, 3, side, side]."""
    pixels: torch.Tensor = PROCESSOR(image, return_tensors="pt")["pixel_values"]
    return pixels


def winner(model: CLIPModel, image: Image.Image, labels: list[str]) -> str:
    """Return the label that wins, computed as in transformers' own pipeline."""
    text = TOKENIZER(labels, padding=True, truncation=True, return_tensors="pt")
    pixels = prepared(image)
    with torch.inference_mode():
        logits = model(
            input_ids=text["input_ids"], attention_mask=text["attention_mask"], pixel_values=pixels
        ).logits_per_image
    return labels[int(logits.argmax())]


def test_the_folder_is_small_and_complete() -> None:
    assert all((DEMO_MODEL / name).is_file() for name in FILES)
    assert sum(path.stat().st_size for path in DEMO_MODEL.rglob("*") if path.is_file()) <= LIMIT


def test_the_configuration_names_the_tokenizers_own_ids(model: CLIPModel) -> None:
    tokenizer = load(DEMO_MODEL)
    text = model.config.text_config
    assert isinstance(text, CLIPTextConfig)
    assert text.eos_token_id == tokenizer.eos_token_id != 2
    assert text.bos_token_id == tokenizer.bos_token_id
    assert text.vocab_size == len(tokenizer)


def test_wide_and_tall_pictures_are_padded_not_cut() -> None:
    for size in ((800, 600), (600, 800), (1280, 300), (90, 90), (3, 3)):
        pixels = prepared(Image.new("RGB", size, "white"))
        side = IMAGE_SIDE
        assert pixels.shape == (1, 3, side, side)
        white = (pixels[0, 0] > 1).float().mean().item()
        assert white == pytest.approx(min(size) / max(size), abs=0.02)


@pytest.mark.parametrize("language", list(Language))
def test_new_drawings_of_shapes_are_recognised(model: CLIPModel, language: Language) -> None:
    right = shape_questions.accuracy(
        model, load(DEMO_MODEL), shape_questions.any_shapes, language, count=200, seed=20_261
    )
    assert right >= 0.97


def test_samples_show_what_their_names_say(model: CLIPModel) -> None:
    samples = sorted((DEMO_MODEL / "samples").glob("*.png"))
    assert len(samples) >= 6
    labels = [path.stem.replace("-", " ") for path in samples]
    for path, label in zip(samples, labels, strict=True):
        with Image.open(path) as image:
            assert winner(model, image.convert("RGB"), labels) == label


def single_labels(count: int) -> Iterator[tuple[Image.Image, LabelSet, LabelSet]]:
    """Yield pictures of a shape, each with a label that fits and a label that does not."""
    rng = np.random.default_rng(8)
    for _ in range(count):
        colours = rng.permutation(shape_questions.COLOURS)
        kinds = rng.permutation(shape_questions.SHAPES)
        group = Group(str(kinds[0]), str(colours[0]), size="medium")
        other = Group(str(kinds[1]), str(colours[1]))
        image = shape_questions.photo(Scene((group,)), rng)
        right, wrong = (shape_questions.label(one, Language.ENGLISH) for one in (group, other))
        yield image, LabelSet((right,)), LabelSet((wrong,))


def test_something_else_wins_only_where_the_label_is_wrong() -> None:
    engine = Engine.load("demo", device="cpu")
    fitting = wrong = 0
    for image, right_label, wrong_label in single_labels(50):
        right, other = engine.classify([image, image], [right_label, wrong_label])
        fitting += int(right[0] > 0.5)
        wrong += int(other[0] > 0.5)
    assert fitting >= 48
    assert wrong <= 3


def test_the_photo_probe_was_fitted_to_these_weights() -> None:
    assert PhotoProbe.load().model == photographs.digest()


def test_jpeg_changes_no_winner(model: CLIPModel) -> None:
    rng = np.random.default_rng(2)
    labels = [
        shape_questions.label(Group(kind, colour), Language.ENGLISH)
        for kind in ("circle", "square", "triangle")
        for colour in ("red", "green", "blue")
    ]
    for _ in range(6):
        group = Group("triangle", "green", size="medium")
        image = shape_questions.photo(Scene((group,)), rng, (800, 600))
        file = BytesIO()
        image.save(file, "JPEG", quality=40)
        with Image.open(file) as compressed:
            assert winner(model, compressed, labels) == winner(model, image, labels)

"""An engine takes any pictures and labels, computes each of them once, and tells what it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from tests.inference.model.reference import pictures, torch_model


def test_a_long_image_is_cropped_as_the_processor_would(tiny_clip: Engine) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (12, 600, 3), dtype=np.uint8)
    long = Image.fromarray(noise)
    processor = torch_model(tiny_clip).checkpoint.image_processor
    expected = processor(images=[long], return_tensors="np")["pixel_values"]
    ours = tiny_clip.encoder.preprocess([long])["pixel_values"]
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_repeated_labels_are_encoded_once(
    tiny_clip: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = torch_model(tiny_clip).checkpoint.model
    encode, encoded = model.get_text_features, []

    def counting(**inputs: Any) -> Any:
        encoded.append(len(inputs["input_ids"]))
        return encode(**inputs)

    monkeypatch.setattr(model, "get_text_features", counting)
    sets = [LabelSet(("Only Here", "and here")), LabelSet(("and here", "only here"))]
    rows = tiny_clip.classify(pictures()[:2], sets)
    tiny_clip.classify(pictures()[:2], sets)
    # "Only Here" and "only here" have the same tokens
    assert encoded == [2]
    assert rows[0].shape == rows[1].shape == (2,)


def test_many_labels_go_in_several_batches(tiny_clip: Engine) -> None:
    labels = tuple(f"label number {i}" for i in range(300))
    [row] = tiny_clip.classify(pictures()[:1], [LabelSet(labels)])
    assert row.shape == (300,)
    assert row.sum() == pytest.approx(1)


def test_attributes_of_an_engine(tiny_clip: Engine, tiny_clip_folder: Path) -> None:
    assert tiny_clip.name == str(tiny_clip_folder)
    assert (tiny_clip.device, tiny_clip.dtype) == ("cpu", "float32")
    assert tiny_clip.image_size == 32
    assert not tiny_clip.sigmoid_scores
    assert not tiny_clip.is_demo


def test_the_bundled_model_says_that_it_is_a_demo(demo: Engine) -> None:
    assert demo.is_demo
    assert demo.name == "demo"


@pytest.mark.parametrize("apart", [True, False])
def test_an_image_with_several_label_sets_is_encoded_once(
    tiny_clip: Engine, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    one, other = pictures()[:2]
    sets = [LabelSet(("cat", "dog")), LabelSet(("dog", "cat")), LabelSet(("owl", "cat"))]
    expected = [
        tiny_clip.classify([image], [label_set])[0]
        for image, label_set in zip((one, other, one), sets, strict=True)
    ]
    if not apart:
        monkeypatch.setattr(tiny_clip, "_joint_logits", torch_model(tiny_clip).joint_logits)
    prepare, prepared = tiny_clip.encoder.preprocess, []

    def counting(images: list[Image.Image]) -> Any:
        prepared.append(images)
        return prepare(images)

    monkeypatch.setattr(tiny_clip.encoder, "preprocess", counting)
    for got, wanted in zip(tiny_clip.classify([one, other, one], sets), expected, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-5)
    assert prepared == [[one, other]]


def test_no_images_give_no_rows(tiny_clip: Engine) -> None:
    assert tiny_clip.classify([], []) == []


def test_each_image_needs_its_label_set(tiny_clip: Engine) -> None:
    with pytest.raises(ValueError, match="1 images, but 2 label sets"):
        tiny_clip.classify(pictures()[:1], [LabelSet(("a",)), LabelSet(("b",))])

"""`ImageTransform` gives the same pixels as the processors that it replaces."""

import contextlib
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import (
    CLIPImageProcessorPil,
    EfficientNetImageProcessorPil,
    Siglip2ImageProcessorPil,
    SiglipImageProcessorPil,
)
from transformers.image_transforms import get_size_with_aspect_ratio

from inference.model.encoder.preprocessing import ImageTransform, Preprocessor

REPLACED: list[Any] = [
    CLIPImageProcessorPil(),
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
    CLIPImageProcessorPil(resample=2, image_mean=[0.5] * 3, image_std=[0.5] * 3),
    SiglipImageProcessorPil(),
    CLIPImageProcessorPil(  # as in the bundled model, which pads instead of cropping
        size={"shortest_edge": 80, "longest_edge": 80},
        do_center_crop=False,
        do_pad=True,
        pad_size={"height": 80, "width": 80},
    ),
]
NOT_REPLACED: list[Any] = [
    Siglip2ImageProcessorPil(),  # NaFlex: three tensors
    EfficientNetImageProcessorPil(),  # rescales with an offset
    CLIPImageProcessorPil(do_center_crop=False, do_pad=True, pad_size={"height": 9, "width": 9}),
    CLIPImageProcessorPil(size={"shortest_edge": 30}, crop_size={"height": 40, "width": 40}),
]


def noise(size: tuple[int, int]) -> Image.Image:
    dice = np.random.default_rng(size)
    return Image.fromarray(dice.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def name(processor: Any) -> str:
    return type(processor).__name__


@pytest.mark.parametrize("processor", REPLACED, ids=name)
def test_a_transform_replaces_the_usual_processors(processor: Any) -> None:
    assert ImageTransform.of(processor) is not None


@pytest.mark.parametrize("processor", NOT_REPLACED, ids=name)
def test_no_transform_replaces_processors_that_work_in_another_way(processor: Any) -> None:
    assert ImageTransform.of(processor) is None


@pytest.mark.parametrize("processor", REPLACED, ids=name)
def test_these_transforms_accept_any_image(processor: Any) -> None:
    transform = ImageTransform.of(processor)
    assert transform is not None
    assert transform.accepts_any_image


@pytest.mark.parametrize(
    "changed",
    [
        {"crop": (225, 224)},  # wider than the resized image
        {"longest_edge": 300},  # the shorter side can become shorter than the crop
        {"crop": None, "pad": (224, 224)},  # the longer side can become longer than the pad
        {"crop": (224, 224), "pad": (224, 200)},
    ],
)
def test_these_transforms_refuse_some_images(changed: dict[str, Any]) -> None:
    transform = ImageTransform.of(CLIPImageProcessorPil())
    assert transform is not None
    assert not msgspec.structs.replace(transform, **changed).accepts_any_image


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    shortest=st.integers(1, 400),
    longest=st.none() | st.integers(1, 800),
)
def test_resized_images_have_the_size_that_transformers_gives_them(
    size: tuple[int, int], shortest: int, longest: int | None
) -> None:
    assume(longest is None or longest > shortest)
    transform = ImageTransform.of(CLIPImageProcessorPil())
    assert transform is not None
    own = msgspec.structs.replace(transform, shortest_edge=shortest, longest_edge=longest)
    expected = get_size_with_aspect_ratio(size[::-1], shortest, longest)
    assert own._resized(*size) == expected[::-1]


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(3, 700), st.integers(3, 700)),
    which=st.integers(0, len(REPLACED) - 1),
)
def test_pixels_of_any_image_equal_those_of_the_processor(
    size: tuple[int, int], which: int
) -> None:
    processor = REPLACED[which]
    picture = noise(size)
    if max(size) > 20 * min(size):  # too long: enlarging it would take gigabytes
        return
    got = PREPROCESSORS[which].prepare(picture)["pixel_values"]
    expected = processor(images=[picture], return_tensors="np")["pixel_values"]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def test_a_batch_equals_images_prepared_one_by_one() -> None:
    preprocessor = PREPROCESSORS[0]
    pictures = [noise((300 + 10 * i, 200)) for i in range(5)]
    together = preprocessor.prepare_batch(pictures)["pixel_values"]
    assert together.shape == (5, 3, 224, 224)
    for at, picture in enumerate(pictures):
        np.testing.assert_array_equal(
            together[at], preprocessor.prepare(picture)["pixel_values"][0]
        )


@pytest.mark.parametrize("size", [(81, 40), (40, 81), (161, 1), (81, 81)])
def test_an_image_one_pixel_larger_than_the_pad_loses_that_pixel(size: tuple[int, int]) -> None:
    """transformers leaves an image of 81 x 40 as it is, and then can't pad it to 80 x 80."""
    processor, preprocessor = REPLACED[-1], PREPROCESSORS[-1]
    picture = noise(size)
    with contextlib.suppress(ValueError):
        expected = processor(images=[picture], return_tensors="np")["pixel_values"]
        np.testing.assert_allclose(
            preprocessor.prepare(picture)["pixel_values"], expected, atol=1e-6
        )
    assert preprocessor.prepare(picture)["pixel_values"].shape == (1, 3, 80, 80)


def test_an_image_that_the_transform_refuses_is_left_to_the_processor() -> None:
    processor: Any = CLIPImageProcessorPil(size={"shortest_edge": 224, "longest_edge": 336})
    preprocessor = Preprocessor.of(processor)
    transform = preprocessor.transform
    assert transform is not None
    assert not transform.accepts_any_image
    picture = noise((320, 180))  # becomes 336 x 189, less than the crop
    with pytest.raises(ValueError, match="needs padding"):
        transform.pixels(picture)
    expected = processor(images=[picture], return_tensors="np")["pixel_values"]
    got = preprocessor.prepare(picture)["pixel_values"]
    np.testing.assert_array_equal(got, expected)


def test_a_very_long_image_loses_its_ends() -> None:
    sliver = Image.new("RGB", (3, 20_000), "red")
    assert PREPROCESSORS[0].prepare(sliver)["pixel_values"].shape == (1, 3, 224, 224)


PREPROCESSORS = [Preprocessor.of(processor) for processor in REPLACED]

from pathlib import Path

import numpy as np
import pytest

from inference.evaluate.dataset import read
from tests.training.concepts import CAR, CONCEPTS, CRYING_CAT, DOG
from training.drawing.rendering import CANVAS
from training.emoji import artwork
from training.emoji import concepts as concept_data
from training.emoji.artwork import Artwork
from training.measuring import picture_folder


def test_evaluate_reads_the_pictures_that_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Artwork(
        np.full((3, CANVAS, CANVAS, 4), 255, np.uint8),
        np.array([CRYING_CAT, DOG, CAR]),
        ["twemoji"] * 3,
    )
    monkeypatch.setattr(concept_data, "load", lambda cache: CONCEPTS)
    monkeypatch.setattr(artwork, "load_test_style", lambda concepts, cache: drawn)
    assert picture_folder.write(tmp_path, tmp_path, labels=10) == 15
    found = read(str(tmp_path))
    assert found.labels == ("car", "cat with tears", "dog")
    assert [one.name for one in found.pictures[:5]] == [
        *(f"car/ground_{number}.png" for number in range(1, 5)),
        "car/white.png",
    ]

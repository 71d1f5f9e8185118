"""Drawn pictures whose labels are known, in folders as `clipbot evaluate` reads them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.measuring.shape_questions import alike_shapes, counted_shapes, label, photo
from training.words.language import Language

PICTURES = 90


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Held-out drawings, a third of them so noisy that the bundled model makes mistakes."""
    folder, rng = tmp_path_factory.mktemp("drawings"), np.random.default_rng(17)
    suffixes = (".png", ".jpg", ".webp")
    for at in range(PICTURES):
        scene, groups = (alike_shapes, counted_shapes)[at % 2](rng)
        picture = photo(scene, rng, ((320, 240), (90, 130), (240, 320))[at % 3])
        if at % 3 == 0:
            noise = rng.normal(0, 110, (picture.height, picture.width, 3))
            levels = np.clip(np.asarray(picture) + noise, 0, 255)
            picture = Image.fromarray(levels.astype(np.uint8))
        # Without an article, so that template auto takes it for a bare noun.
        name = label(groups[0], Language.ENGLISH).removeprefix("a ").removeprefix("an ")
        own = folder / name.replace(" ", "_")
        own.mkdir(exist_ok=True)
        picture.save(own / f"{at}{suffixes[at % len(suffixes)]}")
    return folder

"""The README's picture can be made again at any time."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tools import chromium, screenshot


async def test_the_picture_is_taken(tmp_path: Path, has_demo: bool) -> None:
    if not has_demo or chromium.find() is None:
        pytest.skip("the bundled model or chromium is missing")
    picture = await screenshot.take(tmp_path)
    assert len(picture) <= screenshot.LARGEST
    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.size) == ("JPEG", (1600, 1050))
    kept = Path(__file__).parents[3] / "docs" / "playground.jpg"
    assert kept.stat().st_size <= screenshot.LARGEST

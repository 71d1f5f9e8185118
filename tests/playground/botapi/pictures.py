"""Pictures of any size and format."""

import io

from PIL import Image


def picture(
    width: int = 640,
    height: int = 480,
    *,
    colour: str | tuple[int, ...] | int = "red",
    kind: str = "JPEG",
    mode: str = "RGB",
    exif_orientation: int | None = None,
) -> bytes:
    """Return a picture of one colour."""
    exif = Image.Exif()
    if exif_orientation is not None:
        exif[0x0112] = exif_orientation
    buffer = io.BytesIO()
    Image.new(mode, (width, height), colour).save(buffer, kind, exif=exif)
    return buffer.getvalue()


def sides(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels."""
    with Image.open(io.BytesIO(data)) as image:
        return image.size

"""What Telegram does to a photo: turn it upright, encode it as JPEG, keep several sizes.

Pillow is imported inside the functions, because the server also runs without it.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

# Longest sides in pixels of Telegram's sizes "s", "m", "x" and "y"
# (https://core.telegram.org/api/files#image-thumbnail-types, as sent to bots).
LADDER: Final = (90, 320, 800, 1280)
# Documents with more pixels get no thumbnail: decoding them would take too much memory.
_THUMBNAIL_PIXELS: Final = 30_000_000
_JPEG_QUALITY: Final = 87


class NotAPhotoError(ValueError):
    """The bytes can't be decoded as a picture."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size of a picture, as JPEG. Sides are in pixels."""

    width: int
    height: int
    jpeg: bytes


def dimensions(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels from the header, before any rotation.

    Raises:
        NotAPhotoError: it is not a picture that Pillow knows.
    """
    with _opened(data) as image:
        return image.size


def is_moving_gif(data: bytes) -> bool:
    """Return whether Telegram's apps make an animation of these bytes, if they are not a file."""
    if not data.startswith(b"GIF8"):
        return False
    try:
        with _opened(data) as image:
            return bool(getattr(image, "is_animated", False))
    except NotAPhotoError:
        return False


def ladder(data: bytes) -> tuple[Rendition, ...]:
    """Return the sizes of a photo, smallest first.

    They are all sizes of `LADDER` that are smaller than the photo, then the photo itself, scaled to
    a longest side of 1280 at most. A photo of 1000 × 500 has the sizes 90, 320, 800 and 1000.

    Raises:
        NotAPhotoError: the data can't be decoded, for example because it is truncated.
    """
    upright = _upright(data)
    longest = max(upright.size)
    sides = [side for side in LADDER if side < longest]
    if longest <= LADDER[-1]:
        sides.append(longest)
    return tuple(_scaled(upright, side) for side in sides)


def thumbnail(data: bytes, side: int = 320) -> Rendition | None:
    """Return a preview of `side` × `side` pixels at most; None if the data is not a picture."""
    try:
        width, height = dimensions(data)
        if width * height > _THUMBNAIL_PIXELS:
            return None
        upright = _upright(data)
    except NotAPhotoError:
        return None
    return _scaled(upright, min(side, max(upright.size)))


def placeholder(width: int, height: int) -> Rendition:
    """Return a plain grey picture, for media that this server does not decode, such as videos."""
    from PIL import Image

    return _scaled(Image.new("RGB", (width, height), (128, 128, 128)), max(width, height))


def _opened(data: bytes) -> "Image.Image":
    from PIL import Image

    try:
        return Image.open(io.BytesIO(data))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise NotAPhotoError(str(error)) from error


def _upright(data: bytes) -> "Image.Image":
    """Return an RGB picture with the EXIF orientation applied and transparency on white."""
    from PIL import Image, ImageOps

    with _opened(data) as image:
        try:
            if image.mode.startswith("I;16"):
                # Pillow would clip 16-bit grey at 255 instead of scaling it.
                image = image.point(lambda value: value / 257).convert("L")
            turned = ImageOps.exif_transpose(image)
            if not turned.has_transparency_data:
                return turned.convert("RGB")
            clear = turned.convert("RGBA")
            white = Image.new("RGBA", clear.size, "white")
            return Image.alpha_composite(white, clear).convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
            raise NotAPhotoError(str(error)) from error


def _scaled(image: "Image.Image", side: int) -> Rendition:
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    buffer = io.BytesIO()
    scaled = image if size == image.size else image.resize(size, reducing_gap=2.0)
    scaled.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return Rendition(*size, buffer.getvalue())

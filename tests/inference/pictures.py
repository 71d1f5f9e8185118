"""Small pictures in one colour, as files."""

import io

from PIL import Image


def picture(colour: str = "red", size: tuple[int, int] = (48, 36)) -> bytes:
    """A PNG file."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


NOT_A_PICTURE = b"this is a text file that somebody renamed to .jpg"

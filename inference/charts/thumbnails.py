"""Photos made small enough for a chart."""

from PIL import Image


def _cropped(size: tuple[int, int], narrowest: float, widest: float) -> tuple[float, ...]:
    """The middle of a picture, with width ÷ height within the bounds."""
    w, h = size
    crop_w, crop_h = min(w, h * widest), min(h, w / narrowest)
    left, top = (w - crop_w) / 2, (h - crop_h) / 2
    return (left, top, left + crop_w, top + crop_h)


def _resized(photo: Image.Image, size: tuple[int, int], box: tuple[float, ...]) -> Image.Image:
    rgb = photo if photo.mode == "RGB" else photo.convert("RGB")
    # Two steps: a cheap reduction by whole numbers first, as far as it goes, then the good filter.
    # On a chart nobody can tell this from the good filter alone, which takes twice as long.
    return rgb.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=1.1)  # type: ignore[arg-type]


def fitted(photo: Image.Image, width: int, height: int, widest: float = 4.0) -> Image.Image:
    """The photo as large as fits into the box; only slivers lose their ends."""
    box = _cropped(photo.size, 1 / 3, widest)
    w, h = box[2] - box[0], box[3] - box[1]
    scale = min(width / w, height / h)
    return _resized(photo, (max(1, round(w * scale)), max(1, round(h * scale))), box)


def filled(photo: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of the photo, filling the box."""
    ratio = width / height
    return _resized(photo, (width, height), _cropped(photo.size, ratio, ratio))

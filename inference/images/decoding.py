"""Decodes files from strangers: bytes become an RGB picture, or are refused with a sentence.

The format is detected from the first bytes, never from a name. The number of pixels in the header
is checked before anything is decoded. Whatever a decoder raises becomes `ImageRefused`.

Pillow's readers are called directly: `Image.open` would try every format that any library has
registered. They get the file without its metadata (`containers.py`), because most damaged files
that viewers can show are damaged there.

ICC profiles are ignored on purpose, as in the reference preprocessing (openai/CLIP:
`convert("RGB")`) and therefore in training. A Display P3 photo that is read as sRGB is only a
little less saturated, and a colour management engine is one more parser that strangers could
attack.
"""

import contextlib
import threading
import warnings
from io import BytesIO

from PIL import Image, ImageChops, JpegImagePlugin

from inference.images import formats, jpeg, orientation
from inference.images.containers import StrippedFile
from inference.images.formats import detect_format
from inference.images.memory_budget import MemoryBudget
from inference.images.rgb import reduced
from inference.protocol.errors import (
    ImageRefused,
    Problem,
    ProblemCode,
    TooLargeForHost,
    megapixels,
    megapixels_allowed,
)

DEFAULT_MEGAPIXELS = 128.0  # phones' full-size modes have 50 and 108; see _MAX_JPEG_FACTOR
MIN_SIDE = 3  # pixels; less shows nothing, and resizing could divide by zero

# A picture keeps at least this many times the side that the model sees, so that the final,
# antialiased resize still has pixels to average. Measured on photographs: compared with the full
# picture, the model's input differs by 0.5 to 0.7 grey levels of 255 on average (4 at the 99th
# percentile).
OVERSAMPLING = 2

# The chart shows the picture too, however small the model's input is.
MIN_DECODED_SIDE = 512  # pixels

# A JPEG that is decoded at a fraction of its size can have this many times the allowed pixels. A
# plain one of 1,024 megapixels takes 0.8 s on an AMD EPYC core.
_MAX_JPEG_FACTOR = 8
# For a JPEG in several scans, the decoder holds all coefficients: 3 bytes per pixel as phones write
# them. The limit is in bytes per allowed pixel.
_MAX_COEFFICIENTS = 8

# A JPEG that ends too early is read if it has at least this part of its rows, as viewers do. Other
# formats need all rows: cameras, which can lose power, do not write them.
_MIN_JPEG_ROWS = 0.9

# Memory that a decoder needs, in bytes per pixel, measured as growth of the process. For some
# formats, the library holds a copy of the pixels as well.
_BYTES_PER_PIXEL = 5  # Pillow's pixels and what is being converted
_BYTES_BY_FORMAT = {"WEBP": 17, "AVIF": 13, "HEIF": 13}


def decode(
    data: bytes,
    *,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
    target_side: int | None = None,
    budget: MemoryBudget | None = None,
) -> Image.Image:
    """Decode a picture of any allowed format: upright, without transparency, in RGB.

    Args:
        data: the whole file. Of an animation, the first frame is read.
        max_megapixels: limit of width × height as decoded, in millions. A JPEG can have more if it
            is decoded at a fraction of its size: see `target_side`.
        target_side: shorter side, in pixels, of what the model sees. Larger pictures are decoded
            at a fraction of their size; no side becomes shorter than twice this, or than 512
            pixels.
        budget: memory that several decoding threads share.

    Returns:
        An RGB image of at least 3 × 3 pixels, loaded and independent of `data`.

    Raises:
        ImageRefused: the picture can't be read, or is not allowed.
        TooLargeForHost: there is not enough memory now. Nothing else is ever raised.
    """
    decoder = _ImageDecoder(data, max_megapixels, target_side, budget or MemoryBudget(2**63))
    try:
        with _quiet:
            return decoder.decode()
    except (ImageRefused, TooLargeForHost):
        raise
    except MemoryError as error:
        raise TooLargeForHost(decoder.pixels / 1e6) from error
    except Exception as error:
        # Damaged files make decoders raise anything: OSError, SyntaxError, ValueError,
        # struct.error, zlib.error, OverflowError, IndexError, RecursionError …
        if decoder.is_out_of_memory(error):
            raise TooLargeForHost(decoder.pixels / 1e6) from error
        raise ImageRefused(
            "The picture is damaged or incomplete.", Problem(ProblemCode.IMAGE_TRUNCATED)
        ) from error


class _ImageDecoder:
    """Decodes one file.

    Attributes:
        pixels: width × height according to the file; 0 until they are known.
    """

    def __init__(
        self, data: bytes, max_megapixels: float, target_side: int | None, budget: MemoryBudget
    ) -> None:
        self.pixels = 0
        self._data = data
        self._max_megapixels = max_megapixels
        self._min_side = max(OVERSAMPLING * target_side, MIN_DECODED_SIDE) if target_side else None
        self._budget = budget
        self._needed_bytes = 0

    def decode(self) -> Image.Image:
        """Decode the file; raise whatever a decoder raises."""
        format_ = detect_format(self._data)
        if format_ is formats.JPEG:
            return self._decode_jpeg()
        file = StrippedFile(self._data)
        with contextlib.suppress(Exception):  # the decoder then says what is wrong
            file = format_.strip(self._data)
        if file.size:
            self._check_size(file.size)
            self._needed_bytes = self.pixels * _BYTES_BY_FORMAT["WEBP"]
        else:
            with format_.reader(BytesIO(file.data)) as image:
                self._check_size(image.size)
                per_pixel = _BYTES_BY_FORMAT.get(image.format or "", _BYTES_PER_PIXEL)
            self._needed_bytes = self.pixels * per_pixel
        with self._budget.reserved(self._needed_bytes):
            return self._read(format_, file)

    def _read(self, format_: formats.Format, file: StrippedFile) -> Image.Image:
        turned = file.orientation
        with format_.reader(BytesIO(file.data)) as image:
            if format_ is formats.AVIF:
                # Pillow's reader reports `irot` and `imir` as Exif; libheif applies them itself.
                turned = orientation.from_metadata(image.info.get("exif") or b"")
            image.load()
            self._check_size(image.size)  # decoding can change the size of a HEIC
            return orientation.upright(self._reduced(image), turned)

    def _decode_jpeg(self) -> Image.Image:
        file = jpeg.parse(self._data)
        if file.has_too_many_scans:
            raise ImageRefused(
                "The picture is damaged: it repeats itself.", Problem(ProblemCode.IMAGE_TRUNCATED)
            )
        with self._open_jpeg(file.data) as image:
            self._check_jpeg(image, file)
            self._needed_bytes = image.width * image.height * _BYTES_PER_PIXEL + file.coefficients
            # A file without its end is decoded twice, see `_check_last_rows`.
            with self._budget.reserved(self._needed_bytes * (1 if file.has_end else 2)):
                return self._read_jpeg(image if file.has_end else None, file)

    def _read_jpeg(self, image: Image.Image | None, file: jpeg.Jpeg) -> Image.Image:
        if image is None:
            image = self._open_jpeg(file.data + jpeg.END)
        try:
            image.load()
            if not (file.has_end or file.is_refining):
                self._check_last_rows(image, file.data)
            return orientation.upright(self._reduced(image), file.orientation)
        finally:
            image.close()  # frees its memory before the budget is released

    def _open_jpeg(self, data: bytes) -> JpegImagePlugin.JpegImageFile:
        image = JpegImagePlugin.JpegImageFile(BytesIO(data))
        self.pixels = image.width * image.height
        if self._min_side:
            # The inverse DCT at 1/2, 1/4 or 1/8 of the size: both sides stay at least this long.
            image.draft(None, (self._min_side, self._min_side))
        return image

    def _check_jpeg(self, image: Image.Image, file: jpeg.Jpeg) -> None:
        """Refuse a JPEG that takes too much memory or time even at a fraction of its size."""
        stated, limit = self.pixels, self._max_megapixels * 1e6
        self._check_size(image.size)
        self.pixels = stated
        if stated > _MAX_JPEG_FACTOR * limit or file.coefficients > _MAX_COEFFICIENTS * limit:
            raise _too_many_pixels(stated, self._max_megapixels)

    def _check_last_rows(self, image: Image.Image, data: bytes) -> None:
        """Refuse a JPEG without an end if its last rows are missing.

        A decoder invents missing rows. So the file is decoded again with other bytes after it: rows
        that are equal in both come from the file itself.
        """
        with self._open_jpeg(data + bytes(range(1, 255)) * 8 + jpeg.END) as other:
            other.load()
            box = ImageChops.difference(image, other).getbbox(alpha_only=False)
        if box is not None and box[1] < _MIN_JPEG_ROWS * image.height:
            raise ImageRefused("The picture is incomplete.", Problem(ProblemCode.IMAGE_TRUNCATED))

    def _check_size(self, size: tuple[int, int]) -> None:
        width, height = size
        self.pixels = width * height
        if self.pixels > self._max_megapixels * 1e6:
            raise _too_many_pixels(self.pixels, self._max_megapixels)
        if min(size) < MIN_SIDE:
            raise ImageRefused(
                f"The picture is smaller than {MIN_SIDE} × {MIN_SIDE} pixels.",
                Problem(ProblemCode.IMAGE_TOO_SMALL, got=min(size), limit=MIN_SIDE),
            )

    def _reduced(self, image: Image.Image) -> Image.Image:
        """Return the picture in RGB, reduced as far as `target_side` allows."""
        factor = max(1, min(image.size) // self._min_side) if self._min_side else 1
        return reduced(image, factor)

    def is_out_of_memory(self, error: Exception) -> bool:
        """Return whether a decoder failed because there was too little memory.

        The error does not say that: libjpeg says "broken data stream", and libheif says "memory"
        about impossible sizes. So this tries to allocate the memory that the picture needs. That
        takes no time, because nothing is written to it.
        """
        if "out of memory" in str(error).lower():
            return True
        try:
            bytearray(self._needed_bytes)
        except MemoryError:
            return True
        return False


def _too_many_pixels(pixels: float, limit: float) -> ImageRefused:
    return ImageRefused(
        f"The picture has {megapixels(pixels / 1e6):.1f} megapixels; "
        f"at most {megapixels_allowed(limit):.1f} can be read.",
        Problem(ProblemCode.TOO_MANY_PIXELS, got=pixels / 1e6, limit=limit),
    )


class _Quiet:
    """Turns off Pillow's warnings and its pixel limit while any thread decodes.

    Pillow's limit (an error above 179 megapixels for WebP, TIFF and frames of GIF) belongs to the
    whole process. Ours belongs to the caller and is checked before Pillow allocates memory.

    Pillow warns about damaged metadata on standard error, once for each place in its code. This
    helps nobody: the picture is either read or refused. `warnings.catch_warnings` alone is not safe
    if several threads decode (Python < 3.14), because one thread would restore what another has
    set. So the first thread sets the filter, and the last one restores it.

    libtiff, in C, still prints a line or two about a damaged TIFF. Only redirecting the standard
    error of the whole process could prevent that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._scope = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._threads == 0:
                self._scope.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=r"PIL\.")
                limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
                self._scope.callback(setattr, Image, "MAX_IMAGE_PIXELS", limit)
            self._threads += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._threads -= 1
            if self._threads == 0:
                self._scope.close()


_quiet = _Quiet()

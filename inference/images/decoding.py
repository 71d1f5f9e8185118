"""Bytes that a stranger sent → an RGB picture, or a refusal with a sentence.

The format is told from the first bytes, never from a name; the header's pixel count is checked
before anything is decoded; and whatever a decoder raises becomes `ImageRefused`. Pillow's readers
are called directly, not through `Image.open`: that one looks at every format that any library has
registered. They see a file without its metadata (`containers.py`), which is where most files
are damaged that every viewer shows.

ICC profiles are ignored on purpose. The reference preprocessing (openai/CLIP: `convert("RGB")`)
does so too, hence so did training; a Display P3 photo read as sRGB is only a little less saturated,
and a colour management engine is one more parser that strangers could feed.
"""

import contextlib
import threading
import warnings
from io import BytesIO

from PIL import Image, ImageChops, JpegImagePlugin

from inference.images import formats, jpeg, orientation
from inference.images.containers import Stripped
from inference.images.formats import format_of
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

DEFAULT_MEGAPIXELS = 128.0  # phones' full-size modes have 50 and 108; see also MAX_UNSEEN
MIN_SIDE = 3  # pixels; below it there is nothing to see, and resizers divide by what is left

# Keep this many times what the model looks at, so that the final, antialiased resize still has
# pixels to average. Measured on photographs: what the model then sees differs from what it sees of
# the full picture by 0.5 to 0.7 grey levels of 255 on average (4 at the 99th percentile).
OVERSAMPLING = 2

# The chart shows the picture too, however little the model looks at.
MIN_DECODED_SIDE = 512  # pixels

# Of a JPEG that is decoded at a fraction, so many times the limit may be passed over: a flat one of
# 1,024 megapixels takes 0.8 s of an AMD EPYC core.
_MAX_UNSEEN = 8
# Of a JPEG in several scans, all coefficients are held: 3 bytes a pixel as phones write them.
_MAX_COEFFICIENTS = 8  # bytes for each pixel that is allowed

# A JPEG that ends too early is read if so much of its rows is there, as viewers show it. Other
# formats need all rows: none of them is written by cameras that lose power.
_ENOUGH_ROWS = 0.9

# What a decoder holds of a picture, bytes for each pixel, measured as growth of the process.
_BYTES_A_PIXEL = 5  # Pillow's own pixels, and what is being converted
_BYTES_BY_FORMAT = {"WEBP": 17, "AVIF": 13, "HEIF": 13}  # and the library's own


def decode(
    data: bytes,
    *,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
    target_side: int | None = None,
    budget: MemoryBudget | None = None,
) -> Image.Image:
    """Read a picture of any allowed format: upright, without transparency, in RGB.

    Args:
        data: the whole file. Of an animation, the first frame is read.
        max_megapixels: limit on width x height as they are decoded, in millions. A JPEG may state
            more if it is decoded at a fraction: see `target_side`.
        target_side: shorter side, in pixels, of what the model sees. Larger pictures are decoded
            at a fraction of their size; no side becomes shorter than twice this, or than 512
            pixels.
        budget: memory shared with others who decode at the same time.

    Returns:
        An RGB image, at least 3 x 3 pixels, loaded and independent of `data`.

    Raises:
        ImageRefused: the picture can't or won't be read.
        TooLargeForHost: there is not enough memory, now at least. Nothing else is ever raised.
    """
    job = _Decoding(data, max_megapixels, target_side, budget or MemoryBudget(2**63))
    try:
        with _quiet:
            return job.picture()
    except (ImageRefused, TooLargeForHost):
        raise
    except MemoryError as error:
        raise TooLargeForHost(job.pixels / 1e6) from error
    except Exception as error:
        # A decoder fed with damaged bytes may raise anything: OSError, SyntaxError, ValueError,
        # struct.error, zlib.error, OverflowError, IndexError, RecursionError …
        if job.lacked_memory(error):
            raise TooLargeForHost(job.pixels / 1e6) from error
        raise ImageRefused(
            "The picture is damaged or incomplete.", Problem(ProblemCode.IMAGE_TRUNCATED)
        ) from error


class _Decoding:
    """One file on its way to a picture.

    Attributes:
        pixels: width x height as the file states them; 0 until they are known.
    """

    def __init__(
        self, data: bytes, max_megapixels: float, target_side: int | None, budget: MemoryBudget
    ) -> None:
        self.pixels = 0
        self._data = data
        self._limit = max_megapixels
        self._enough = max(OVERSAMPLING * target_side, MIN_DECODED_SIDE) if target_side else None
        self._budget = budget
        self._needs = 0  # bytes

    def picture(self) -> Image.Image:
        """Decode it; raises whatever a decoder raises."""
        kind = format_of(self._data)
        if kind is formats.JPEG:
            return self._jpeg()
        file = Stripped(self._data)
        with contextlib.suppress(Exception):  # then the decoder says what is wrong
            file = kind.strip(self._data)
        if file.size:
            self._check_size(file.size)
            self._needs = self.pixels * _BYTES_BY_FORMAT["WEBP"]
        else:
            with kind.reader(BytesIO(file.data)) as image:
                self._check_size(image.size)
                a_pixel = _BYTES_BY_FORMAT.get(image.format or "", _BYTES_A_PIXEL)
            self._needs = self.pixels * a_pixel
        with self._budget.reserved(self._needs):
            return self._read(kind, file)

    def _read(self, kind: formats.Format, file: Stripped) -> Image.Image:
        turned = file.orientation
        with kind.reader(BytesIO(file.data)) as image:
            if kind is formats.AVIF:
                # Pillow's reader tells of `irot` and `imir` in the words of Exif; libheif's has
                # applied them already.
                turned = orientation.told_by(image.info.get("exif") or b"")
            image.load()
            self._check_size(image.size)  # HEIC: the size may change in decoding
            return orientation.upright(self._reduced(image), turned)

    def _jpeg(self) -> Image.Image:
        file = jpeg.read(self._data)
        if file.repeats_itself:
            raise ImageRefused(
                "The picture is damaged: it repeats itself.", Problem(ProblemCode.IMAGE_TRUNCATED)
            )
        with self._opened_jpeg(file.data) as image:
            self._check_jpeg(image, file)
            self._needs = image.width * image.height * _BYTES_A_PIXEL + file.coefficients
            with self._budget.reserved(self._needs if file.ended else 2 * self._needs):
                return self._read_jpeg(image if file.ended else None, file)

    def _read_jpeg(self, image: Image.Image | None, file: jpeg.Jpeg) -> Image.Image:
        if image is None:
            image = self._opened_jpeg(file.data + jpeg.END)
        try:
            image.load()
            if not (file.ended or file.refining):
                self._check_rows(image, file.data)
            return orientation.upright(self._reduced(image), file.orientation)
        finally:
            image.close()  # its memory is free before others get theirs

    def _opened_jpeg(self, data: bytes) -> JpegImagePlugin.JpegImageFile:
        image = JpegImagePlugin.JpegImageFile(BytesIO(data))
        self.pixels = image.width * image.height
        if self._enough:
            # The inverse DCT at 1/2, 1/4 or 1/8 of the size: both sides stay at least this long.
            image.draft(None, (self._enough, self._enough))
        return image

    def _check_jpeg(self, image: Image.Image, file: jpeg.Jpeg) -> None:
        """Refuse what takes too much memory, or too long, however small it is decoded."""
        stated, limit = self.pixels, self._limit * 1e6
        self._check_size(image.size)
        self.pixels = stated
        if stated > _MAX_UNSEEN * limit or file.coefficients > _MAX_COEFFICIENTS * limit:
            raise _too_many_pixels(stated, self._limit)

    def _check_rows(self, image: Image.Image, data: bytes) -> None:
        """Refuse a JPEG without an end whose last rows are not there.

        A decoder makes up what is missing. So the file is decoded once more with other bytes behind
        it: where both agree, the file itself carries the pixels.
        """
        with self._opened_jpeg(data + bytes(range(1, 255)) * 8 + jpeg.END) as other:
            other.load()
            box = ImageChops.difference(image, other).getbbox(alpha_only=False)
        if box is not None and box[1] < _ENOUGH_ROWS * image.height:
            raise ImageRefused("The picture is incomplete.", Problem(ProblemCode.IMAGE_TRUNCATED))

    def _check_size(self, size: tuple[int, int]) -> None:
        width, height = size
        self.pixels = width * height
        if self.pixels > self._limit * 1e6:
            raise _too_many_pixels(self.pixels, self._limit)
        if min(size) < MIN_SIDE:
            raise ImageRefused(
                f"The picture is smaller than {MIN_SIDE} × {MIN_SIDE} pixels.",
                Problem(ProblemCode.IMAGE_TOO_SMALL, got=min(size), limit=MIN_SIDE),
            )

    def _reduced(self, image: Image.Image) -> Image.Image:
        """The picture in RGB, no larger than it need be."""
        factor = max(1, min(image.size) // self._enough) if self._enough else 1
        return reduced(image, factor)

    def lacked_memory(self, error: Exception) -> bool:
        """Whether a decoder ran out of memory, which C libraries call all sorts of things.

        libjpeg says "broken data stream", and libheif calls it memory where sizes make no sense. So
        it is tried whether as much can be had: nothing is written there, which costs no time.
        """
        if "out of memory" in str(error).lower():
            return True
        try:
            bytearray(self._needs)
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
    """While any thread decodes, Pillow neither warns about a file nor has a limit of its own.

    Its limit (an error above 179 megapixels for WebP, TIFF and frames of GIF) is the whole
    process's; ours is the caller's, and is looked at before Pillow takes any memory.

    Damaged metadata makes Pillow warn on standard error, once for each place in its code, which
    tells nobody anything: the picture is either read or refused. `warnings.catch_warnings` alone
    is not safe where several threads decode (Python < 3.14): one would restore what another had
    set. So the first one in sets the filter, and the last one out restores.

    libtiff, in C, still prints a line or two about a damaged TIFF; only a redirection of the whole
    process's standard error could stop that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._scope = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._scope.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=r"PIL\.")
                limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
                self._scope.callback(setattr, Image, "MAX_IMAGE_PIXELS", limit)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._scope.close()


_quiet = _Quiet()

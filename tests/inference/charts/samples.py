"""What the tests of charts draw, and what a chart must be to be shown in a chat."""

from PIL import Image

from inference.protocol.messages import ChartWords

WORDS = ChartWords()
SPANISH = ChartWords(
    something_else="otra cosa", and_more="y {count} más: {share}", decimal_point=","
)
FRUIT = ["a red apple", "a green pear", "a tree"]
TYPED = ["$x_1$", r"\frac{1}{2}", "a_b^c {d}", "100 % & #1", r"\alpha", "<b>bold</b>"]


def photo(width: int = 64, height: int = 48) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).convert("RGB")


def fits_a_chat(chart: Image.Image) -> bool:
    """Bot API, sendPhoto: width + height ≤ 10,000 and ratio ≤ 20."""
    w, h = chart.size
    return chart.mode == "RGB" and w + h <= 10_000 and max(w, h) <= 20 * min(w, h)

"""Photos, labels and words that the tests of charts draw."""

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
    """Return whether the Bot API accepts it (sendPhoto: width + height ≤ 10,000, ratio ≤ 20)."""
    w, h = chart.size
    return chart.mode == "RGB" and w + h <= 10_000 and max(w, h) <= 20 * min(w, h)

"""Questions about drawn shapes, and how often the right label wins."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from transformers import CLIPModel, CLIPTokenizer

from training.batching.maker import token_ids
from training.drawing import shapes
from training.drawing.shapes import Group, Scene
from training.model.architecture import image_features, image_processor, text_features
from training.words import lexicon
from training.words.lexicon import Language

Picture = Image.Image
Logits = npt.NDArray[np.float32]


@torch.inference_mode()
def seen(model: CLIPModel, images: Sequence[Picture]) -> Tensor:
    """Unit features of pictures, float32 [images, features], through the shipped preprocessor."""
    processor = image_processor()
    rows = []
    for start in range(0, len(images), 64):
        pixels = processor(list(images[start : start + 64]), return_tensors="pt")["pixel_values"]
        rows.append(functional.normalize(image_features(model, pixels).projected, dim=1))
    return torch.cat(rows)


@torch.inference_mode()
def logits(
    model: CLIPModel, tokenizer: CLIPTokenizer, pictures: Tensor, texts: list[str]
) -> Logits:
    """exp(logit_scale) times cosine, float32 [images, texts].

    Args:
        model: the model.
        tokenizer: its own.
        pictures: as `seen` gives them.
        texts: of any length.
    """
    text = functional.normalize(text_features(model, token_ids(tokenizer, texts)), dim=1)
    result: Logits = (model.logit_scale.exp() * pictures @ text.T).numpy()
    return result


def photo(scene: Scene, rng: np.random.Generator, size: tuple[int, int] = (320, 240)) -> Picture:
    """A scene on a white or a plain light ground, in a picture of this width and height."""
    drawing = shapes.draw(scene, rng)
    ground = (255, 255, 255) if rng.random() < 0.6 else tuple(rng.integers(205, 245, size=3))
    picture = Image.new("RGB", size, tuple(int(level) for level in ground))
    rgba = Image.fromarray(drawing.rgba, "RGBa").convert("RGBA")
    side = min(size)
    rgba = rgba.resize((side, side), Image.Resampling.BICUBIC)
    picture.paste(rgba, ((size[0] - side) // 2, (size[1] - side) // 2), rgba)
    return picture


COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black")
SHAPES = ("circle", "square", "triangle", "rectangle", "star", "heart", "diamond", "hexagon")


def label(group: Group, language: Language) -> str:
    """The usual words for a group: "two blue squares", "un círculo rojo"."""
    noun = lexicon.SHAPES[group.shape].of(language)[0]
    plural = group.count > 1
    colour = lexicon.COLOURS[group.colour].of(language)[0]
    name, tint = noun.form(plural=plural), colour.form(feminine=noun.feminine, plural=plural)
    count = lexicon.COUNTS[language][group.count - 1][
        int(noun.feminine and not plural) if language is Language.SPANISH else 0
    ]
    if language is Language.ENGLISH:
        article = "an" if count == "a" and tint[0] in "aeiou" else count
        return f"{article} {tint} {name}"
    return f"{count} {name} {tint}"


def accuracy(
    model: CLIPModel,
    tokenizer: CLIPTokenizer,
    question: Callable[[np.random.Generator], tuple[Scene, list[Group]]],
    language: Language,
    count: int,
    seed: int,
) -> float:
    """How often the first of the labels wins; the questions are drawn afresh from the seed."""
    scores = ask(model, tokenizer, question, language, count, seed)
    return float((scores.argmax(axis=1) == 0).mean())


def ask(
    model: CLIPModel,
    tokenizer: CLIPTokenizer,
    question: Callable[[np.random.Generator], tuple[Scene, list[Group]]],
    language: Language,
    count: int,
    seed: int,
) -> Logits:
    """Logits of each question's labels, the right one first: float32 [count, labels]."""
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for _ in range(count):
        scene, groups = question(rng)
        images.append(photo(scene, rng, ((320, 240), (240, 240), (240, 320))[int(rng.integers(3))]))
        labels.append([label(group, language) for group in groups])
    texts = sorted({text for row in labels for text in row})
    index = {text: at for at, text in enumerate(texts)}
    scores = logits(model, tokenizer, seen(model, images), texts)
    chosen = np.array([[index[text] for text in row] for row in labels])
    return np.take_along_axis(scores, chosen, axis=1)


def any_shapes(rng: np.random.Generator) -> tuple[Scene, list[Group]]:
    """One of 9 colours × 8 shapes against 7 others."""
    pairs = [Group(shape, colour) for shape in SHAPES for colour in COLOURS]
    chosen = [pairs[int(at)] for at in rng.permutation(len(pairs))[:8]]
    return Scene((_drawn(chosen[0], rng),)), chosen


def alike_shapes(rng: np.random.Generator) -> tuple[Scene, list[Group]]:
    """As `any_shapes`, with four that have its colour and three that have its shape."""
    colours, kinds = rng.permutation(COLOURS), rng.permutation(SHAPES)
    groups = [Group(str(kind), str(colours[0])) for kind in kinds[:5]]
    groups += [Group(str(kinds[0]), str(colour)) for colour in colours[1:4]]
    return Scene((_drawn(groups[0], rng),)), groups


def counted_shapes(rng: np.random.Generator) -> tuple[Scene, list[Group]]:
    """Counts 1..4 of one shape, and two that differ in colour or in shape: 6-way."""
    colours, kinds = rng.permutation(COLOURS), rng.permutation(SHAPES)
    counts = rng.permutation(4) + 1
    groups = [Group(str(kinds[0]), str(colours[0]), int(count)) for count in counts]
    groups.append(Group(str(kinds[0]), str(colours[1]), int(counts[0])))
    groups.append(Group(str(kinds[1]), str(colours[0]), int(counts[0])))
    return Scene((_drawn(groups[0], rng),)), groups


def _drawn(group: Group, rng: np.random.Generator) -> Group:
    fill = "solid" if rng.random() < 0.7 else "outline"
    size = str(rng.choice(shapes.SIZES)) if group.count == 1 else None
    return Group(group.shape, group.colour, group.count, fill=fill, size=size)

"""Questions about drawn shapes: a picture and labels, of which the first is right."""

from collections.abc import Callable

import numpy as np
from PIL import Image
from transformers import CLIPModel, CLIPTokenizer

from training.drawing import rendering
from training.drawing.scenes import SIZES, Group, Scene
from training.measuring.similarity import Logits, Picture, encode_pictures, logits
from training.words import lexicon
from training.words.language import Language

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black")
SHAPES = ("circle", "square", "triangle", "rectangle", "star", "heart", "diamond", "hexagon")

# Chooses a scene and the labels, as groups of shapes; the first group is the scene's.
Question = Callable[[np.random.Generator], tuple[Scene, list[Group]]]


def any_shapes(rng: np.random.Generator) -> tuple[Scene, list[Group]]:
    """Ask which of 8 combinations of colour and shape a picture shows; the first is right."""
    pairs = [Group(shape, colour) for shape in SHAPES for colour in COLOURS]
    chosen = [pairs[int(at)] for at in rng.permutation(len(pairs))[:8]]
    return Scene((_varied(chosen[0], rng),)), chosen


def alike_shapes(rng: np.random.Generator) -> tuple[Scene, list[Group]]:
    """Ask as `any_shapes` does; 4 wrong labels have the right colour, and 3 the right shape."""
    colours, kinds = rng.permutation(COLOURS), rng.permutation(SHAPES)
    groups = [Group(str(kind), str(colours[0])) for kind in kinds[:5]]
    groups += [Group(str(kinds[0]), str(colour)) for colour in colours[1:4]]
    return Scene((_varied(groups[0], rng),)), groups


def counted_shapes(rng: np.random.Generator) -> tuple[Scene, list[Group]]:
    """Ask for a count of 1..4, against the other counts, another colour and another shape."""
    colours, kinds = rng.permutation(COLOURS), rng.permutation(SHAPES)
    counts = rng.permutation(4) + 1
    groups = [Group(str(kinds[0]), str(colours[0]), int(count)) for count in counts]
    groups.append(Group(str(kinds[0]), str(colours[1]), int(counts[0])))
    groups.append(Group(str(kinds[1]), str(colours[0]), int(counts[0])))
    return Scene((_varied(groups[0], rng),)), groups


QUESTIONS = {"shapes": any_shapes, "alike": alike_shapes, "counts": counted_shapes}


def _varied(group: Group, rng: np.random.Generator) -> Group:
    fill = "solid" if rng.random() < 0.7 else "outline"
    size = str(rng.choice(SIZES)) if group.count == 1 else None
    return Group(group.shape, group.colour, group.count, fill=fill, size=size)


def label(group: Group, language: Language) -> str:
    """Return the usual words for a group: "two blue squares", "un círculo rojo"."""
    words = lexicon.load()
    noun = words.shapes[group.shape][language][0]
    plural = group.count > 1
    adjective = words.colours[group.colour][language][0]
    name, colour = noun.form(plural=plural), adjective.form(feminine=noun.feminine, plural=plural)
    count = words.counts[language][group.count - 1][
        int(noun.feminine and not plural) if language is Language.SPANISH else 0
    ]
    if language is Language.ENGLISH:
        article = "an" if count == "a" and colour[0] in "aeiou" else count
        return f"{article} {colour} {name}"
    return f"{count} {name} {colour}"


def photo(scene: Scene, rng: np.random.Generator, size: tuple[int, int] = (320, 240)) -> Picture:
    """Draw a scene on a white or a plain light ground, in a picture of this width and height."""
    drawing = rendering.draw(scene, rng)
    ground = (255, 255, 255) if rng.random() < 0.6 else tuple(rng.integers(205, 245, size=3))
    picture = Image.new("RGB", size, tuple(int(level) for level in ground))
    rgba = Image.fromarray(drawing.rgba, "RGBa").convert("RGBA")
    side = min(size)
    rgba = rgba.resize((side, side), Image.Resampling.BICUBIC)
    picture.paste(rgba, ((size[0] - side) // 2, (size[1] - side) // 2), rgba)
    return picture


def question_logits(
    model: CLIPModel,
    tokenizer: CLIPTokenizer,
    question: Question,
    language: Language,
    count: int,
    seed: int,
) -> Logits:
    """Return logits of each question's labels, the right one first, float32 [count, labels].

    Args:
        model: the model.
        tokenizer: that of the model.
        question: chooses scenes and labels.
        language: of the labels.
        count: number of questions.
        seed: of the questions; the same seed gives the same questions.
    """
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for _ in range(count):
        scene, groups = question(rng)
        images.append(photo(scene, rng, ((320, 240), (240, 240), (240, 320))[int(rng.integers(3))]))
        labels.append([label(group, language) for group in groups])
    texts = sorted({text for row in labels for text in row})
    index = {text: at for at, text in enumerate(texts)}
    scores = logits(model, tokenizer, encode_pictures(model, images), texts)
    chosen = np.array([[index[text] for text in row] for row in labels])
    return np.take_along_axis(scores, chosen, axis=1)


def accuracy(
    model: CLIPModel,
    tokenizer: CLIPTokenizer,
    question: Question,
    language: Language,
    count: int,
    seed: int,
) -> float:
    """Return how often the right label wins, 0..1; see `question_logits`."""
    scores = question_logits(model, tokenizer, question, language, count, seed)
    return float((scores.argmax(axis=1) == 0).mean())

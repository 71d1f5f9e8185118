"""Drawn scenes show what their descriptions say."""

import numpy as np
import pytest

from training.drawing.colours import COLOURS, named_colours, sample_colour
from training.drawing.rendering import CANVAS, Drawing, draw
from training.drawing.scenes import SHAPES, Group, Scene, random_scene


def painted(scene: Scene, seed: int = 1) -> Drawing:
    return draw(scene, np.random.default_rng(seed))


def islands(solid: np.ndarray) -> int:
    """Return the number of separate areas of True."""
    left, count = {(int(y), int(x)) for y, x in zip(*np.nonzero(solid), strict=True)}, 0
    while left:
        count += 1
        edge = [left.pop()]
        while edge:
            y, x = edge.pop()
            for dy, dx in np.ndindex(3, 3):
                near = (y + dy - 1, x + dx - 1)
                if near in left:
                    left.remove(near)
                    edge.append(near)
    return count


def centre(solid: np.ndarray) -> tuple[float, float]:
    """Return x and y of the centre of True, as parts of the picture's side."""
    y, x = np.nonzero(solid)
    return float(x.mean()) / CANVAS, float(y.mean()) / CANVAS


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", ["circle", "square", "star", "arrow"])
def test_a_group_has_as_many_shapes_as_it_says(shape: str, count: int) -> None:
    for seed in range(5):
        drawing = painted(Scene((Group(shape, "blue", count),)), seed)
        assert islands(drawing.rgba[..., 3] > 127) == count


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_drawn_within_the_canvas(shape: str) -> None:
    drawing = painted(Scene((Group(shape, "red", size="medium", place="centre"),)))
    alpha = drawing.rgba[..., 3]
    assert alpha.max() == 255
    assert not alpha[[0, -1]].any()
    assert not alpha[:, [0, -1]].any()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("red", (230, 20, 20)),
        ("green", (20, 160, 40)),
        ("blue", (20, 60, 220)),
        ("black", (0, 0, 0)),
    ],
)
def test_a_colour_is_nearest_to_its_usual_value(name: str, nearest: tuple[int, int, int]) -> None:
    usual = np.array([(230, 20, 20), (20, 160, 40), (20, 60, 220), (0, 0, 0), (255, 255, 255)])
    rng = np.random.default_rng(4)
    for _ in range(50):
        distance = np.linalg.norm(usual - np.array(sample_colour(name, rng)), axis=1)
        assert tuple(usual[distance.argmin()]) == nearest


@pytest.mark.parametrize("relation", ["left", "right", "above", "below"])
def test_the_first_of_two_stands_where_the_relation_says(relation: str) -> None:
    for seed in range(8):
        scene = Scene((Group("square", "red"), Group("square", "blue")), relation)
        rgba = painted(scene, seed).rgba.astype(int)
        red_x, red_y = centre(rgba[..., 0] - rgba[..., 2] > 60)
        blue_x, blue_y = centre(rgba[..., 2] - rgba[..., 0] > 60)
        assert {
            "left": red_x < blue_x - 0.1,
            "right": red_x > blue_x + 0.1,
            "above": red_y < blue_y - 0.1,
            "below": red_y > blue_y + 0.1,
        }[relation]


def test_sizes_do_not_overlap() -> None:
    def area(size: str, seed: int) -> int:
        scene = Scene((Group("square", "green", size=size),))
        return int((painted(scene, seed).rgba[..., 3] > 127).sum())

    seeds = range(10)
    assert max(area("small", seed) for seed in seeds) < min(area("medium", seed) for seed in seeds)
    assert max(area("medium", seed) for seed in seeds) < min(area("large", seed) for seed in seeds)


@pytest.mark.parametrize("place", ["left", "right", "top", "bottom", "centre"])
def test_a_shape_stands_in_its_place(place: str) -> None:
    for seed in range(5):
        scene = Scene((Group("circle", "red", size="small", place=place),))
        x, y = centre(painted(scene, seed).rgba[..., 3] > 127)
        assert {
            "left": x < 0.33,
            "right": x > 0.67,
            "top": y < 0.33,
            "bottom": y > 0.67,
            "centre": abs(x - 0.5) < 0.1 and abs(y - 0.5) < 0.1,
        }[place]


def test_the_same_seed_draws_the_same_picture() -> None:
    scene = random_scene(np.random.default_rng(9))
    assert np.array_equal(painted(scene, 5).rgba, painted(scene, 5).rgba)


def test_colours_are_premultiplied() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        rgba = draw(random_scene(rng), rng).rgba
        assert (rgba[..., :3] <= rgba[..., 3:]).all()


def test_sampled_colours_are_called_by_their_names() -> None:
    rng = np.random.default_rng(7)
    for name in COLOURS:
        sampled = np.array([sample_colour(name, rng) for _ in range(200)], np.uint8)
        called = named_colours(sampled)
        index = COLOURS.index(name)
        assert set(called.tolist()) <= {index, -1}, name
        assert (called == index).mean() > 0.7, name

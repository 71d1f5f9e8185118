"""The samples: each is a picture with a caption in which the right phrase is one of several."""

from pathlib import Path

import pytest
from PIL import Image

from clipbot_playground.page.gallery import Gallery
from inference.protocol import labels as phrases


def _folder(path: Path, *names: str) -> Path:
    for name in names:
        Image.new("RGB", (4, 3)).save(path / f"{name}.png")
    return path


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_bundled_samples_are_pictures_with_ready_captions(language: str) -> None:
    described = Gallery().to_json(language)
    assert "licence" in described["licence"]
    assert len(described["samples"]) >= 4
    for about in described["samples"]:
        sample = Gallery().get(about["name"])
        assert sample is not None
        with Image.open(sample.path) as image:
            assert min(image.size) >= 200
        labels = phrases.parse(about["caption"], max_labels=50)
        assert labels.count(about["shows"]) == 1
        assert len(labels) >= 4


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_captions_of_the_samples_differ(language: str) -> None:
    samples = Gallery().to_json(language)["samples"]
    asked = [frozenset(phrases.parse(about["caption"], max_labels=50)) for about in samples]
    assert len(set(asked)) == len(samples)
    places = {about["caption"].split(", ").index(about["shows"]) for about in samples}
    assert len(places) >= 4


def test_captions_are_in_the_language_of_the_client(tmp_path: Path) -> None:
    words = {
        "a-tree": {
            "en": {"shows": "a tree", "others": ["a bush"]},
            "es": {"shows": "un árbol", "others": ["un arbusto"]},
        }
    }
    sample = Gallery(_folder(tmp_path, "a-tree"), words).get("a-tree")
    assert sample is not None
    spanish, english = sample.caption("es"), sample.caption("en")
    assert (spanish.text, english.text) == ("un árbol, un arbusto", "a tree, a bush")
    assert sample.caption("es-MX") == sample.caption("ES-ar") == spanish
    assert sample.caption("pt-br") == sample.caption("") == sample.caption(None) == english


def test_the_right_phrase_is_not_always_the_first(tmp_path: Path) -> None:
    words = {name: {"en": {"shows": name, "others": ["x", "y"]}} for name in "abcd"}
    gallery = Gallery(_folder(tmp_path, *"abcd"), words)
    captions = [about["caption"] for about in gallery.to_json()["samples"]]
    assert captions == ["a, x, y", "x, b, y", "x, y, c", "d, x, y"]


def test_a_file_without_phrases_says_what_it_shows(tmp_path: Path) -> None:
    (about,) = Gallery(_folder(tmp_path, "two-blue-squares")).to_json()["samples"]
    assert about == {
        "name": "two-blue-squares",
        "url": "/play/samples/two-blue-squares",
        "shows": "two blue squares",
        "caption": "two blue squares",
    }


def test_without_a_folder_there_are_no_samples(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "none")
    assert gallery.to_json()["samples"] == []
    assert gallery.get("a") is None

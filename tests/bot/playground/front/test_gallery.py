"""The samples: each is a picture with a caption in which the right phrase is one of several."""

from pathlib import Path

from PIL import Image

from bot.playground.front.gallery import Gallery
from inference import phrases


def _folder(path: Path, *names: str) -> Path:
    for name in names:
        Image.new("RGB", (4, 3)).save(path / f"{name}.png")
    return path


def test_the_bundled_samples_are_pictures_with_ready_captions() -> None:
    described = Gallery().to_json()
    assert "licence" in described["licence"]
    assert len(described["samples"]) >= 4
    for about in described["samples"]:
        sample = Gallery().get(about["name"])
        assert sample is not None
        with Image.open(sample.path) as image:
            assert min(image.size) >= 200
        labels = phrases.parse(sample.caption, max_labels=50)
        assert labels.count(sample.shows) == 1
        assert len(labels) == 4


def test_the_right_phrase_is_not_always_the_first(tmp_path: Path) -> None:
    gallery = Gallery(_folder(tmp_path, *"abcdef"))
    captions = {name: str(getattr(gallery.get(name), "caption", "")) for name in "abcdef"}
    assert captions["a"] == captions["d"] == "a, b, c, d"
    assert captions["e"] == captions["f"] == "e, f, a, b"


def test_a_file_says_what_it_shows(tmp_path: Path) -> None:
    (about,) = Gallery(_folder(tmp_path, "two-blue-squares")).to_json()["samples"]
    assert about == {
        "name": "two-blue-squares",
        "url": "/play/samples/two-blue-squares",
        "shows": "two blue squares",
        "caption": "two blue squares",
    }


def test_no_folder_no_samples(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "none")
    assert gallery.to_json()["samples"] == []
    assert gallery.get("a") is None

"""`clipbot classify`, called as people type it."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from PIL import Image

from inference import classify as classify_module
from inference.model.classifier import Comparison, ScriptedClassifier, colour_of
from inference.model.hub import download
from inference.model.hub.download import FetchProgress
from inference.model.loading import load_engine
from inference.protocol.errors import ModelUnavailable, TooLargeForHost
from inference.protocol.settings import WorkerSettings
from tests.inference.conftest import Type
from tests.inference.pictures import picture

QUOTES = "If it is one of the phrases, put the phrases in quotes"
PHRASES = "a red car, a green tree, a blue sea"


def test_one_picture(types: Type) -> None:
    result = types("green.png", PHRASES)
    assert result.exit_code == 0
    first, *table = result.stdout.splitlines()
    assert first == "The image is classified as: a green tree"
    rows = [line for line in table if "%" in line]
    assert "a green tree" in rows[0]
    assert "90.0 %" in rows[0]
    assert len(rows) == 3
    assert result.stderr == ""


def test_several_pictures_have_headings(types: Type) -> None:
    result = types("green.png", "red.png", PHRASES)
    lines = result.stdout.splitlines()
    assert lines.index("green.png") + 1 == lines.index("The image is classified as: a green tree")
    assert lines.index("red.png") + 1 == lines.index("The image is classified as: a red car")


def test_a_picture_whose_scores_are_not_numbers_has_no_result(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overflows(self: ScriptedClassifier, images: list[Image.Image], sets: object) -> object:
        rows = [np.full(3, np.nan if colour_of(each) == "red" else 0.3) for each in images]
        return [Comparison(row.astype(np.float32)) for row in rows]

    monkeypatch.setattr(ScriptedClassifier, "compare", overflows)
    result = types("red.png", "blue.png", PHRASES, "--json", "--chart", "chart.png")
    assert result.exit_code == 1
    [line] = result.stdout.splitlines()
    assert json.loads(line)["image"] == "blue.png"
    assert result.stderr.splitlines() == [
        "red.png: The model's scores are not numbers; CLIP_DTYPE=float32 may help."
    ]
    assert Path("chart.png").is_file()
    alone = types("red.png", PHRASES, "--chart", "other.png")
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert not Path("other.png").exists()


def test_json_is_one_line_for_each_picture_and_nothing_else(types: Type) -> None:
    result = types("red.png", "bad.jpg", "./blue.png", PHRASES, "--json")
    assert result.exit_code == 1
    red, blue = [json.loads(line) for line in result.stdout.splitlines()]
    assert red["image"] == "red.png"
    assert red["model"] == "scripted"
    assert red["winner"] == "a red car"
    assert list(red["probabilities"]) == ["a red car", "a green tree", "a blue sea"]
    assert red["probabilities"]["a red car"] == pytest.approx(0.9)
    assert (blue["image"], blue["winner"]) == ("./blue.png", "a blue sea")
    assert result.stderr == "bad.jpg: This file is not a picture.\n"


def test_phrases_need_no_commas(types: Type) -> None:
    answer = json.loads(types("red.png", "is it a red car or a green tree?", "--json").stdout)
    assert list(answer["probabilities"]) == ["a red car", "a green tree"]


def test_a_single_phrase_is_compared_with_something_else(types: Type) -> None:
    result = types("red.png", "a green tree", "--json")
    answer = json.loads(result.stdout)
    assert answer["winner"] == "something else"
    assert answer["probabilities"] == pytest.approx({"a green tree": 0.1, "something else": 0.9})


def test_sigmoid_scores_are_not_compared_with_something_else(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedClassifier, "sigmoid_scores", True)
    assert json.loads(types("red.png", "a tree", "--json").stdout)["winner"] == "a tree"
    assert "need not add up to 100 %" in types("red.png", PHRASES).stdout


def test_a_picture_from_standard_input(types: Type) -> None:
    result = types("-", PHRASES, "--json", stdin=picture("blue"))
    answer = json.loads(result.stdout)
    assert (answer["image"], answer["winner"]) == ("-", "a blue sea")


@pytest.mark.parametrize(
    ("suffix", "kind"), [(".png", "PNG"), (".jpg", "JPEG"), (".JPEG", "JPEG"), (".webp", "WEBP")]
)
def test_a_chart(types: Type, suffix: str, kind: str) -> None:
    assert types("red.png", PHRASES, "--chart", f"out{suffix}").exit_code == 0
    with Image.open(f"out{suffix}") as chart:
        assert chart.format == kind
        assert chart.width >= 1_000


def test_a_chart_also_shows_unreadable_pictures(types: Type) -> None:
    result = types("red.png", "bad.jpg", "blue.png", PHRASES, "--chart", "album.png")
    assert result.exit_code == 1
    assert Path("album.png").is_file()


def test_more_pictures_than_a_batch_holds(types: Type) -> None:
    result = types(*["red.png", "bad.jpg", "blue.png"] * 3, PHRASES, "--json", MAX_BATCH="2")
    winners = [json.loads(line)["winner"] for line in result.stdout.splitlines()]
    assert winners == ["a red car", "a blue sea"] * 3


def test_a_bad_picture_alone_needs_no_model(types: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classify_module, "load_engine", None)
    result = types("bad.jpg", PHRASES, "--chart", "out.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "bad.jpg: This file is not a picture.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("none.png", PHRASES), "There is no file none.png."),
        (("none.png", "red.png", PHRASES), "There is no file none.png."),
        (("red.png", "none.png", PHRASES), "There is no file none.png."),
        (
            ("red.png", "cat", "dog"),
            f'There is no file cat. {QUOTES}: clipbot classify red.png "cat, dog".',
        ),
        (
            ("red.png", "blue.png", "a", "cat,", "a", "dog"),
            f'There is no file a. {QUOTES}: clipbot classify red.png blue.png "a cat, a dog".',
        ),
        (
            ("red.png", "dog", "or", "cat?"),
            f'There is no file dog. {QUOTES}: clipbot classify red.png "dog or cat?".',
        ),
        ((".", PHRASES), ". is a folder; name the pictures in it, for example ./*.jpg."),
        (("red.png", "my photos/", PHRASES), "my photos/ is a folder; name the pictures in it"),
        (("", PHRASES), "The name of a picture is empty."),
        (("x" * 5_000, PHRASES), "There is no file xxxxx"),
        (("red.png", "x" * 300, PHRASES), "There is no file xxxxx"),
        (("red\0.png", PHRASES), "There is no file red"),
        (("red.png", PHRASES, "--chart", f"{'x' * 300}/o.png"), "--chart is xxxxx"),
        (("red.png",), "Put the phrases last: clipbot classify photo.jpg"),
        (("red.png", "green.png"), "Put the phrases last: clipbot classify photo.jpg"),
        (("red.png", " ,; "), ""),
        (("red.png", ",".join(map(str, range(60)))), ""),
        (
            ("red.png", PHRASES, "--template", "a photo"),
            "--template must be auto, or contain {} once",
        ),
        (("red.png", PHRASES, "--chart", "out.gif"), "--chart is out.gif, but the name must end"),
        (("red.png", PHRASES, "--chart", "no/o.png"), "--chart is no/o.png, but there is no fold"),
        ((*["red.png"] * 11, PHRASES, "--chart", "o.png"), "A chart shows at most 10 pictures."),
        (("red.png", PHRASES, "--device", "tpu"), "CLIP_DEVICE is 'tpu', but it must be auto"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    types: Type, words: tuple[str, ...], sentence: str
) -> None:
    Path("my photos").mkdir()
    result = types(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) > 20


@pytest.mark.parametrize("between", [", ", ",\n"])
def test_phrases_longer_than_a_file_name(types: Type, between: str) -> None:
    phrases = between.join(["a red car", *(f"a fruit called number {i}" for i in range(23))])
    assert len(phrases) > 261
    answer = json.loads(types("red.png", phrases, "--json").stdout)
    assert answer["winner"] == "a red car"
    assert types("red.png", "a red\0 car, a tree").exit_code == 0


def test_a_chart_with_an_impossible_name(types: Type) -> None:
    for name in ("x" * 300 + ".png", "a\0b.png"):
        result = types("red.png", PHRASES, "--chart", name)
        assert result.exit_code == 1
        assert "can't be written" in result.stderr


def test_a_picture_too_large_for_the_memory(types: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(data: bytes, **_: object) -> Image.Image:
        raise TooLargeForHost(200)

    monkeypatch.setattr(classify_module, "decode", decode)
    result = types("red.png", PHRASES)
    assert result.exit_code == 1
    assert result.stderr == "red.png: The picture is too large for the memory of this host.\n"


def test_without_a_terminal_a_line_says_what_takes_so_long(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any line it would look as if the command hung."""
    said = threading.Event()
    monkeypatch.setattr(
        classify_module, "load_engine", lambda settings: said.wait(10) and ScriptedClassifier()
    )
    echo = click.echo

    def heard(message: str = "", **options: Any) -> None:
        echo(message, **options)
        if "Asking" in str(message):
            said.set()

    monkeypatch.setattr(click, "echo", heard)
    result = types("red.png", PHRASES, "--model", "some/checkpoint", "--json")
    assert result.stderr == "Asking the model hub for some/checkpoint …\n"
    assert json.loads(result.stdout)["winner"] == "a red car"


def test_a_missing_model_is_one_sentence(types: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(settings: WorkerSettings) -> None:
        raise ModelUnavailable(f"CLIP_MODEL is {settings.clip_model!r}, but there is none.")

    monkeypatch.setattr(classify_module, "load_engine", load)
    result = types("red.png", PHRASES, "--model", "x/y")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "CLIP_MODEL is 'x/y', but there is none.\n"


def test_a_chart_that_cannot_be_written_is_one_sentence(types: Type) -> None:
    Path("out.png").mkdir()
    result = types("red.png", PHRASES, "--chart", "out.png")
    assert result.exit_code == 1
    assert result.stdout.startswith("The image is classified as: a red car")
    assert result.stderr == "--chart: out.png can't be written (Is a directory).\n"


def test_the_demo_model_says_so(types: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedClassifier, "is_demo", True)
    monkeypatch.setattr(ScriptedClassifier, "name", "demo")
    result = types("red.png", PHRASES, "--json")
    assert "demo model" in result.stderr
    assert result.stderr.count("\n") == 1
    assert json.loads(result.stdout)["model"] == "demo"


def test_without_a_terminal_a_download_is_a_line_at_times(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(settings: WorkerSettings) -> ScriptedClassifier:
        for received in (84, 85, 605):
            download.report(FetchProgress(received * 10**6, 605 * 10**6))
        return ScriptedClassifier()

    monkeypatch.setattr(classify_module, "load_engine", load)
    result = types("red.png", PHRASES, "--model", "some/model")
    assert result.stderr == "Downloading some/model: 84 of 605 MB …\n"


@pytest.mark.parametrize(
    ("model", "shown"),
    [("demo", "Loading demo"), ("some/checkpoint", "Downloading some/checkpoint")],
)
def test_a_terminal_shows_that_the_model_loads(
    types: Type, monkeypatch: pytest.MonkeyPatch, model: str, shown: str
) -> None:
    result = types("red.png", PHRASES, "--model", model, FORCE_COLOR="1", TERM="xterm")
    assert shown in result.stderr
    assert "Loading" not in result.stdout


def test_a_template_wraps_each_phrase(
    types: Type, tiny_clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classify_module, "load_engine", load_engine)  # a real model
    given = ("--model", str(tiny_clip_folder), "--device", "cpu", "--json")
    wrapped = json.loads(types("red.png", "cat, dog", "--template", "a {} x", *given).stdout)
    typed = json.loads(types("red.png", "a cat x, a dog x", *given).stdout)
    assert list(wrapped["probabilities"]) == ["cat", "dog"]
    assert list(wrapped["probabilities"].values()) == pytest.approx(
        list(typed["probabilities"].values())
    )


def test_the_command_in_its_own_process(types: Type, tiny_clip_folder: Path) -> None:
    model = ("--model", str(tiny_clip_folder), "--device", "cpu")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "classify", "red.png", "blue.png", "a, b", "--json", *model],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr in {"", f"Loading {tiny_clip_folder} …\n"}  # only on a busy machine
    assert [json.loads(line)["image"] for line in done.stdout.splitlines()] == [
        "red.png",
        "blue.png",
    ]

"""`clipbot evaluate`, called as people type it, with a scripted model."""

import json
import os
import weakref
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL.Image import Image

from inference.cli import evaluate
from inference.evaluate import run as run_module
from inference.model.classifier import ScriptedClassifier, colour_of
from inference.protocol.errors import ModelUnavailable
from tests.inference.pictures import NOT_A_PICTURE, picture

Type = Callable[..., Result]


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedClassifier]:
    """The models that were loaded."""
    loaded: list[ScriptedClassifier] = []

    def load(settings: object) -> ScriptedClassifier:
        loaded.append(ScriptedClassifier())
        return loaded[-1]

    monkeypatch.setattr(run_module, "load_engine", load)
    return loaded


@pytest.fixture
def types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: object) -> Type:
    """Return a function that runs a command line in a folder with pictures.

    A red picture is in the wrong folder, so 5 of 6 are right.
    """
    monkeypatch.chdir(tmp_path)
    for name, colour in (
        ("red/1", "red"), ("red/2", "red"), ("green_tree/1", "green"), ("green_tree/2", "red"),
        ("blue/1", "blue"), ("blue/ñ 猫", "blue"),
    ):  # fmt: skip
        file = Path(f"data/{name}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(colour))

    def types(*words: str, **environment: str) -> Result:
        environment.setdefault("CLIP_MODEL", "demo")
        given = words if "--results" in words else (*words, "--results", "kept")
        return CliRunner(env=environment).invoke(evaluate, given)

    return types


def report(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def computed(model: ScriptedClassifier) -> int:
    """Return how many pictures a model saw after the grey one, which asks what it can tell."""
    return sum(model.batches) - 1


def test_a_folder_gives_tables(types: Type) -> None:
    result = types("data")
    assert result.exit_code == 0
    assert "6 pictures with 3 labels" in result.stdout
    assert "83.3 %" in result.stdout
    [tree] = [line for line in result.stdout.splitlines() if "green tree" in line]
    assert "50.0 %" in tree
    assert "red (1)" in tree
    assert "and 1 label without a mistake" in result.stdout
    assert result.stderr == "Loading demo …\n" or result.stderr == ""


def test_json_is_the_whole_report_and_nothing_else(types: Type) -> None:
    found = report(types("data", "--json", "-"))
    [run] = found["runs"]
    assert found["labels"] == ["blue", "green tree", "red"]
    assert (found["pictures"], found["unreadable"], found["notes"]) == (6, {}, [])
    assert (run["model"], run["template"], run["is_demo"]) == ("scripted", "none", False)
    assert run["figures"]["confusion"] == [[2, 0, 0], [0, 1, 1], [0, 0, 2]]
    assert run["figures"]["mistakes"] == [
        {"path": "green_tree/2.png", "label": "green tree", "answer": "red",
         "probability": pytest.approx(0.9)}
    ]  # fmt: skip
    assert run["milliseconds"] > 0


def test_a_csv_file_gives_the_same_as_its_folder(types: Type) -> None:
    lines = [
        f"{path.relative_to('data')},{path.parent.name.replace('_', ' ')}"
        for path in sorted(Path("data").rglob("*.png"))
    ]
    Path("data/all.csv").write_text("\n".join(lines), encoding="utf-8")
    of_csv = report(types("data/all.csv", "--json", "-"))["runs"][0]["figures"]
    Path("data/all.csv").unlink()
    of_folder = report(types("data", "--json", "-"))["runs"][0]["figures"]
    assert of_csv == of_folder


def test_unreadable_files_are_listed_and_the_rest_is_measured(types: Type) -> None:
    Path("data/red/empty.png").touch()
    Path("data/red/bad.jpg").write_bytes(NOT_A_PICTURE)
    Path("data/red/gone.png").symlink_to("nowhere.png")
    os.mkfifo("data/red/pipe.png")
    result = types("data", "--json", "all.json")
    assert result.exit_code == 0
    unreadable = json.loads(Path("all.json").read_text(encoding="utf-8"))["unreadable"]
    assert unreadable == {
        "red/empty.png": "This file is empty.",
        "red/bad.jpg": "This file is not a picture.",
        "red/gone.png": "The file can't be read (No such file or directory).",
        "red/pipe.png": "This is not a file.",
    } | {"red/empty.png": unreadable["red/empty.png"]}
    assert "red/bad.jpg: This file is not a picture." in result.stderr
    assert "6 pictures" in result.stdout


def test_without_a_readable_picture_there_is_one_sentence(types: Type) -> None:
    for path in Path("data").rglob("*.png"):
        path.write_bytes(NOT_A_PICTURE)
    result = types("data")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "No picture could be read. blue/1.png: This file is not a picture." in result.stderr


def test_a_second_run_computes_only_what_is_new_or_changed(
    types: Type, models: list[ScriptedClassifier]
) -> None:
    first = report(types("data", "--json", "-"))
    assert computed(models[-1]) == 6
    again = report(types("data", "--json", "-"))
    assert models[-1].batches == []
    assert again["runs"][0]["milliseconds"] is None
    assert again["runs"][0]["figures"] == first["runs"][0]["figures"]
    Path("data/red/3.png").write_bytes(picture("red"))
    Path("data/green_tree/2.png").write_bytes(picture("green", (50, 50)))
    changed = report(types("data", "--json", "-"))
    assert computed(models[-1]) == 2
    assert changed["runs"][0]["figures"]["right"] == 7
    Path("data/red/3.png").unlink()
    assert report(types("data", "--json", "-"))["runs"][0]["figures"]["pictures"] == 6
    assert models[-1].batches == []
    Path("data/grey").mkdir()  # a new label: everything may be different
    report(types("data", "--json", "-"))
    assert computed(models[-1]) == 6


def test_templates_and_models_are_compared(types: Type, models: list[ScriptedClassifier]) -> None:
    words = ["data", "--json", "-", "--template", "none", "--template", "auto", "--template"]
    words += ["a {}", "--template", "auto", "--model", "demo", "--model", "./demo"]
    Path("demo").mkdir()
    Path("demo/config.json").write_text("{}")
    runs = report(types(*words))["runs"]
    assert [run["template"] for run in runs] == ["none", "auto", "a {}"] * 2
    assert len(models) == 2
    assert "Best: scripted with template none" in types(*words[:1], *words[3:]).stdout


def test_a_batch_that_does_not_fit_is_divided(types: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "load_engine", lambda settings: ScriptedClassifier(fits=2))
    assert report(types("data", "--json", "-"))["runs"][0]["figures"]["right"] == 5


def test_a_picture_that_the_model_fails_on_makes_no_other_fail(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(images: Sequence[Image]) -> None:
        if any(colour_of(image) == "blue" for image in images):
            raise RuntimeError("no blue")

    monkeypatch.setattr(
        run_module, "load_engine", lambda settings: ScriptedClassifier(on_call=fail)
    )
    found = report(types("data", "--json", "-"))
    assert found["runs"][0]["figures"]["pictures"] == 4
    assert found["unreadable"] == dict.fromkeys(
        ("blue/1.png", "blue/ñ 猫.png"), "The model fails on this picture (no blue)."
    )


def test_a_name_that_is_not_utf_8_is_measured_and_shown(types: Type) -> None:
    Path(os.fsdecode(b"data/green_tree/caf\xe9.png")).write_bytes(picture("blue"))
    found = report(types("data", "--json", "-", "--page", "page.html"))
    assert found["pictures"] == 7
    mistakes = [one["path"] for one in found["runs"][0]["figures"]["mistakes"]]
    assert "green_tree/caf\\udce9.png" in mistakes
    assert "caf\\udce9.png" in Path("page.html").read_text(encoding="utf-8")


def test_memory_holds_two_batches_however_many_pictures_there_are(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(100):
        Path(f"data/red/many-{at}.png").write_bytes(picture("red"))
    alive: set[int] = set()
    most = 0

    class Counting(ScriptedClassifier):
        def prepare(self, image: Image) -> Image:
            nonlocal most
            alive.add(id(image))
            weakref.finalize(image, alive.discard, id(image))
            most = max(most, len(alive))
            return image

    monkeypatch.setattr(run_module, "load_engine", lambda settings: Counting())
    assert report(types("data", "--json", "-", MAX_BATCH="4"))["pictures"] == 106
    assert 4 < most <= 12  # two batches, and those that are being decoded


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing",), "There is no folder or CSV file nothing."),
        (("data/red",), "data/red has no sub-folders."),
        (("data", "--template", "photo"), "--template is 'photo', but it must be none, auto, or"),
        (("data", "--template", ""), "--template is ''"),
        (("data", "--json", "no/all.json"), "--json is no/all.json, but there is no folder no."),
        (("data", "--json", "data"), "--json is data, which is a folder."),
        (("data", "--page", "page.txt"), "--page is page.txt, but the name must end in .html."),
        (("data", "--page", "-"), "--page is -, but the name must end in .html."),
        (("data", "--labels", "no.csv"), "--labels: there is no file no.csv."),
        (("data", "--device", "tpu"), "CLIP_DEVICE is 'tpu', but it must be"),
    ],
)
def test_what_is_wrong_is_one_sentence_before_a_model_is_loaded(
    types: Type, models: list[ScriptedClassifier], words: tuple[str, ...], sentence: str
) -> None:
    result = types(*words)
    assert (result.exit_code, result.stdout, models) == (2, "", [])
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_that_is_missing_is_one_sentence(
    types: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> None:
        raise ModelUnavailable("CLIP_MODEL is 'x/y', but there is no such model.")

    monkeypatch.setattr(run_module, "load_engine", fail)
    result = types("data", "--model", "x/y")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("CLIP_MODEL is 'x/y', but there is no such model.\n")


class Page(HTMLParser):
    """Checks that tags are balanced, and collects the text and what is loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str | None] = []
        self.text, self.images = "", 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [given[name] for name in ("src", "href") if given.get(name)]
        self.images += tag == "img"
        assert tag != "script"
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_loads_nothing(types: Type) -> None:
    hostile = Path("data/<script>alert(1)<&\"'")
    hostile.mkdir()
    (hostile / "<img src=x>.png").write_bytes(picture("red"))
    Path("data/red/<b>.jpg").write_bytes(NOT_A_PICTURE)
    result = types("data", "--page", "page.html", "--template", "none", "--template", "{} <i>")
    assert result.exit_code == 0, result.output
    page = Page(Path("page.html").read_text(encoding="utf-8"))
    assert "scripted is right in 71.4 % of pictures" in page.text
    assert "<script>alert(1)<&\"'" in page.text
    assert "<img src=x>.png" in page.text
    assert "red/<b>.jpg: This file is not a picture." in page.text
    assert page.images == 2  # the two mistakes
    assert all(str(address).startswith("data:image/jpeg;base64,") for address in page.addresses)


def test_a_page_that_can_not_be_written_is_one_sentence(types: Type) -> None:
    result = types("data", "--page", "x" * 300 + ".html")
    assert result.exit_code == 1
    assert "can't be written (File name too long)" in result.stderr

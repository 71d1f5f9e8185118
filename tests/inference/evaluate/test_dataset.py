"""Which pictures and labels a folder or a CSV file has."""

import os
import unicodedata
from pathlib import Path

import pytest

from inference.evaluate.dataset import Dataset, read
from inference.protocol.errors import UserError
from tests.inference.pictures import picture


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(picture())
    return root


def labelled(dataset: Dataset) -> dict[str, str]:
    return {one.name: dataset.labels[one.label] for one in dataset.pictures}


def test_each_sub_folder_is_a_label(tmp_path: Path) -> None:
    put(tmp_path, "a_red_car/1.png", "a_red_car/more/2.png", "tree/3.png")
    found = read(str(tmp_path))
    assert found.labels == ("a red car", "tree")
    assert labelled(found) == {
        "a_red_car/1.png": "a red car",
        "a_red_car/more/2.png": "a red car",
        "tree/3.png": "tree",
    }
    assert found.notes == ()


def test_names_of_any_script_are_labels(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "niño")  # as macOS writes it
    put(tmp_path, f"{decomposed}/ñ.png", "猫/1.png", "🐢/1.png")
    assert read(str(tmp_path)).labels == ("niño", "猫", "🐢")


def test_hidden_files_and_those_of_file_managers_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "a/.DS_Store", "a/._1.png", "a/Thumbs.db", "a/.git/x.png", "b/2.png")
    put(tmp_path, ".cache/3.png", "loose.png")
    found = read(str(tmp_path))
    assert list(labelled(found)) == ["a/1.png", "b/2.png"]
    assert found.notes == ("1 file in no sub-folder: left out.",)


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "elsewhere", "pictures/1.png")
    root = put(tmp_path / "root", "a/2.png")
    (root / "b").symlink_to(elsewhere / "pictures")
    (root / "a" / "again").symlink_to(root / "a")
    (root / "a" / "linked.png").symlink_to(elsewhere / "pictures" / "1.png")
    assert labelled(read(str(root))) == {"a/2.png": "a", "a/linked.png": "a", "b/1.png": "b"}


def test_a_label_without_pictures_still_competes(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png")
    (tmp_path / "b").mkdir()
    found = read(str(tmp_path))
    assert found.labels == ("a", "b")
    assert found.notes == ("“b” has no pictures; it only competes with the other labels.",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.png,a cat\n2.png,a dog\n", {"1.png": "a cat", "2.png": "a dog"}),
        ("path,label\n1.png,a cat\n2.png,a dog\n", {"1.png": "a cat", "2.png": "a dog"}),
        ("Label,x,File\r\ncat,9,1.png\r\ndog,9,2.png\r\n", {"1.png": "cat", "2.png": "dog"}),
        ('"a, b.png";"cat, asleep"\n\n2.png;dog', {"a, b.png": "cat, asleep", "2.png": "dog"}),
        ("\ufeff1.png\ta_cat\n2.png\tdog\n", {"1.png": "a_cat", "2.png": "dog"}),
        ("1.png,cat\n2.png,dog\n1.png,cat\n", {"1.png": "cat", "2.png": "dog"}),
    ],
)
def test_a_csv_file_names_pictures_and_labels(
    tmp_path: Path, text: str, expected: dict[str, str]
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(text, encoding="utf-8", newline="")
    found = read(str(file))
    assert labelled(found) == expected
    assert {one.path for one in found.pictures} == {tmp_path / name for name in expected}


def test_phrases_replace_names(tmp_path: Path) -> None:
    put(tmp_path, "red_car/1.png", "tree/2.png")
    phrases = tmp_path / "phrases.csv"
    phrases.write_text("name,phrase\nred_car,a photo of a red car\n", encoding="utf-8")
    assert read(str(tmp_path), str(phrases)).labels == ("a photo of a red car", "tree")


def refused(source: Path | str, phrases: Path | None = None) -> str:
    with pytest.raises(UserError) as error:
        read(str(source), None if phrases is None else str(phrases))
    return str(error.value)


def test_wrong_folders_are_refused_with_a_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path / "nothing") == f"There is no folder or CSV file {tmp_path}/nothing."
    assert "has no sub-folders" in refused(tmp_path)
    put(tmp_path, "only/1.png")
    assert "only one class, “only”" in refused(tmp_path)
    (tmp_path / "only" / "1.png").unlink()
    (tmp_path / "other").mkdir()
    assert "There are no pictures" in refused(tmp_path)
    put(tmp_path, "a_b/1.png", "A b/1.png")
    assert "have the same label" in refused(tmp_path)
    assert "There is no folder" in refused("a\0b")
    bad = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")
    Path(bad).mkdir()
    assert "can't be read as a label" in refused(tmp_path)


def test_wrong_csv_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    for content, sentence in (
        (b"", "names no pictures"),
        (b"path,label\n", "names no pictures"),
        (b"1.png\n", "line 1: a picture and its label are wanted"),
        (b"1.png,cat\n2.png,\n", "line 2: a picture and its label are wanted"),
        (b"1.png,cat\n2.png,dog\n1.png,dog\n", "line 3: 1.png has another label"),
        (b"1.png,caf\xe9\n", "CSV file in UTF-8"),
        (picture(), "CSV file in UTF-8"),
        (b"1.png,cat\n2.png,cat\n", "only one class"),
    ):
        file.write_bytes(content)
        assert sentence in refused(file)


def test_wrong_phrases_are_refused_with_a_sentence(tmp_path: Path) -> None:
    root, file = put(tmp_path / "root", "a/1.png", "b/2.png"), tmp_path / "phrases.csv"
    assert f"--labels: there is no file {file}" in refused(root, file)
    for content, sentence in (
        ("c,a cat", "line 1: there is no class “c”"),
        ("a,\n", "line 1: a class and its phrase are wanted"),
        ("a,B\n", "have the same label"),
    ):
        file.write_text(content)
        assert sentence in refused(root, file)

"""What is kept of an evaluation, and when it is believed."""

import os
import time
from pathlib import Path

import pytest

from inference.evaluate.dataset import Dataset, LabelledPicture
from inference.evaluate.journal import Prediction, PredictionJournal, delete_old, printable
from inference.protocol.errors import OperatorError


def dataset(folder: Path, *labels: str) -> Dataset:
    file = folder / "1.png"
    file.write_bytes(b"12345")
    return Dataset(folder, labels, (LabelledPicture(file, "1.png", 0),))


def said(dataset: Dataset) -> Prediction:
    stat = dataset.pictures[0].path.stat()
    return Prediction(
        path="1.png", size=stat.st_size, modified=stat.st_mtime_ns, label=0, best=[0, 1],
        probabilities=[0.75, 0.25], rank=0,
    )  # fmt: skip


def valid(journal: PredictionJournal, dataset: Dataset) -> list[str]:
    """Return the pictures whose predictions still hold."""
    journal.keep_valid((one, one.path.stat()) for one in dataset.pictures)
    return list(journal.done)


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    (tmp_path / "data").mkdir()
    return dataset(tmp_path / "data", "a", "b")


def test_what_is_appended_is_read_again(tmp_path: Path, data: Dataset) -> None:
    PredictionJournal(tmp_path / "kept", data, "model").append([said(data)])
    again = PredictionJournal(tmp_path / "kept", data, "model")
    assert again.done == {"1.png": said(data)}
    assert valid(again, data) == ["1.png"]


def test_another_model_template_or_label_set_has_its_own_file(
    tmp_path: Path, data: Dataset
) -> None:
    PredictionJournal(tmp_path, data, "model", "auto").append([said(data)])
    assert PredictionJournal(tmp_path, data, "model", "").done == {}
    assert PredictionJournal(tmp_path, data, "other", "auto").done == {}
    assert PredictionJournal(tmp_path, dataset(data.source, "a", "c"), "model", "auto").done == {}
    assert PredictionJournal(tmp_path, data, "model", "auto").done != {}


def test_a_changed_picture_is_not_believed(tmp_path: Path, data: Dataset) -> None:
    journal = PredictionJournal(tmp_path / "kept", data)
    journal.append([said(data)])
    os.utime(data.pictures[0].path, ns=(1, 1))
    assert valid(PredictionJournal(tmp_path / "kept", data), data) == []


def test_a_picture_of_another_label_is_not_believed(tmp_path: Path, data: Dataset) -> None:
    PredictionJournal(tmp_path / "kept", data).append([said(data)])
    moved = Dataset(data.source, data.labels, (LabelledPicture(data.pictures[0].path, "1.png", 1),))
    assert valid(PredictionJournal(tmp_path / "kept", moved), moved) == []


@pytest.mark.parametrize("tail", [b'{"path":"2.png","si', b"\xff\xfe\n", b"[1]\n", b"\0\0\0"])
def test_a_damaged_line_is_ignored_and_harms_no_other(
    tmp_path: Path, data: Dataset, tail: bytes
) -> None:
    PredictionJournal(tmp_path / "kept", data).append([said(data)])
    [file] = (tmp_path / "kept").iterdir()
    file.write_bytes(tail + file.read_bytes() + tail if tail.endswith(b"\n") else
                     file.read_bytes() + tail)  # fmt: skip
    torn = PredictionJournal(tmp_path / "kept", data)
    assert list(torn.done) == ["1.png"]
    torn.append([said(data)])
    assert file.read_bytes().splitlines()[-1].startswith(b'{"path":"1.png"')
    assert list(PredictionJournal(tmp_path / "kept", data).done) == ["1.png"]


def test_a_folder_that_is_a_file_is_the_operators_fault(tmp_path: Path, data: Dataset) -> None:
    with pytest.raises(OperatorError, match="name another folder with --results"):
        PredictionJournal(data.pictures[0].path, data)


def test_old_journals_are_deleted(tmp_path: Path) -> None:
    now = time.time()
    for name, days in (("old.jsonl", 31), ("new.jsonl", 29), ("old.txt", 31)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - days * 86_400,) * 2)
    delete_old(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"new.jsonl", "old.txt"}


def test_names_can_be_printed() -> None:
    assert printable("ñ 猫.png") == "ñ 猫.png"
    assert printable("\x1b[31m.png") == "\\x1b[31m.png"
    assert printable(os.fsdecode(b"caf\xe9.png")) == "caf\\udce9.png"

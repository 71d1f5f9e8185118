"""Finds pictures whose labels are known: in the sub-folders of a folder, or by a CSV file."""

import csv
import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.protocol.errors import UserError
from inference.protocol.labels import clean

# Files that file managers leave in folders; hidden files are left out as well.
_NOT_PICTURES = {"thumbs.db", "desktop.ini", "icon\r"}

# The first line of a CSV file is a header if it names its columns like this.
_PATH_COLUMNS = {"path", "file", "filename", "file_name", "image", "picture"}
_LABEL_COLUMNS = {"label", "class", "category", "name", "phrase"}
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class LabelledPicture:
    """A file, which may turn out to be no picture.

    Attributes:
        name: the path relative to the folder or the CSV file, as it is shown.
        label: the index of its label.
    """

    path: Path
    name: str
    label: int


@dataclass(frozen=True)
class Dataset:
    """Pictures and their labels.

    Attributes:
        source: the folder or the CSV file.
        labels: two or more, each once.
        notes: sentences about what is left out.
    """

    source: Path
    labels: tuple[str, ...]
    pictures: tuple[LabelledPicture, ...]
    notes: tuple[str, ...] = ()


def read(source: str, phrases: str | None = None) -> Dataset:
    """Return the pictures that a folder or a CSV file names; open none of them.

    A folder has one sub-folder for each label: `a_red_car` is "a red car". Pictures can be deeper
    inside; links are followed, hidden files are left out. A CSV file has a path and a label on each
    line; paths are relative to the file.

    Args:
        phrases: a CSV file with the name of a class and the phrase to use instead on each line.

    Raises:
        UserError: there are no pictures or fewer than two classes, or a file can't be used.
    """
    path = Path(source)
    if os.path.isdir(source):  # noqa: PTH112 - False for what can't be a path
        found = _of_folder(path)
    elif os.path.isfile(source):  # noqa: PTH113
        found = _of_csv(path)
    else:
        raise UserError(f"There is no folder or CSV file {source}.")
    if len(found.labels) < 2:
        raise UserError(
            f"{source} has only one class, “{found.labels[0]}”; a picture's label can be right or "
            "wrong only if there is another one."
        )
    if not found.pictures:
        raise UserError(f"There are no pictures in the sub-folders of {source}.")
    labels = _phrased(found.labels, Path(phrases)) if phrases else found.labels
    _refuse_equal(found.labels, labels)
    return replace(found, labels=labels)


def _of_folder(folder: Path) -> Dataset:
    entries = [entry for entry in _entries(folder) if _is_shown(entry.name)]
    classes = [entry for entry in entries if entry.is_dir()]
    if not classes:
        raise UserError(
            f"{folder} has no sub-folders. Make one for each label, such as {folder / 'a_red_car'}."
        )
    labels, pictures, notes = [], [], []
    for at, entry in enumerate(classes):
        labels.append(_label_of(entry))
        files = [LabelledPicture(f, str(f.relative_to(folder)), at) for f in _files(Path(entry))]
        pictures += files
        if not files:
            notes.append(f"“{labels[-1]}” has no pictures; it only competes with the other labels.")
    if loose := len(entries) - len(classes):
        notes.append(f"{counted(loose, 'file')} in no sub-folder: left out.")
    return Dataset(folder, tuple(labels), tuple(pictures), tuple(notes))


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder} can't be read ({error.strerror}).") from error


def _label_of(entry: "os.DirEntry[str]") -> str:
    label = clean(unicodedata.normalize("NFC", entry.name.replace("_", " ")))
    if not label:
        raise UserError(f"The name of the folder {entry.path!r} can't be read as a label.")
    return label


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and below it, by name; each linked folder once."""
    seen: set[str] = set()
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        if (real := os.path.realpath(current)) in seen:
            continue
        seen.add(real)
        deeper = []
        for entry in _entries(current):
            if entry.is_dir() and _is_shown(entry.name):
                deeper.append(Path(entry))
            elif not entry.is_dir() and _is_shown(entry.name):
                yield Path(entry)
        waiting += reversed(deeper)


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _NOT_PICTURES


def _of_csv(file: Path) -> Dataset:
    rows = _rows(file)
    path_at, label_at = 0, 1
    first = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    if set(first) & _PATH_COLUMNS and set(first) & _LABEL_COLUMNS:
        path_at = next(at for at, cell in enumerate(first) if cell in _PATH_COLUMNS)
        label_at = next(at for at, cell in enumerate(first) if cell in _LABEL_COLUMNS)
        rows = rows[1:]
    places: dict[str, int] = {}
    pictures: dict[str, LabelledPicture] = {}
    for line, row in rows:
        if len(row) <= max(path_at, label_at) or not (label := clean(row[label_at])):
            raise UserError(f"{file}, line {line}: a picture and its label are wanted.")
        name = row[path_at].strip()
        at = places.setdefault(label, len(places))
        before = pictures.setdefault(name, LabelledPicture(file.parent / name, name, at))
        if before.label != at:
            raise UserError(f"{file}, line {line}: {name} has another label on an earlier line.")
    if not pictures:
        raise UserError(f"{file} names no pictures.")
    return Dataset(file, tuple(places), tuple(pictures.values()))


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """Return the lines of a CSV file that are not empty, each with its number."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            text = opened.read()
        lines = [line for line in text.splitlines() if line.strip()]
        delimiter = _delimiter(lines[:50])
        reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
        return [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"{file} is neither a folder nor a CSV file in UTF-8 with a picture and its label on "
            "each line."
        ) from error


def _delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that divides every line; a comma if none does."""
    for delimiter in _DELIMITERS:
        if all(len(row) > 1 for row in csv.reader(lines, delimiter=delimiter)):
            return delimiter
    return _DELIMITERS[0]


def _phrased(names: Sequence[str], file: Path) -> tuple[str, ...]:
    """Return the phrase for each name, by a file; a name that it does not have stays."""
    if not os.path.isfile(file):  # noqa: PTH113
        raise UserError(f"--labels: there is no file {file}.")
    phrases = {}
    for line, row in _rows(file):
        name = next((each for each in _spellings(row[0]) if each in names), clean(row[0]))
        phrase = clean(row[1]) if len(row) > 1 else ""
        if not phrase:
            raise UserError(f"{file}, line {line}: a class and its phrase are wanted.")
        if name not in names and name.lower() not in _LABEL_COLUMNS:
            raise UserError(f"{file}, line {line}: there is no class “{name}”.")
        phrases[name] = phrase
    return tuple(phrases.get(name, name) for name in names)


def _spellings(name: str) -> tuple[str, str]:
    """Return a class as a CSV file names it, and as the name of a folder would."""
    return clean(name), clean(unicodedata.normalize("NFC", name.replace("_", " ")))


def _refuse_equal(names: Sequence[str], labels: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for at, label in enumerate(labels):
        before = first.setdefault(label.casefold(), at)
        if before != at:
            raise UserError(
                f"“{names[before]}” and “{names[at]}” have the same label: no model can tell them "
                "apart. Rename one, or give them phrases with --labels."
            )


def counted(number: int, noun: str) -> str:
    """Return a number and its noun: `1 file`, `2,000 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""`manifest.csv`: every picture of a data folder with its label, split, source and group.

Pictures of one photograph share a group, across archives too. What a test or validation split holds, by group, must not
be trained on: this is what keeps a score honest.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from maskcls.errors import DatasetError


@dataclass(frozen=True)
class Entry:
    """One line of the manifest.

    Attributes:
        archive: For example `faces.zip`.
        file: The picture's name in it.
        label: Its class; empty for whole scenes.
        split: `train`, `validation`, `test`, or empty.
        source: The data set that it came from.
        group: What it shares with other pictures of the same photograph.
    """

    archive: str
    file: PurePosixPath
    label: str
    split: str
    source: str
    group: str


def read_manifest(path: Path) -> list[Entry]:
    """Return the entries of a `manifest.csv`.

    Raises:
        DatasetError: It is missing, no table, or lacks a column or the end of a line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [_entry(row) for row in csv.DictReader(file)]
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is not a table of comma-separated values. Restore it.") from error
    except KeyError as error:
        raise DatasetError(f"{path} lacks the column {error} or has a line without it. Restore it.") from error


def groups_beside(archive: Path) -> dict[PurePosixPath, str]:
    """Return the group of each picture of an archive, from the manifest that lies beside it; empty where none does."""
    archive = archive.resolve()
    try:
        entries = read_manifest(archive.parent / "manifest.csv")
    except DatasetError:
        # No manifest, or somebody's table of another kind under that name.
        return {}
    return {entry.file: entry.group for entry in entries if entry.archive == archive.name}


def _entry(row: dict[str, str | None]) -> Entry:
    values = {}
    for column in ("archive", "file", "label", "split", "source", "group"):
        value = row[column]
        if value is None:
            raise KeyError(column)
        values[column] = value
    return Entry(file=PurePosixPath(values.pop("file")), **values)


def held_out_groups(entries: Iterable[Entry], *, own_splits: Iterable[str], test_only: Iterable[str]) -> set[str]:
    """Return the groups that must not be trained on.

    Args:
        entries: The whole manifest.
        own_splits: Archives whose validation and test splits are held out.
        test_only: Archives of which only the test split is.
    """
    splits = dict.fromkeys(test_only, ("test",)) | dict.fromkeys(own_splits, ("validation", "test"))
    return {entry.group for entry in entries if entry.split in splits.get(entry.archive, ())}


def one_per_group(entries: Iterable[Entry]) -> list[Entry]:
    """Return the first entry of each group, in order: copies say nothing new."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.group, entry)
    return list(first.values())

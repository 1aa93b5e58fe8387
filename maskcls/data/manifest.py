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
        DatasetError: It is missing or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                Entry(r["archive"], PurePosixPath(r["file"]), r["label"], r["split"], r["source"], r["group"])
                for r in csv.DictReader(file)
            ]
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
    except KeyError as error:
        raise DatasetError(f"{path} lacks the column {error}.") from error


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

"""Data sets that people brought, each in a folder of its own that is never changed once it is there.

datasets/<name>/dataset.json     what it is
datasets/<name>/manifest.csv     a line per picture
datasets/<name>/pictures/        the pictures, by the hash of their bytes
"""

import csv
import json
import re
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskcls.data.splits import TEST, TRAIN, VALIDATION
from maskcls.errors import DatasetError

SCHEMA = 1
_ABOUT, _MANIFEST, PICTURES = "dataset.json", "manifest.csv", "pictures"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# A version comes behind the name that people give.
_LONGEST_GIVEN = 56
_DAY_S = 86_400
_FILE = re.compile(r"pictures/[0-9a-f]{64}\.[a-z0-9]{2,5}")


@dataclass(frozen=True)
class Row:
    """One picture of a data set.

    Attributes:
        file: Where it lies in the data set's folder.
        label: Its class.
        split: `train`, `validation` or `test`.
        group: Pictures that look the same share one.
        source: What it was called where it came from.
        sha256: Hash of its bytes.
        looks: Perceptual hash, 16 hexadecimal digits.
        width_px: Its width.
        height_px: Its height.
    """

    file: str
    label: str
    split: str
    group: int
    source: str
    sha256: str
    looks: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class About:
    """What a data set says of itself.

    Attributes:
        name: Its folder's.
        created: When, in ISO 8601.
        source: What it was made from.
        classes: In the order of the labels' names.
        cut_scale: Each picture shows so many times the width and height of the face in its middle.
        split_given: Whether the splits came with the pictures, or were drawn here.
        skipped: What was left out: `file` and `reason` of each.
        expires: Until when it may be kept, in ISO 8601; empty for as long as people want.
    """

    name: str
    created: str
    source: str
    classes: tuple[str, ...]
    cut_scale: float
    split_given: bool
    skipped: tuple[dict[str, str], ...] = field(default=())
    expires: str = ""


@dataclass(frozen=True)
class Dataset:
    """A data set on disk.

    Attributes:
        path: Its folder.
        about: What it is.
        rows: Its pictures.
    """

    path: Path
    about: About
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.about.name

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many pictures of each class there are in each split."""
        counted = Counter((row.split, row.label) for row in self.rows)
        there = {row.split for row in self.rows}
        splits = [split for split in (TRAIN, VALIDATION, TEST) if split in there]
        return {split: {name: counted[split, name] for name in self.about.classes} for split in splits}


class Shelf:
    """The data sets in a folder.

    Args:
        folder: Made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the names of the data sets that are whole, in order."""
        if not self._folder.is_dir():
            return []
        found = sorted(self._folder.glob(f"[!.]*/{_ABOUT}"))
        # What has expired goes whenever somebody looks.
        for path in found:
            if _has_expired(path):
                self.remove(path.parent.name)
        return [path.parent.name for path in found if path.exists()]

    def forget(self, sources: Collection[str]) -> list[str]:
        """Remove the data sets that hold any of these pictures, by where they came from; return their names.

        A data set without one of its pictures would be another one: whoever takes a picture back ends it.
        """
        gone = []
        for name in self.names():
            try:
                dataset = self.open(name)
            except DatasetError:
                continue
            if any(row.source in sources for row in dataset.rows):
                self.remove(name)
                gone.append(name)
        return gone

    def remove(self, name: str) -> None:
        """Remove a data set for good.

        Raises:
            DatasetError: There is none.
        """
        check_name(name)
        if not (self._folder / name).is_dir():
            raise DatasetError(f"There is no data set {name} that could be removed.")
        # Hidden first: nobody meets half of it.
        hidden = self._folder / f".{uuid.uuid4().hex}.draft"
        try:
            # Its name is not given again: who knew the old one by it would take the new one for it.
            (self._folder / _gone(name)).touch()
            (self._folder / name).rename(hidden)
        except OSError as error:
            raise DatasetError(f"The data set {name} cannot be removed: {error.strerror}.") from error
        shutil.rmtree(hidden, ignore_errors=True)

    def open(self, name: str) -> Dataset:
        """Return the data set called `name`.

        Raises:
            DatasetError: There is none, or it is damaged.
        """
        check_name(name)
        path = self._folder / name
        if _has_expired(path / _ABOUT):
            self.remove(name)
        if not (path / _ABOUT).is_file():
            known = ", ".join(self.names()) or "none"
            raise DatasetError(f"There is no data set {name}. There are: {known}. Make one with `data import`.")
        try:
            about = json.loads((path / _ABOUT).read_text(encoding="utf-8"))
            kept = {one.name: about[one.name] for one in fields(About) if one.name in about}
            lists = {"classes": tuple(kept["classes"]), "skipped": tuple(kept["skipped"]), "name": name}
            with (path / _MANIFEST).open(encoding="utf-8", newline="") as file:
                rows = tuple(_row(line) for line in csv.DictReader(file))
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise DatasetError(f"The data set {name} is damaged ({error}). Import it again.") from error
        return Dataset(path, About(**kept | lists), rows)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Yield a folder to fill; it is gone in the end, unless `keep` has made a data set of it."""
        path = self._folder / f".{uuid.uuid4().hex}.draft"
        self._sweep()
        try:
            (path / PICTURES).mkdir(parents=True)
            yield path
        except OSError as error:
            raise DatasetError(f"The data set cannot be written to {self._folder}: {error.strerror}.") from error
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove the drafts of processes that were killed; no import takes a day."""
        for path in self._folder.glob(".*.draft"):
            if time.time() - path.stat().st_mtime > _DAY_S:
                shutil.rmtree(path, ignore_errors=True)

    def keep(self, draft: Path, rows: Sequence[Row], **about: Any) -> Dataset:
        """Make a data set of a draft's pictures: whole, or not at all.

        Args:
            draft: From `draft`.
            rows: Its pictures.
            about: What `About` wants but the time; of `name` the next free version is taken: `mine-1`, `mine-2`, ….

        Raises:
            DatasetError: The name cannot be one.
        """
        check_given(about["name"])
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with (draft / _MANIFEST).open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, [one.name for one in fields(Row)])
            table.writeheader()
            table.writerows(asdict(row) for row in rows)
        number = 1
        while True:
            name = f"{about['name']}-{number}"
            if (self._folder / _gone(name)).exists():
                number += 1
                continue
            said = About(**about | {"name": name, "created": created})
            text = json.dumps({"schema": SCHEMA, **asdict(said)}, indent=2, ensure_ascii=False)
            (draft / _ABOUT).write_text(text + "\n", encoding="utf-8")
            try:
                draft.rename(self._folder / name)
            except OSError:
                # Somebody has that version, perhaps since a moment ago.
                if not (self._folder / name).exists():
                    raise
                number += 1
                continue
            return Dataset(self._folder / name, said, tuple(rows))


def check_name(name: str) -> None:
    """Raise a `DatasetError` where a name cannot be a folder's; it comes from people and web addresses."""
    if not _NAME.fullmatch(name):
        raise DatasetError(f"{name[:80]!r} cannot name a data set: use letters, digits, dots, dashes, underscores.")


def check_given(name: str) -> None:
    """Raise a `DatasetError` where a name with a version behind it could not be a folder's."""
    check_name(name)
    if len(name) > _LONGEST_GIVEN:
        raise DatasetError(f"A data set's name has {_LONGEST_GIVEN} letters at most. Got: {name}")


def _gone(name: str) -> str:
    """Return the file that remembers that there was a data set of this name."""
    return f".{name}.gone"


def _has_expired(about: Path) -> bool:
    """Tell whether a data set may not be kept any longer; one that is damaged says nothing of that."""
    try:
        expires = json.loads(about.read_text(encoding="utf-8")).get("expires")
        return bool(expires) and datetime.fromisoformat(expires) <= datetime.now(UTC)
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def _row(line: dict[str, str]) -> Row:
    if not _FILE.fullmatch(line["file"]):
        raise ValueError(f"a picture lies at {line['file'][:80]!r}")
    numbers = {name: int(line[name]) for name in ("group", "width_px", "height_px")}
    return Row(**{one.name: line[one.name] for one in fields(Row)} | numbers)  # type: ignore[arg-type]

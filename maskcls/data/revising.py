"""A data set again with some labels changed and some pictures left out: a new version, since none is ever changed."""

import os
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace

from maskcls.data.datasets import Dataset, Shelf
from maskcls.errors import DatasetError

_VERSION = re.compile(r"-[0-9]+$")


def revise(
    dataset: Dataset, shelf: Shelf, *, relabelled: Mapping[int, str], dropped: Collection[int] = frozenset()
) -> Dataset:
    """Make the next version of a data set; splits and groups stay, so that its test part does.

    Args:
        dataset: Which.
        shelf: Where the new one goes.
        relabelled: New classes by the number of the picture's row.
        dropped: Numbers of the rows that are left out.

    Raises:
        DatasetError: Nothing changes, or fewer than two classes would be left.
    """
    rows = [replace(row, label=relabelled.get(i, row.label)) for i, row in enumerate(dataset.rows) if i not in dropped]
    if rows == list(dataset.rows):
        raise DatasetError("Nothing has been changed yet.")
    classes = tuple(sorted({row.label for row in rows}))
    if len(classes) < 2:
        raise DatasetError("Only one class would be left. A classifier needs two or more.")
    about = dataset.about
    with shelf.draft() as draft:
        for file in {row.file for row in rows}:
            _share(dataset, file, draft / file)
        return shelf.keep(
            draft,
            rows,
            name=_VERSION.sub("", about.name),
            source=f"{about.name} revised",
            classes=classes,
            cut_scale=about.cut_scale,
            split_given=about.split_given,
            skipped=about.skipped,
            expires=about.expires,
        )


def _share(dataset: Dataset, file: str, target: os.PathLike[str]) -> None:
    """Let two data sets have one file: neither ever changes it; copied where the disk knows no such links."""
    try:
        os.link(dataset.path / file, target)
    except OSError:
        shutil.copyfile(dataset.path / file, target)

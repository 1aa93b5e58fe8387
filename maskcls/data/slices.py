"""What test faces show, tagged by eye: a small table beside this file, so that figures can be told apart by it.

The table's columns: `archive`, `file`, `skin` (how light a face *appears* in that picture: `light`, `medium`, `dark` or
`unclear`; light and camera decide as much as the person, so it says nothing about anyone's origin) and `shows`, any of
`glasses`, `beard`, `hand` (at mouth or mask), `object` (before the mouth), `scarf`, `dark_mask`, `printed_mask`,
`profile` (half or wholly turned away) and `light_collar` (white cloth or paper under a bare chin).
"""

import csv
from pathlib import Path, PurePosixPath

from maskcls.errors import DatasetError

TABLE = Path(__file__).with_name("slices.csv")


def read_slices(path: Path = TABLE) -> dict[PurePosixPath, tuple[str, ...]]:
    """Return the names of the slices that each tagged file is in: `skin_light` and so on, then what it shows.

    Raises:
        DatasetError: The table is missing or no such table.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {
                PurePosixPath(row["file"]): (f"skin_{row['skin']}", *row["shows"].split())
                for row in csv.DictReader(file)
            }
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
    except (KeyError, TypeError, AttributeError, ValueError, csv.Error) as error:
        raise DatasetError(f"{path} is no table of slices ({error}). Restore it.") from error

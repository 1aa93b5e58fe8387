"""The table of what test faces show."""

from pathlib import Path, PurePosixPath

import pytest

from maskcls.data.manifest import read_manifest
from maskcls.data.slices import TABLE, read_slices
from maskcls.errors import DatasetError

HEAD = "archive,file,skin,shows\n"


def test_an_empty_table(tmp_path: Path):
    (tmp_path / "slices.csv").write_text(HEAD)
    assert read_slices(tmp_path / "slices.csv") == {}


def test_a_line_is_the_slices_of_a_file(tmp_path: Path):
    (tmp_path / "slices.csv").write_text(HEAD + "faces.zip,a/b.jpg,dark,glasses hand\nfaces.zip,c.jpg,unclear,\n")
    assert read_slices(tmp_path / "slices.csv") == {
        PurePosixPath("a/b.jpg"): ("skin_dark", "glasses", "hand"),
        PurePosixPath("c.jpg"): ("skin_unclear",),
    }


@pytest.mark.parametrize("content", ["file\nx.jpg\n", HEAD + "faces.zip,a.jpg\n", HEAD + "faces.zip,a.jpg,dark\n"])
def test_a_damaged_table(tmp_path: Path, content: str):
    (tmp_path / "slices.csv").write_text(content)
    with pytest.raises(DatasetError, match="is no table of slices"):
        read_slices(tmp_path / "slices.csv")


def test_a_missing_table(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"slices\.csv cannot be read"):
        read_slices(tmp_path / "slices.csv")


def test_our_table_names_every_test_face_once(shared_data: Path):
    entries = read_manifest(shared_data / "manifest.csv")
    test = {e.file for e in entries if (e.archive, e.split) == ("faces.zip", "test")}
    tagged = read_slices()
    assert set(tagged) == test
    assert len(TABLE.read_text(encoding="utf-8").splitlines()) == 1 + len(test)
    assert {name for names in tagged.values() for name in names} == {
        *(f"skin_{tone}" for tone in ("light", "medium", "dark", "unclear")),
        *("glasses", "beard", "hand", "object", "scarf", "dark_mask", "printed_mask", "profile", "light_collar"),
    }

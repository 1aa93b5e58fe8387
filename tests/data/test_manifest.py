from pathlib import Path, PurePosixPath

import pytest

from maskcls.data.manifest import Entry, groups_beside, held_out_groups, one_per_group, read_manifest
from maskcls.errors import DatasetError

HEADER = "archive,file,label,split,source,group,face_px\n"


def entry(archive: str, file: str, split: str, group: str, label: str = "with_mask") -> Entry:
    return Entry(archive, PurePosixPath(file), label, split, "somewhere", group)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_manifest(tmp_path: Path):
    assert read_manifest(written(tmp_path, "")) == []
    assert read_manifest(written(tmp_path, HEADER)) == []


def test_read_manifest(tmp_path: Path):
    path = written(
        tmp_path, HEADER + 'faces.zip,train/with_mask/a.jpg,with_mask,train,ilc2021,g1,57\nb.zip,"c,d.png",,,,g2,\n'
    )
    assert read_manifest(path) == [
        Entry("faces.zip", PurePosixPath("train/with_mask/a.jpg"), "with_mask", "train", "ilc2021", "g1"),
        Entry("b.zip", PurePosixPath("c,d.png"), "", "", "", "g2"),
    ]


@pytest.mark.parametrize("text", ["archive,file\na,b\n", HEADER + "faces.zip,a.jpg\n", HEADER + "a\n"])
def test_a_manifest_that_lacks_something(tmp_path: Path, text: str):
    with pytest.raises(DatasetError, match=r"manifest\.csv"):
        read_manifest(written(tmp_path, text))


def test_a_manifest_that_is_not_there(tmp_path: Path):
    with pytest.raises(DatasetError, match="cannot be read"):
        read_manifest(tmp_path / "manifest.csv")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_manifest(tmp_path)


def test_a_manifest_that_is_no_text(tmp_path: Path):
    (tmp_path / "manifest.csv").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"manifest\.csv"):
        read_manifest(tmp_path / "manifest.csv")


ENTRIES = [
    entry("own.zip", "1", "train", "a"),
    entry("own.zip", "2", "validation", "b"),
    entry("own.zip", "3", "test", "c"),
    entry("other.zip", "4", "train", "d"),
    entry("other.zip", "5", "validation", "e"),
    entry("other.zip", "6", "test", "f"),
    entry("third.zip", "7", "test", "g"),
]


@pytest.mark.parametrize(
    ("own", "test_only", "held_out"),
    [
        ((), (), ""),
        (("own.zip",), (), "bc"),
        ((), ("own.zip",), "c"),
        (("own.zip",), ("other.zip",), "bcf"),
        (("own.zip", "other.zip"), ("third.zip",), "bcefg"),
        (("own.zip",), ("own.zip",), "bc"),
    ],
)
def test_held_out_groups(own: tuple, test_only: tuple, held_out: str):
    assert held_out_groups(ENTRIES, own_splits=own, test_only=test_only) == set(held_out)


def test_one_per_group():
    assert one_per_group([]) == []
    entries = [
        entry("x", name, "", group) for name, group in [("1", "a"), ("2", "b"), ("3", "a"), ("4", "c"), ("5", "b")]
    ]
    assert [one.file.name for one in one_per_group(entries)] == ["1", "2", "4"]


def test_groups_of_an_archive_come_from_the_manifest_beside_it(tmp_path: Path):
    archive = tmp_path / "faces.zip"
    assert groups_beside(archive) == {}
    written(tmp_path, "someone's,own,table\n1,2,3\n")
    assert groups_beside(archive) == {}
    written(tmp_path, HEADER + "faces.zip,a.jpg,x,test,s,g1,9\nother.zip,a.jpg,x,test,s,g2,9\n")
    assert groups_beside(archive) == {PurePosixPath("a.jpg"): "g1"}

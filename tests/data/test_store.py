"""Folders and archives, the honest and the hostile ones."""

import io
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from maskcls.data import store as store_module
from maskcls.data.store import Store
from maskcls.errors import DatasetError


def names(source: Path) -> list[str]:
    with Store(source) as store:
        return [str(name) for name in store.names()]


def zipped(path: Path, *entries: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in entries:
            file.writestr(name, data)
    return path


def test_an_empty_folder(tmp_path: Path):
    assert names(tmp_path) == []


def test_an_empty_archive(tmp_path: Path):
    assert names(zipped(tmp_path / "a.zip")) == []


def test_folder_and_archive_read_the_same(tmp_path: Path):
    entries = [
        ("b/two.jpg", b"2"),
        ("a/one.jpg", b"1"),
        (".hidden", b""),
        ("__MACOSX/._one.jpg", b""),
        ("a/.DS_Store", b""),
    ]
    archive = zipped(tmp_path / "a.zip", *entries)
    folder = tmp_path / "folder"
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    for source in (archive, folder):
        with Store(source) as store:
            assert [str(name) for name in store.names()] == ["a/one.jpg", "b/two.jpg"]
            assert store.read(PurePosixPath("b/two.jpg")) == b"2"


def test_nothing_there(tmp_path: Path):
    with pytest.raises(DatasetError, match="There is nothing at"):
        Store(tmp_path / "missing.zip")


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_not_an_archive(tmp_path: Path, data: bytes):
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="neither a folder nor a readable ZIP"):
        Store(path)


def test_a_name_that_is_not_there(tmp_path: Path):
    for source in (tmp_path, zipped(tmp_path / "a.zip")):
        with Store(source) as store, pytest.raises(DatasetError, match="cannot be read"):
            store.read(PurePosixPath("missing.jpg"))


def test_names_that_lead_out_of_an_archive(tmp_path: Path):
    archive = zipped(
        tmp_path / "a.zip", ("../up.jpg", b""), ("/root.jpg", b""), ("a/../../up.jpg", b""), ("in.jpg", b"")
    )
    assert names(archive) == ["in.jpg"]


def test_backslashes_in_an_archive(tmp_path: Path):
    archive = zipped(tmp_path / "a.zip", ("a\\one.jpg", b"1"), ("..\\up.jpg", b""))
    with Store(archive) as store:
        assert [str(name) for name in store.names()] == ["a/one.jpg"]
        assert store.read(PurePosixPath("a/one.jpg")) == b"1"


def test_a_name_twice_in_an_archive_is_the_last_one(tmp_path: Path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(tmp_path / "a.zip", ("a.jpg", b"first"), ("a.jpg", b"last"))
    with Store(archive) as store:
        assert store.names() == [PurePosixPath("a.jpg")]
        assert store.read(PurePosixPath("a.jpg")) == b"last"


def test_links_in_an_archive_are_left_out(tmp_path: Path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    assert names(tmp_path / "a.zip") == []


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "own.jpg").write_bytes(b"own")
    (folder / "out.jpg").symlink_to(secret)
    (folder / "in.jpg").symlink_to(folder / "own.jpg")
    (folder / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / "broken.jpg").symlink_to(tmp_path / "missing.jpg")
    assert names(folder) == ["in.jpg", "own.jpg"]
    with Store(folder) as store:
        assert store.read(PurePosixPath("in.jpg")) == b"own"
        for name in ("out.jpg", "../secret.jpg", "sub/up/secret.jpg", str(secret)):
            with pytest.raises(DatasetError, match="leads out of"):
                store.read(PurePosixPath(name))


def test_a_folder_may_itself_be_reached_through_a_link(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "one.jpg").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    with Store(tmp_path / "link") as store:
        assert store.read(*store.names()) == b"1"


def test_files_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_module, "MAX_ENTRY_BYTES", 1000)
    archive = zipped(tmp_path / "a.zip", ("big.jpg", bytes(1001)), ("good.jpg", bytes(1000)))
    (tmp_path / "big.jpg").write_bytes(bytes(1001))
    for source in (archive, tmp_path):
        with Store(source) as store, pytest.raises(DatasetError, match="is larger than"):
            store.read(PurePosixPath("big.jpg"))
    with Store(archive) as store:
        assert len(store.read(PurePosixPath("good.jpg"))) == 1000


def test_an_entry_that_lies_about_its_size(tmp_path: Path):
    """The declared size is as far as reading goes, and the checksum gives the lie away."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.jpg", bytes(10_000_000))
    size = (10_000_000).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(out.getvalue().replace(size, (100).to_bytes(4, "little")))
    with Store(tmp_path / "a.zip") as store, pytest.raises(DatasetError, match="damaged"):
        store.read(PurePosixPath("bomb.jpg"))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_unfolds_without_bounds_is_refused(tmp_path: Path, compression: int):
    archive = zipped(tmp_path / "a.zip", ("one.jpg", b"1"), compression=compression)
    with Store(archive) as store, pytest.raises(DatasetError, match="packed in an unusual way"):
        store.read(PurePosixPath("one.jpg"))


def test_damage_inside_an_archive(tmp_path: Path):
    archive = zipped(tmp_path / "a.zip", ("one.jpg", bytes(range(256)) * 40))
    data = bytearray(archive.read_bytes())
    data[60:120] = bytes(60)
    archive.write_bytes(data)
    with Store(archive) as store, pytest.raises(DatasetError, match="damaged"):
        store.read(PurePosixPath("one.jpg"))


def test_an_encrypted_entry(tmp_path: Path):
    archive = zipped(tmp_path / "a.zip", ("one.jpg", b"1"))
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with Store(archive) as store, pytest.raises(DatasetError, match="cannot be read"):
        store.read(PurePosixPath("one.jpg"))

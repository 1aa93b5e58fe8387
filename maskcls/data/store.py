"""Files by name from a folder or a ZIP archive, read the same way and never unpacked."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import TracebackType

from maskcls.errors import DatasetError

MAX_ENTRY_BYTES = 64 * 1024 * 1024

# What a damaged archive leads the standard library into, when opening it and when reading from it.
_DAMAGE = (zipfile.BadZipFile, OSError, RuntimeError, ValueError, EOFError, struct.error, zlib.error)

# The other two unpack a whole block at once, so that a few bytes of archive could fill the memory.
_BOUNDED_COMPRESSION = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Store:
    """A read-only view of a folder or a ZIP archive: the names in it, and the bytes behind a name.

    Nothing is written to disk, so a name inside an archive cannot reach outside it; the size that an entry declares is
    checked before it is read, and reading stops there, so that an archive bomb costs nothing. Links that lead out of a
    folder are not followed. Where an archive holds a name twice, the last one counts, as it does when unpacking.

    Args:
        source: A folder, or a file ending in `.zip`.

    Raises:
        DatasetError: There is nothing at `source`, or it is neither a folder nor a readable ZIP archive.
    """

    def __init__(self, source: Path | str) -> None:
        """Open the archive, when it is one."""
        self.source = Path(source)
        self._zip: zipfile.ZipFile | None = None
        self._entries: dict[PurePosixPath, zipfile.ZipInfo] = {}
        if self.source.is_dir():
            return
        if not self.source.exists():
            raise DatasetError(f"There is nothing at {self.source}. Give a folder or a ZIP archive of pictures.")
        try:
            self._zip = zipfile.ZipFile(self.source)
        except _DAMAGE as error:
            raise DatasetError(
                f"{self.source} is neither a folder nor a readable ZIP archive. Give one of these."
            ) from error
        self._entries = {_entry_name(info): info for info in self._zip.infolist() if _is_plain_file(info)}

    def names(self) -> list[PurePosixPath]:
        """Return the names of all files, sorted; hidden files and what archivers add are left out."""
        found = self._entries if self._zip is not None else self._names_in_folder()
        return sorted(name for name in found if _is_wanted(name))

    def unpacked_bytes(self) -> int:
        """Return how much an archive would fill if it were unpacked, as it says itself; 0 for a folder."""
        return sum(info.file_size for info in self._entries.values())

    def read(self, name: PurePosixPath) -> bytes:
        """Return the bytes of the file `name`, one of `names()`.

        Raises:
            DatasetError: The file is larger than 64 MiB, lies outside the store or cannot be read.
        """
        try:
            return self._read_entry(name) if self._zip is not None else self._read_file(name)
        except (*_DAMAGE, KeyError) as error:
            raise DatasetError(f"{name} in {self.source} is damaged or cannot be read: {error}.") from error

    def close(self) -> None:
        """Close the archive."""
        if self._zip is not None:
            self._zip.close()

    def __enter__(self) -> "Store":
        """Return the store itself."""
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the archive."""
        self.close()

    def _names_in_folder(self) -> Iterator[PurePosixPath]:
        root = self.source.resolve()
        for path in self.source.rglob("*"):
            if path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(root)):
                yield PurePosixPath(path.relative_to(self.source).as_posix())

    def _read_file(self, name: PurePosixPath) -> bytes:
        path = (self.source / name).resolve()
        if not path.is_relative_to(self.source.resolve()):
            raise DatasetError(f"{name} leads out of {self.source}; it was not read.")
        self._check_size(name, path.stat().st_size)
        return path.read_bytes()

    def _read_entry(self, name: PurePosixPath) -> bytes:
        if self._zip is None:
            raise DatasetError(f"{self.source} is not an archive.")
        info = self._entries[name]
        self._check_size(name, info.file_size)
        if info.compress_type not in _BOUNDED_COMPRESSION:
            raise DatasetError(f"{name} in {self.source} is packed in an unusual way. Pack it again as a plain ZIP.")
        with self._zip.open(info) as file:
            # Never more than the declared size arrives, and the checksum tells when there was more.
            return file.read(info.file_size)

    def _check_size(self, name: PurePosixPath, size_bytes: int) -> None:
        if size_bytes > MAX_ENTRY_BYTES:
            raise DatasetError(f"{name} in {self.source} is larger than {MAX_ENTRY_BYTES >> 20} MiB; it was not read.")


def _entry_name(info: zipfile.ZipInfo) -> PurePosixPath:
    # Some archivers on Windows write backslashes.
    return PurePosixPath(info.filename.replace("\\", "/"))


def _is_plain_file(info: zipfile.ZipInfo) -> bool:
    return not info.is_dir() and not info.filename.endswith("\\") and not stat.S_ISLNK(info.external_attr >> 16)


def _is_wanted(name: PurePosixPath) -> bool:
    """Tell whether `name` stays inside its store and is nobody's hidden file ("..", ".DS_Store", "__MACOSX/…")."""
    return not name.is_absolute() and not any(part.startswith((".", "__MACOSX")) for part in name.parts)

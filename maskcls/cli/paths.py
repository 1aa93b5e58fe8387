"""From what a person typed after `classify` to pictures: files, folders and patterns."""

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path

# What is looked for in folders; a file that is named is tried whatever its suffix.
PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}


def pictures(paths: Iterable[str]) -> Iterator[tuple[Path, str | None]]:
    """Yield each picture once, in the order given, with what is wrong where a path leads to none."""
    seen = set()
    for text in paths:
        for path, problem in _expanded(text):
            key = (path.resolve(), problem)
            if key not in seen:
                seen.add(key)
                yield path, problem


def _expanded(text: str) -> list[tuple[Path, str | None]]:
    path = Path(text)
    try:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file())
            return [(p, None) for p in found] or [(path, f"{path} is a folder without pictures.")]
        if path.exists() or not glob.has_magic(text):
            return [(path, None)]
    except OSError as error:
        return [(path, f"{path} cannot be opened: {error.strerror}.")]
    # A pattern that the shell left alone: in quotes, on Windows, or because nothing matched.
    matches = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
    return [item for match in matches for item in _expanded(match)] or [(path, f"Nothing matches {text}.")]


def file_key(path: Path) -> str:
    """Return what is equal for equal files, also where Photo.jpg and photo.JPG are the same one."""
    return str(path.resolve()).casefold()


def text_of(path: Path) -> str:
    """Return a path as text that can be printed: what is no UTF-8 in it is replaced."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")

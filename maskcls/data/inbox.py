"""Faces that people let us keep for teaching: pictures by class, and a line for each that says until when.

    inbox/<class>/<id>.png      the face
    inbox/kept.jsonl            {"id", "class", "time", "consent", "expires", "owner"}

Whoever gave a face can take it back with the code that they got for it; what has expired goes by itself.
"""

import json
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from maskcls import images
from maskcls.errors import DatasetError

KEPT_DAYS = 30
_NO_LINE_S = 3600
_LINES = "kept.jsonl"
# Class names come from model cards, which may be a stranger's, and become names of folders here.
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,59}")
# Pages of several people write here, in threads of one server.
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Kept:
    """A face that was kept.

    Attributes:
        id: Its file's name, without `.png`.
        label: The class that its owner gave it.
        time: When, in ISO 8601.
        expires: Until when it may be kept.
        owner: The code that takes it back.
    """

    id: str
    label: str
    time: str
    expires: str
    owner: str


class Inbox:
    """Faces kept in a folder.

    Args:
        folder: Made when the first face is kept.
        now: What time it is.
    """

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder, self._now = folder, now

    def keep(self, crop_rgb: np.ndarray, label: str, *, consent: bool, owner: str | None = None) -> Kept:
        """Keep a face `(h, w, 3) uint8` under a class; the picture is there before its line is.

        Args:
            crop_rgb: The face.
            label: Its class.
            consent: Whether the person in it said yes.
            owner: The code of one who has given faces before; a new one when None.

        Raises:
            DatasetError: There is no consent, no picture, or the class cannot be a folder's name.
        """
        if not consent:
            raise DatasetError("A face is kept only with the consent of the person in it. Tick the box that says so.")
        if not _SAFE.fullmatch(label):
            raise DatasetError(f"{images.plain_name(label)} cannot name a folder. Use letters, digits, - and _.")
        if crop_rgb.size == 0:
            raise DatasetError("There is no face to keep any more. Look into the camera and try again.")
        now = self._now()
        kept = Kept(
            id=secrets.token_hex(8),
            label=label,
            time=now.isoformat(timespec="seconds"),
            expires=(now + timedelta(days=KEPT_DAYS)).isoformat(timespec="seconds"),
            owner=owner or secrets.token_hex(4),
        )
        with _LOCK:
            self._purge(now)
            path = self._picture(kept)
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}")
            draft.write_bytes(images.encode(crop_rgb))
            draft.replace(path)
            self._write([*self._read(), kept])
        return kept

    def faces(self) -> list[Kept]:
        """Return the faces that may still be kept, the oldest first."""
        with _LOCK:
            self._purge(self._now())
            return self._read()

    def picture(self, kept: Kept) -> Path:
        """Return the file of a face."""
        return self._picture(kept)

    @staticmethod
    def source(kept: Kept) -> str:
        """Return what a data set calls the picture of a face: how it lies in the folder."""
        return f"{kept.label}/{kept.id}.png"

    def erase(self, owner: str) -> list[Kept]:
        """Delete every face that was given under a code; return what they were."""
        with _LOCK:
            return self._drop(lambda kept: secrets.compare_digest(kept.owner.encode(), owner.strip().lower().encode()))

    def _purge(self, now: datetime) -> None:
        """Delete what has expired, and pictures of which no line says until when they may be kept."""
        self._drop(lambda kept: datetime.fromisoformat(kept.expires) <= now)
        known = {self._picture(kept) for kept in self._read()}
        for path in self._folder.glob("*/*.png"):
            # One that is being kept right now has no line yet.
            if path not in known and now.timestamp() - path.stat().st_mtime > _NO_LINE_S:
                path.unlink(missing_ok=True)

    def _drop(self, unwanted: Callable[[Kept], bool]) -> list[Kept]:
        everything = self._read()
        going = [kept for kept in everything if unwanted(kept)]
        for kept in going:
            self._picture(kept).unlink(missing_ok=True)
        if going:
            self._write([kept for kept in everything if kept not in going])
        return going

    def _picture(self, kept: Kept) -> Path:
        return self._folder / kept.label / f"{kept.id}.png"

    def _read(self) -> list[Kept]:
        try:
            lines = (self._folder / _LINES).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [kept for line in lines if (kept := _parsed(line)) is not None]

    def _write(self, everything: list[Kept]) -> None:
        draft = self._folder / f".{_LINES}"
        draft.write_text("".join(_line(kept) for kept in everything), encoding="utf-8")
        draft.replace(self._folder / _LINES)


def _line(kept: Kept) -> str:
    row = asdict(kept)
    row["class"] = row.pop("label")
    return json.dumps(row | {"consent": True}, ensure_ascii=False) + "\n"


def _parsed(line: str) -> Kept | None:
    """Return what a line says; None for one that is damaged or points elsewhere."""
    try:
        row = json.loads(line)
        kept = Kept(row["id"], row["class"], row["time"], row["expires"], row["owner"])
        zone = datetime.fromisoformat(kept.expires).tzinfo
    except (ValueError, KeyError, TypeError):
        return None
    safe = re.fullmatch(r"[0-9a-f]{16}", str(kept.id)) and _SAFE.fullmatch(str(kept.label))
    return kept if safe and zone is not None and isinstance(kept.owner, str) else None

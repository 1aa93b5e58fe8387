"""What a run says while it goes: a line of JSON each, that any process can read at any time.

{"kind": "batch", "at", "epoch", "loss", "accuracy", "rate", "per_s", "left_s", "waited"}
{"kind": "epoch", "at", "epoch", "best", "per_s", "left_s", "waited", "train": {"loss", "accuracy"},
 "validation": {"loss", "calibrated", "accuracy", "macro_f1"} or null}
{"kind": "note", "at", "text"}, and "device", with the number of "pictures"
{"kind": "trial", "at", …}, of a search: what `trials.trials_of` returns

`at` counts the pictures gone through since the beginning; in a search, the trials.
"""

import json
import os
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Progress:
    """The lines of one run.

    Args:
        path: Their file; made with the first line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def tell(self, kind: str, at: int, **what: Any) -> None:
        """Add a line."""
        with self._path.open("a+b") as file:
            # After half a line, which a kill has left, it starts a new one.
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            gap = b"" if file.read(1) in (b"", b"\n") else b"\n"
            file.write(gap + json.dumps({"kind": kind, "at": at, **what}).encode() + b"\n")

    def lines(self) -> list[Line]:
        """Return all lines that are whole; a kill may have left half of the last one."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except OSError:
            return []
        found = []
        for line in text.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return [line for line in found if isinstance(line, dict) and "kind" in line and "at" in line]

    def go_back(self, at: int) -> None:
        """Forget what came after `at`: a run that goes on from there says it again."""
        kept = [line for line in self.lines() if line["at"] <= at]
        draft = self._path.with_name(f".{self._path.name}")
        draft.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        draft.replace(self._path)

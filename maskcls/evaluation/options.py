"""What to evaluate, and on which terms."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskcls.errors import SettingsError

# Wraps what is gone through, to show how far it is.
Track = Callable[[Sequence[Any]], Iterable[Any]]

LABELS = ("given", "corrected")


@dataclass(frozen=True)
class Options:
    """What to evaluate, and on which terms.

    Attributes:
        split: Only this folder of the data, for example "test"; everything when None.
        cut_scale: Of face pictures: the picture is this many times as wide and high as the face in its middle.
        min_face_px: Smaller true faces count neither way, nor do smaller detections that match nothing; 0 for all.
        labels: "given" for those of the data set, "corrected" for those that somebody judged again.
        compare_finder: The ONNX file of a YuNet to run on the same pictures in the same run.
    """

    split: str | None = None
    cut_scale: float = 1.0
    min_face_px: float = 0.0
    labels: str = "given"
    compare_finder: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.labels not in LABELS:
            raise SettingsError(f"Labels are {' or '.join(LABELS)}. Got: {self.labels}")
        if not 0.1 <= self.cut_scale <= 10:
            raise SettingsError(f"The cut is between 0.1 and 10 times the face. Got: {self.cut_scale}")
        if not self.min_face_px >= 0:
            raise SettingsError(f"The smallest face is 0 pixels or more. Got: {self.min_face_px}")

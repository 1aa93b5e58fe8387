"""Models that answer at once, and how to open the app with them."""

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from maskcls import images
from maskcls.cards import Card
from maskcls.finder.finder import Found

APP = str(Path(__file__).parents[2] / "app.py")


class FakeFinder:
    """Finds as many faces as the red of the first pixel says, if the wanted confidence is at most 0.8."""

    card = Card("finder-0", "finder")
    calls = 0

    def find(
        self,
        image_rgb: np.ndarray,
        *,
        min_score: float,
        min_face_px: float,
        longest_px: int | None = None,  # noqa: ARG002
    ) -> list[Found]:
        type(self).calls += 1
        if min_score > 0.8:
            return []
        boxes = [(4.0 + i, 4.0, 44.0 + i, 54.0) for i in range(int(image_rgb[0, 0, 0]))]
        return [Found(box, 0.8, np.full((5, 2), np.nan, np.float32)) for box in boxes if min_face_px <= 50]


class FakeClassifier:
    """Says the same of every face: one class is likely, and only that one has any evidence."""

    device = "CPU (fake)"

    def __init__(self, card: Card) -> None:
        self.card = card

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = len(self.card.classes)
        shares = np.full(count, 0.1 / (count - 1), np.float32)
        shares[0] = 0.9
        evidence = np.full((len(crops), 4, 4, count), -1, np.float32)
        evidence[..., 0] = 1
        return np.tile(shares, (len(crops), 1)), evidence


def open_app() -> AppTest:
    app = AppTest.from_file(APP, default_timeout=300).run()
    assert not app.exception
    return app


def picture(faces: int, *, shade: int = 90) -> bytes:
    """Return a PNG in which the fake finder sees so many faces."""
    image_rgb = np.full((64, 128, 3), shade, np.uint8)
    image_rgb[0, 0, 0] = faces
    return images.encode(image_rgb)


def upload(app: AppTest, **files: bytes) -> AppTest:
    for name, data in files.items():
        app.file_uploader[0].upload(name.replace("__", "."), data)
    app.run()
    assert not app.exception
    return app

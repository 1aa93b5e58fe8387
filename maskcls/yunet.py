"""YuNet, the face finder that OpenCV knows how to run: ours is measured against it and learns from it.

It serves nobody itself, and its file is no part of this project; but ours starts from its weights. Wu et al., "YuNet: A
Tiny Millisecond-level Face Detector", 2023.
"""

from pathlib import Path

import cv2
import numpy as np

from maskcls.errors import ModelError

LONG_SIDE_PX = 640


class YuNet:
    """A face finder in a file that OpenCV's `FaceDetectorYN` can load.

    Args:
        path: An ONNX file of YuNet with free input sizes.
        min_score: Faces below this score are left out.

    Raises:
        ModelError: OpenCV cannot load the file.
    """

    def __init__(self, path: Path, *, min_score: float = 0.02) -> None:
        """Load the file."""
        if not path.is_file():
            raise ModelError(f"There is no file {path}. Give the ONNX file of a YuNet face finder.")
        try:
            self._detector = cv2.FaceDetectorYN.create(
                str(path), "", (LONG_SIDE_PX, LONG_SIDE_PX), min_score, 0.45, 5000
            )
        except cv2.error as error:
            raise ModelError(f"{path} is not a face finder that OpenCV can load. Give a YuNet ONNX file.") from error

    def find(self, image_rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find faces in a picture, made smaller first when its long side is over 640 px.

        Args:
            image_rgb: `(h, w, 3) uint8`.

        Returns:
            Boxes `(n, 4) float32` x1, y1, x2, y2 in pixels of the picture, and scores `(n,) float32`.
        """
        rows = self.find_at(image_rgb, min(1.0, LONG_SIDE_PX / max(image_rgb.shape[:2])))
        return rows[:, :4], rows[:, 14]

    def find_at(self, image_rgb: np.ndarray, scale: float) -> np.ndarray:
        """Find faces in a picture made larger or smaller first.

        Args:
            image_rgb: `(h, w, 3) uint8`.
            scale: By how much.

        Returns:
            `(n, 15) float32` in pixels of the picture: box as x1, y1, x2, y2, five landmarks as x, y, and the score.
        """
        height, width = image_rgb.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if scale != 1:
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            image_rgb = cv2.resize(image_rgb, size, interpolation=way)
        self._detector.setInputSize(size)
        _, rows = self._detector.detect(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR))
        if rows is None:
            return np.empty((0, 15), np.float32)
        rows = rows.copy()
        rows[:, 2:4] += rows[:, :2]
        rows[:, :14] *= np.tile(np.array([width / size[0], height / size[1]], np.float32), 7)
        return rows

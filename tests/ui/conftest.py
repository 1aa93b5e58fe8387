import numpy as np
import pytest

from maskcls.face import Face


@pytest.fixture
def a_face() -> Face:
    return Face(
        box_xyxy=(4.0, 4.0, 44.0, 54.0),
        score=0.8,
        landmarks=None,
        probabilities={"with_mask": 0.9, "without_mask": 0.1},
        evidence=np.zeros((4, 4, 2), np.float32),
        crop_xyxy=(0.0, 0.0, 60.0, 60.0),
    )

import json

import numpy as np
import pytest

from maskcls import face as faces
from maskcls.face import Face


def a_face(**changes) -> Face:
    values = {
        "box_xyxy": (10.0, 20.0, 50.0, 80.0),
        "score": 0.87654321,
        "landmarks": None,
        "probabilities": {"a": 0.2, "b": 0.7, "c": 0.1},
        "evidence": np.arange(12, dtype=np.float32).reshape(2, 2, 3),
        "crop_xyxy": (0.0, 0.0, 78.0, 78.0),
    }
    return Face(**values | changes)


@pytest.mark.parametrize(
    ("reasons", "verdict"),
    [((), "b"), ((faces.TOO_SMALL, faces.BLURRED), "b"), ((faces.LOW_CONFIDENCE,), "not_sure")],
)
def test_label_and_verdict(reasons: tuple[str, ...], verdict: str):
    face = a_face(reasons=reasons)
    assert (face.label, face.verdict) == ("b", verdict)


def test_a_draw_goes_to_the_first_class():
    assert a_face(probabilities={"a": 0.5, "b": 0.5}).label == "a"


def test_face_px_is_the_longer_side():
    assert a_face().face_px == 60
    assert a_face(box_xyxy=(-5.0, 0.0, 95.0, 10.0)).face_px == 100


def test_evidence_for_a_class():
    assert a_face().evidence_for("b").tolist() == [[1, 4], [7, 10]]
    with pytest.raises(ValueError, match="nobody"):
        a_face().evidence_for("nobody")


def test_as_json_is_plain():
    landmarks = np.arange(10, dtype=np.float32).reshape(5, 2) / 3
    answer = a_face(landmarks=landmarks, reasons=(faces.BLURRED,), score=np.float32(0.87654321)).as_json()
    assert json.loads(json.dumps(answer)) == answer
    assert list(answer) == ["box_xyxy", "score", "landmarks", "label", "verdict", "probabilities", "reasons"]
    assert answer["score"] == 0.8765
    assert answer["landmarks"][1] == [0.67, 1.0]
    assert answer["reasons"] == ["blurred"]
    assert a_face().as_json()["landmarks"] is None


def test_every_reason_has_words():
    assert set(faces.REASON_WORDS) == {"low_confidence", "too_small", "blurred", "turned_away"}

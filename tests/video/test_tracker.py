"""Faces keep their number while they move, cross and are missed for a moment; one that has left is forgotten."""

import numpy as np

from maskcls import face as reasons
from maskcls import labels
from maskcls.face import Face
from maskcls.video.tracker import Tracker

FRAME_S = 1 / 30


def face(x: float, y: float = 100, *, side: float = 60, name: str = "with_mask", sure: bool = True) -> Face:
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    probabilities = {one: 0.9 if one == name else 0.05 for one in labels.CLASSES}
    doubts = () if sure else (reasons.LOW_CONFIDENCE,)
    return Face(box, 0.9, None, probabilities, np.zeros((2, 2, 3), np.float32), box, doubts)


def numbers(tracker: Tracker, faces: list[Face], time_s: float) -> list[int]:
    return [track.number for track in tracker.update(faces, time_s)]


def test_no_faces():
    tracker = Tracker()
    assert tracker.update([], 0) == []
    assert tracker.update([], 1) == []


def test_a_moving_face_keeps_its_number():
    tracker = Tracker()
    for i in range(60):
        (track,) = tracker.update([face(50 + 8 * i)], i * FRAME_S)
        assert track.number == 1
        assert (track.first_s, track.last_s) == (0, i * FRAME_S)
        assert track.face.box_xyxy[0] == 20 + 8 * i
    # 8 pixels a frame, so 16 more in two frames; and nobody knows where it is in a minute.
    np.testing.assert_allclose(
        track.box_at(track.last_s + 2 * FRAME_S), track.face.box_xyxy + np.array([16, 0, 16, 0]), atol=0.5
    )
    assert np.abs(track.box_at(track.last_s + 60) - track.face.box_xyxy).max() < 100


def test_fast_faces_are_expected_where_they_will_be():
    """From frame to frame this one moves by more than its own width, once it has got there step by step."""
    tracker, x, speed = Tracker(), 0.0, 0.0
    for i in range(40):
        assert numbers(tracker, [face(x)], i * FRAME_S) == [1]
        speed = min(speed + 6, 75)
        x += speed


def test_the_order_in_which_faces_come_says_nothing():
    tracker = Tracker()
    assert numbers(tracker, [face(100), face(300)], 0) == [1, 2]
    assert numbers(tracker, [face(305), face(102)], FRAME_S) == [2, 1]


def test_faces_that_pass_each_other():
    """They cross at different heights, so that neither hides the other."""
    tracker = Tracker()
    for i in range(60):
        assert numbers(tracker, [face(100 + 5 * i, 100), face(400 - 5 * i, 130)], i * FRAME_S) == [1, 2]


def test_a_new_face_gets_a_new_number():
    tracker = Tracker()
    assert numbers(tracker, [face(100)], 0) == [1]
    assert numbers(tracker, [face(400), face(100)], FRAME_S) == [2, 1]


def test_a_face_that_was_missed_for_a_moment():
    tracker = Tracker()
    assert numbers(tracker, [face(100)], 0) == [1]
    assert numbers(tracker, [], 0.5) == []
    assert numbers(tracker, [face(104)], 0.9) == [1]


def test_a_face_that_left_is_forgotten_after_a_second_and_numbers_are_not_given_again():
    tracker = Tracker()
    assert numbers(tracker, [face(100)], 0) == [1]
    assert numbers(tracker, [], 0.4) == numbers(tracker, [], 0.8) == []
    assert numbers(tracker, [face(100)], 1.1) == [2]


def test_a_slow_machine_forgets_nobody_whom_it_did_not_look_for():
    tracker = Tracker()
    assert [numbers(tracker, [face(100)], 1.5 * i) for i in range(4)] == [[1]] * 4
    assert numbers(tracker, [face(100)], 60.0) == [2]


def test_the_verdict_is_a_vote():
    tracker = Tracker()
    for i in range(20):
        tracker.update([face(100)], i * FRAME_S)
    (track,) = tracker.update([face(100, name="without_mask")], 20 * FRAME_S)
    assert track.face.verdict == "without_mask"
    assert track.verdict == "with_mask"
    (track,) = Tracker().update([face(100, sure=False)], 0)
    assert track.verdict == labels.NOT_SURE


def test_two_frames_of_one_moment():
    tracker = Tracker()
    assert numbers(tracker, [face(100)], 0) == [1]
    assert numbers(tracker, [face(110)], 0) == [1]
    assert numbers(tracker, [face(120)], FRAME_S) == [1]

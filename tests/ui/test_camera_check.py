"""What a browser says becomes steps with advice; whatever it says, nothing breaks."""

import pytest

from maskcls.ui.camera_check import steps

FINE = {"run": 1, "secure": True, "api": True, "cameras": 2, "permission": "granted", "paths": ["host", "srflx"]}


def test_a_browser_that_says_nothing():
    assert [step.works for step in steps({})] == [False, None, None, None]


def test_all_is_well():
    assert [step.works for step in steps(FINE)] == [True] * 4
    assert all(not step.advice for step in steps(FINE))


@pytest.mark.parametrize(
    ("change", "failing", "advice"),
    [
        ({"secure": False}, 0, "https"),
        ({"api": False}, 0, "https"),
        ({"cameras": 0}, 1, "Plug one in"),
        ({"permission": "denied"}, 2, "allow the camera"),
        ({"paths": []}, 3, "TURN"),
        ({"paths": None}, 3, "TURN"),
    ],
)
def test_the_step_that_fails(change: dict, failing: int, advice: str):
    found = steps(FINE | change)
    assert [bool(step.works) for step in found] == [i != failing for i in range(4)]
    assert advice in found[failing].advice


@pytest.mark.parametrize("nonsense", ["<b>", 5, True, None, [], {}])
def test_nonsense(nonsense: object):
    for step in steps(dict.fromkeys(FINE, nonsense)):
        assert "<b>" not in step.title + step.advice

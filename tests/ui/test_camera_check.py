"""What a browser says becomes steps with advice; whatever it says, nothing breaks."""

import pytest

from maskcls.ui.camera_check import steps

FINE = {"run": 1, "secure": True, "api": True, "cameras": 2, "permission": "granted", "paths": ["host", "srflx"]}


def test_a_browser_that_says_nothing():
    assert [step.works for step in steps({})] == [False, None, None, None, None]


def test_all_is_well():
    *sure, last = steps(FINE)
    assert [step.works for step in sure] == [True] * 4
    assert all(not step.advice for step in sure)
    # Which way there is to the server, only a connection tells.
    assert last.works is None
    assert "TURN" in last.advice


@pytest.mark.parametrize(
    ("change", "failing", "advice"),
    [
        ({"secure": False}, 0, "https"),
        ({"api": False}, 0, "https"),
        ({"cameras": 0}, 1, "Plug one in"),
        ({"permission": "denied"}, 2, "allow the camera"),
        ({"paths": []}, 3, "another browser"),
        ({"paths": None}, 3, "another browser"),
    ],
)
def test_the_step_that_fails(change: dict, failing: int, advice: str):
    found = steps(FINE | change)
    assert [bool(step.works) for step in found[:4]] == [i != failing for i in range(4)]
    assert advice in found[failing].advice


@pytest.mark.parametrize("nonsense", ["<b>", 5, True, None, [], {}])
def test_nonsense(nonsense: object):
    for step in steps(dict.fromkeys(FINE, nonsense)):
        assert "<b>" not in step.title + step.advice

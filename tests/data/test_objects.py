"""Things before a face: below the eyes, like the face in light, and always the same for one draw."""

import numpy as np
import pytest

from maskcls.data.objects import OBJECTS, Thing, apply_thing, draw_thing
from maskcls.data.prints import Print

# Eyes 60 px apart, mouth 54 px below them.
LANDMARKS = np.array([[120, 100], [180, 100], [150, 132], [126, 154], [174, 154]], np.float32)


@pytest.fixture
def head(rng: np.random.Generator) -> np.ndarray:
    return np.clip(150 + rng.normal(0, 6, (300, 300, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("landmarks", [np.zeros((5, 2)), np.full((5, 2), np.nan), LANDMARKS[:3]])
def test_no_face(head: np.ndarray, landmarks: np.ndarray):
    with pytest.raises(ValueError, match="landmarks"):
        apply_thing(Thing("cup", (200, 0, 0), (0.0, 1.3)), head, landmarks)


def test_beside_the_picture(head: np.ndarray):
    thing = Thing("cup", (200, 0, 0), (0.0, 1.3))
    assert np.array_equal(apply_thing(thing, head, LANDMARKS - 2000), head)


@pytest.mark.parametrize("kind", OBJECTS)
def test_it_lies_where_it_was_put_and_nowhere_else(head: np.ndarray, kind: str):
    before = head.copy()
    painted = apply_thing(Thing(kind, (200, 0, 0), (0.0, 1.6)), head, LANDMARKS)
    assert np.array_equal(head, before)
    x, y = 150, round(100 + 1.6 * 54)
    red = painted[y - 3 : y + 3, x - 3 : x + 3].reshape(-1, 3).mean(axis=0)
    assert red[0] > 100
    assert red[1:].max() < 20
    assert np.array_equal(painted[:105], head[:105])  # eyes and brow


def test_draws_differ_and_each_says_all(rng: np.random.Generator, head: np.ndarray):
    things = [draw_thing(rng) for _ in range(60)]
    assert {thing.kind for thing in things} == set(OBJECTS)
    assert len(set(things)) == 60
    assert 10 < sum(thing.print is not None for thing in things) < 50
    for thing in things:
        assert np.array_equal(apply_thing(thing, head, LANDMARKS), apply_thing(thing, head, LANDMARKS))
    again = np.random.default_rng(5), np.random.default_rng(5)
    assert draw_thing(again[0]) == draw_thing(again[1])


def test_a_scarf_leaves_the_nose_bare(rng: np.random.Generator, head: np.ndarray):
    scarves = [thing for thing in (draw_thing(rng) for _ in range(200)) if thing.kind == "scarf"]
    assert len(scarves) > 20
    for thing in scarves:
        assert np.array_equal(apply_thing(thing, head, LANDMARKS)[130:134, 148:152], head[130:134, 148:152])


def test_prints_and_light(head: np.ndarray):
    stripes = Thing("cup", (240, 240, 240), (0.0, 1.4), print=Print("stripes", (0, 0, 0), 0.2))
    painted = apply_thing(stripes, head, LANDMARKS)[160:190, 130:170].mean(axis=2)
    assert painted.min() < 40
    assert painted.max() > 180
    plain = Thing("phone", (240, 240, 240), (0.0, 1.4))
    bright, dark = (apply_thing(plain, picture, LANDMARKS)[176, 150].mean() for picture in (head, head // 4))
    assert dark < 0.8 * bright

"""Copies are found whatever was done to them, and nothing else is."""

import cv2
import numpy as np
import pytest

from maskcls import images, samples
from maskcls.data import copies


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return samples.load("no_mask")


def bits_apart(first: np.ndarray, second: np.ndarray) -> int:
    return (copies.perceptual_hash(first) ^ copies.perceptual_hash(second)).bit_count()


def test_no_pictures():
    assert copies.groups(np.zeros(0, np.uint64)).tolist() == []


def test_exact():
    assert copies.exact_hash(b"a") == copies.exact_hash(b"a") != copies.exact_hash(b"b")


@pytest.mark.parametrize("scale", [0.3, 2.0])
def test_a_scaled_copy(portrait: np.ndarray, scale: float):
    assert bits_apart(portrait, cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)) <= 4


def test_a_compressed_or_lighter_copy(portrait: np.ndarray):
    jpeg = images.read(cv2.imencode(".jpg", portrait[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 20])[1].tobytes())
    assert bits_apart(portrait, jpeg) <= 4
    assert bits_apart(portrait, cv2.convertScaleAbs(portrait, alpha=0.8, beta=20)) <= 4


def test_others_differ(portrait: np.ndarray):
    assert bits_apart(portrait, portrait[:, ::-1]) > 12
    assert bits_apart(portrait, np.rot90(portrait)) > 12


def test_plain_pictures_have_a_hash():
    assert 0 <= copies.perceptual_hash(np.zeros((1, 1, 3), np.uint8)) < 2**64


def test_groups_are_chained():
    hashes = np.array([0, 0b111, 0b111111, 2**64 - 1, 0b111111000000], np.uint64)
    assert copies.groups(hashes, near_bits=3).tolist() == [0, 0, 0, 3, 4]
    assert copies.groups(hashes, near_bits=0).tolist() == [0, 1, 2, 3, 4]


def test_a_thousand_copies_are_compared_once():
    assert copies.groups(np.zeros(30_000, np.uint64)).tolist() == [0] * 30_000


def test_more_than_are_compared_at_once():
    hashes = np.arange(1300, dtype=np.uint64) << np.uint64(20)
    hashes[1299] = hashes[3]
    found = copies.groups(hashes, near_bits=0)
    assert found[1299] == found[3] == 3
    assert len(set(found.tolist())) == 1299

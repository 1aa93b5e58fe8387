"""Copies of one picture, exact and near: by the hash of the bytes, and by one of what the eye sees.

The perceptual hash is that of Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010: the
signs of the lowest frequencies of a small grey picture.
"""

import hashlib

import cv2
import numpy as np

_SMALL_PX, _LOW = 32, 8
# Of 64 bits; scaled, compressed or slightly cropped copies differ in fewer.
_NEAR_BITS = 6
_ROWS_AT_ONCE = 128


def exact_hash(data: bytes) -> str:
    """Return what is equal for equal bytes."""
    return hashlib.sha256(data).hexdigest()


def perceptual_hash(image_rgb: np.ndarray) -> int:
    """Return 64 bits that hardly differ for pictures that look the same.

    Args:
        image_rgb: `(h, w, 3) uint8`.
    """
    grey = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:_LOW, :_LOW].ravel()
    # Without the mean brightness, which is far larger than the rest.
    bits = low > np.median(low[1:])
    return int(np.packbits(bits).view(">u8")[0])


def groups(hashes: np.ndarray, *, near_bits: int = _NEAR_BITS) -> np.ndarray:
    """Return the group of each picture, `(n,) int`: those that look the same, or are linked by others that do.

    Args:
        hashes: `(n,) uint64`, from `perceptual_hash`.
        near_bits: Pictures whose hashes differ in no more bits look the same.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # Exact copies first: of a thousand, only one is compared with the rest.
    kinds, kind_of = np.unique(hashes, return_inverse=True)
    if not len(kinds):
        return np.zeros(0, int)
    pairs = []
    for start in range(0, len(kinds), _ROWS_AT_ONCE):
        rows = kinds[start : start + _ROWS_AT_ONCE, None]
        pairs.append(np.argwhere(np.bitwise_count(rows ^ kinds[None, start:]) <= near_bits) + start)
    first, second = np.concatenate(pairs).T
    links = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(len(kinds), len(kinds)))
    _, found = connected_components(links, directed=False)
    return _by_first(found[kind_of])


def joined(groups_a: np.ndarray, groups_b: np.ndarray) -> np.ndarray:
    """Return the groups of pictures `(n,) int` that share one in either grouping, or are linked by others that do."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(groups_a)
    if not count:
        return np.zeros(0, int)
    ends = [_by_first(one) for one in (groups_a, groups_b)]
    here = np.tile(np.arange(count), 2)
    links = coo_array((np.ones(2 * count, np.int8), (here, np.concatenate(ends))), shape=(count, count))
    return _by_first(connected_components(links, directed=False)[1])


def _by_first(found: np.ndarray) -> np.ndarray:
    """Return groups numbered by their first pictures."""
    _, firsts, numbers = np.unique(found, return_index=True, return_inverse=True)
    return firsts[numbers]

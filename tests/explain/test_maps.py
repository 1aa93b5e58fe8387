"""A map spread over a crop keeps its values and has no steps."""

import numpy as np
import pytest

from maskcls.explain.maps import spread


def test_spread():
    assert not spread(np.zeros((1, 1)), 5).any()
    whole = spread(np.array([[0.0, 1.0], [0.0, 1.0]]), 8)
    assert (whole.shape, whole.dtype) == ((8, 8), np.float32)
    assert whole[:, 0] == pytest.approx(0)
    assert whole[:, -1] == pytest.approx(1)
    assert np.diff(whole, axis=1).max() <= 0.25 + 1e-6

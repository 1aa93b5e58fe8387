"""What cells are asked, and that the loss is nothing for just these answers and something for any other."""

import numpy as np
import pytest

from maskcls.finder.network import STRIDES
from maskcls.training.finder import targets
from maskcls.training.finder.targets import BOX, COUNTS, KNOWN, LANDMARKS, POSITIVE, SIZE, encode
from maskcls.training.teacher import Truth

SIZE_PX = 128
CELLS = 16 * 16 + 8 * 8 + 4 * 4


def truth(*boxes: tuple, ignored: tuple = (), known: bool = True, sureness: float = 1) -> Truth:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    points = np.linspace(0.2, 0.8, 10, dtype=np.float32).reshape(5, 2)
    landmarks = array[:, None, :2] + points * (array[:, 2:] - array[:, :2])[:, None]
    return Truth(
        array,
        landmarks if known else landmarks * np.nan,
        np.full(len(array), sureness, np.float32),
        np.array(ignored, np.float32).reshape(-1, 4),
    )


def grids(target: np.ndarray, size_px: int = SIZE_PX) -> list[np.ndarray]:
    sides = [size_px // stride for stride in STRIDES]
    parts = np.split(target, np.cumsum(np.square(sides))[:-1])
    return [part.reshape(side, side, -1) for part, side in zip(parts, sides, strict=True)]


def test_no_face_is_background_everywhere():
    target = encode(truth(), size_px=SIZE_PX)
    assert target.shape == (CELLS, targets.TARGET_CHANNELS)
    assert target.dtype == np.float32
    assert (target[:, COUNTS] == 1).all()
    assert target[:, 1:].sum() == 0


def test_an_ignored_place_between_two_centres_still_counts_neither_way():
    target = encode(truth(ignored=((5, 5, 11, 11),)), size_px=SIZE_PX)
    assert [int((grid[..., COUNTS] == 0).sum()) for grid in grids(target)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("side", "positive"),
    [(4, [8]), (20, [8]), (40, [8, 16]), (80, [16]), (100, [16, 32]), (126, [16, 32]), (180, [32]), (240, [32]),
     (500, [32])],
)  # fmt: skip
def test_sizes_go_to_their_grids(side: float, positive: list[int]):
    target = encode(truth((256 - side / 2, 256 - side / 2, 256 + side / 2, 256 + side / 2)), size_px=512)
    responsible = [bool(grid[..., POSITIVE].any()) for grid in grids(target, 512)]
    assert [stride for stride, some in zip(STRIDES, responsible, strict=True) if some] == positive


def test_what_a_cell_is_asked():
    grid = grids(encode(truth((40, 44, 80, 76)), size_px=SIZE_PX))[0]
    cell = grid[7, 7]  # its middle lies at 60, 60
    assert cell[POSITIVE] == cell[COUNTS] == cell[KNOWN] == 1
    assert cell[BOX] * 8 + 60 == pytest.approx([40, 44, 80, 76])
    points = cell[LANDMARKS].reshape(5, 2) * 8 + 60
    assert points == pytest.approx(truth((40, 44, 80, 76)).landmarks[0], abs=1e-3)
    assert cell[SIZE] * 8 == pytest.approx(np.sqrt(40 * 32))
    assert 1 < grid[..., POSITIVE].sum() <= 9


def test_near_the_sizes_of_a_grid_nothing_counts():
    """A face of 60 px belongs to the second grid; the first one, up to 48, may see it or not."""
    fine, middle, coarse = grids(encode(truth((34, 34, 94, 94)), size_px=SIZE_PX))
    assert middle[..., POSITIVE].any()
    assert (middle[..., COUNTS] == 1).all()
    for grid in (fine, coarse):
        assert not grid[..., POSITIVE].any()
    assert (fine[..., COUNTS] == 0).any()


def test_a_face_smaller_than_a_cell_is_not_lost():
    for x in np.arange(20, 44, 1.7):
        grid = grids(encode(truth((x, x, x + 3, x + 3)), size_px=SIZE_PX))[0]
        assert 1 <= grid[..., POSITIVE].sum() <= 4
        boxes = grid[grid[..., POSITIVE] == 1][:, BOX] * 8
        assert boxes[:, 2:] - boxes[:, :2] == pytest.approx(3, abs=1e-4)


def test_the_smaller_of_two_faces_has_the_last_word():
    grid = grids(encode(truth((52, 52, 68, 68), (40, 40, 80, 80)), size_px=SIZE_PX))[0]
    assert grid[7, 7, SIZE] * 8 == pytest.approx(16)


def test_ignored_places_do_not_count_but_faces_in_them_do():
    target = encode(truth((52, 52, 76, 76), ignored=((32, 32, 96, 96),)), size_px=SIZE_PX)
    fine = grids(target)[0]
    assert (fine[5, 5, COUNTS], fine[0, 0, COUNTS]) == (0, 1)
    assert (fine[fine[..., POSITIVE] == 1][:, COUNTS] == 1).all()


def perfect(target: np.ndarray) -> np.ndarray:
    answer = np.zeros((len(target), 15), np.float32)
    answer[:, 0] = np.where(target[:, POSITIVE] == 1, 20, -20)
    low, high = target[:, BOX][:, :2], target[:, BOX][:, 2:]
    answer[:, 1:3] = (low + high) / 2
    answer[:, 3:5] = np.log(np.maximum(high - low, 1e-6))
    answer[:, 5:] = target[:, LANDMARKS]
    return answer


def loss(target: np.ndarray, answer: np.ndarray) -> float:
    return float(targets.detection_loss(target[None], answer[None]))


def test_the_loss_of_a_picture_without_faces():
    target = encode(truth(), size_px=SIZE_PX)
    assert loss(target, perfect(target)) == pytest.approx(0, abs=1e-4)
    assert loss(target, np.zeros((CELLS, 15), np.float32)) > 1


@pytest.fixture
def asked() -> np.ndarray:
    return encode(truth((30, 30, 70, 80), (90, 90, 110, 110)), size_px=SIZE_PX)


def test_perfect_answers_cost_nothing(asked: np.ndarray):
    assert loss(asked, perfect(asked)) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("channels", [slice(0, 1), slice(1, 5), slice(5, 15)])
def test_every_other_answer_costs_something(asked: np.ndarray, channels: slice):
    costs = []
    for far in (0.1, 1.0):
        wrong = perfect(asked)
        if channels.start == 0:
            wrong[:, 0] *= 0.1 * (1 - far)  # towards not knowing
        else:
            wrong[:, channels] += far
        costs.append(loss(asked, wrong))
    assert 0.0005 < costs[0] < costs[1]


def test_of_a_face_that_the_teacher_does_not_see_the_network_need_not_be_sure():
    costs = {}
    for sureness in (0, 1):
        target = encode(truth((30, 30, 70, 80), sureness=sureness), size_px=SIZE_PX)
        for logit in (0.5, 20):
            answer = perfect(target)
            answer[target[:, POSITIVE] == 1, 0] = logit
            costs[sureness, logit] = loss(target, answer)
    assert costs[0, 0.5] < costs[0, 20]
    assert costs[1, 20] < costs[1, 0.5]


def test_the_worst_answer_costs_more_than_silence(asked: np.ndarray):
    silent, opposite = perfect(asked), perfect(asked)
    silent[:, 0] = -4.6
    opposite[:, 0] *= -1
    assert loss(asked, perfect(asked)) < loss(asked, silent) < loss(asked, opposite)


def test_unknown_landmarks_cost_nothing():
    asked = encode(truth((30, 30, 70, 80), known=False), size_px=SIZE_PX)
    answer = perfect(asked)
    answer[:, 5:] += 3
    assert np.isfinite(asked).all()
    assert loss(asked, answer) == pytest.approx(0, abs=1e-3)


def test_ignored_cells_cost_nothing():
    asked = encode(truth(ignored=((-1, -1, 129, 129),)), size_px=SIZE_PX)
    assert loss(asked, np.full((CELLS, 15), 5, np.float32)) == 0

"""A run that stopped goes on as if it had not."""

import gc
from pathlib import Path

import keras
import numpy as np
import pytest

from maskcls.training import loop


class Batches(keras.utils.PyDataset):
    """Noisy points on a plane; an epoch and an index always give the same ones."""

    def __init__(self, first_epoch: int) -> None:
        super().__init__(workers=1, max_queue_size=2)
        self.epoch = first_epoch

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((self.epoch, index))
        x = rng.normal(size=(8, 3)).astype(np.float32)
        return x, (x @ [[1.0], [-2.0], [0.5]] + 3 + rng.normal(0, 0.1, (8, 1))).astype(np.float32)

    def on_epoch_end(self) -> None:
        self.epoch += 1


class StoppedError(Exception):
    """Somebody pulled the plug."""


def train(run: Path, epochs: int = 3, rate: float = 0.05) -> keras.Model:
    run.mkdir(exist_ok=True)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    loop.fit(model, Batches, run, loss=keras.losses.MeanSquaredError(), epochs=epochs, rate=rate, saved=model)
    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    run = tmp_path_factory.mktemp("whole")
    return run, train(run).get_weights()


def progress(run: Path) -> list[str]:
    return (run / "progress.csv").read_text().splitlines()


def test_what_a_run_leaves_behind(whole: tuple[Path, list[np.ndarray]]):
    run, _ = whole
    assert progress(run)[0].startswith("epoch,loss")
    assert [line.split(",")[0] for line in progress(run)[1:]] == ["0", "1", "2"]
    assert (run / "backup").is_dir()
    assert keras.saving.load_model(run / "latest.keras", compile=False).input_shape == (None, 3)


# A run that stops where it stands leaves its log open, which is noticed when it is swept up.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_stopped_run_goes_on(whole: tuple[Path, list[np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = tmp_path / "run"

    def stop(*_: object, **__: object) -> None:
        raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr(loop._SaveAverage, "on_epoch_end", stop)
        with pytest.raises(StoppedError):
            train(run)
    gc.collect()
    assert len(progress(run)) == 2
    for ours, expected in zip(train(run).get_weights(), whole[1], strict=True):
        assert ours == pytest.approx(expected, abs=1e-6)
    assert [line.split(",")[0] for line in progress(run)] == ["epoch", "0", "1", "2"]


def test_a_finished_run_stays_as_it_is(whole: tuple[Path, list[np.ndarray]]):
    run, weights = whole
    for ours, expected in zip(train(run).get_weights(), weights, strict=True):
        assert ours == pytest.approx(expected, abs=1e-6)
    assert len(progress(run)) == 4


def test_training_moves_the_weights(whole: tuple[Path, list[np.ndarray]], tmp_path: Path):
    """Otherwise the tests above would compare one start with itself."""
    _, weights = whole
    still = train(tmp_path / "still", epochs=1, rate=1e-12).get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(still, weights, strict=True)) > 0.001


def test_the_weights_end_as_their_average(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is backed up after the last step is where the optimizer stood, not what comes out."""
    seen: list[np.ndarray] = []
    original = loop._SaveAverage.on_epoch_end

    def watch(self: keras.callbacks.Callback, epoch: int, logs: dict | None = None) -> None:
        original(self, epoch, logs)
        seen.append(self.model.get_weights()[0])

    monkeypatch.setattr(loop._SaveAverage, "on_epoch_end", watch)
    run = tmp_path / "run"
    averaged = train(run, epochs=1).get_weights()[0]
    assert not np.allclose(averaged, seen[0], atol=1e-4)
    # Saving the average on the way neither changes the training nor saves anything else.
    saved = keras.saving.load_model(run / "latest.keras", compile=False).get_weights()[0]
    assert saved == pytest.approx(averaged, abs=1e-6)

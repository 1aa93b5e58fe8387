"""The training loop that both networks share: averaged weights, a cosine schedule, a run that goes on after a stop."""

from collections.abc import Callable
from pathlib import Path

import keras


def fit(
    trained: keras.Model,
    batches: Callable[[int], keras.utils.PyDataset],
    run: Path,
    *,
    loss: Callable | keras.losses.Loss,
    epochs: int,
    rate: float,
    saved: keras.Model,
) -> None:
    """Train in place; the weights end as their running average (Polyak and Juditsky, 1992).

    What stands in `run/backup` is taken up again, so a run that stopped goes on where it was.

    Args:
        trained: The model that the loss is taken on.
        batches: Gives the batches from an epoch on.
        run: The folder for `backup/`, `progress.csv` and `latest.keras`.
        loss: Takes truth and answer.
        epochs: How often the batches are gone through.
        rate: Highest learning rate.
        saved: Shares its weights with `trained`; saved now and then as `latest.keras`.
    """
    first = _epochs_done(run)
    data = batches(first)
    steps = epochs * len(data)
    warm_up = min(300, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 100, decay_steps=max(1, steps - warm_up), alpha=0.01, warmup_target=rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=0.02, global_clipnorm=10.0, use_ema=True, ema_momentum=0.998
    )
    trained.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    trained.fit(
        data,
        epochs=epochs,
        verbose=2,
        # The batches are random as they are; another order after a stop would make it another run.
        shuffle=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(run / "backup", delete_checkpoint=False),
            keras.callbacks.CSVLogger(run / "progress.csv", append=True),
            _SaveAverage(saved, run / "latest.keras"),
        ],
    )


class _SaveAverage(keras.callbacks.Callback):
    """Every few epochs, save the network with its averaged weights: what the run would give if it ended now."""

    def __init__(self, saved: keras.Model, path: Path) -> None:
        super().__init__()
        self._saved = saved
        self._path = path

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002 - Keras calls it so
        if epoch % 3:
            return
        weights = self._saved.get_weights()
        self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
        self._saved.save(self._path)
        self._saved.set_weights(weights)


def _epochs_done(run: Path) -> int:
    progress = run / "progress.csv"
    return max(0, len(progress.read_text(encoding="utf-8").splitlines()) - 1) if progress.exists() else 0

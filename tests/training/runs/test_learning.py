"""The learning: phases, rates, what is kept, and that a run which was killed goes on as if nothing had happened.

Steps are taken eagerly, on networks that nobody has to wait for.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from maskcls.architectures import architecture
from maskcls.data.augmentation import Augmentation
from maskcls.data.datasets import Dataset
from maskcls.errors import RunError
from maskcls.registry import Registry
from maskcls.training.runs import checkpoint, learning, starting
from maskcls.training.runs.devices import Replicas
from maskcls.training.runs.faces import Crop, Faces
from maskcls.training.runs.learning import Learner, Learnt
from maskcls.training.runs.progress import Line, Progress
from maskcls.training.runs.settings import Settings
from tests.training.runs.conftest import PX, make_dataset, tiny_settings

pytestmark = pytest.mark.usefixtures("_eagerly", "_tiny_architecture")
CROP = Crop(PX, 1.0)
STEPS = 3  # an epoch's: 24 faces, 8 in a batch


class Killed(BaseException):
    """What nothing in a run may catch."""


def asked(**changes: Any) -> Settings:
    return tiny_settings(**{"architecture": "tiny"} | changes)


def make(dataset: Dataset, folder: Path, settings: Settings, **options: Any) -> Learner:
    """Return a learner of the data set's faces, as a process makes it when it starts or goes on."""
    folder.mkdir(exist_ok=True)
    train = Faces(dataset, "train", CROP)
    network = options.pop("network", None) or starting.build(settings, train.classes, Registry(folder))
    validation = Faces(dataset, options.pop("validation", "validation"), CROP)
    progress = Progress(folder / "progress.jsonl")
    return Learner(network, train, validation, settings, folder=folder, progress=progress, **options)


def weights_of(learner: Learner) -> list[np.ndarray]:
    return list(learner._network.get_weights())


def by_name(network: Any) -> dict[str, np.ndarray]:
    return {weight.path: np.array(weight) for weight in network.weights}


def moved(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> set[str]:
    """Return the names of the layers of which a weight has changed."""
    return {name.split("/")[0] for name, values in before.items() if (after[name] != values).any()}


def lines(folder: Path, kind: str) -> list[Line]:
    return [line for line in Progress(folder / "progress.jsonl").lines() if line["kind"] == kind]


def say_losses(monkeypatch: pytest.MonkeyPatch, losses: Sequence[float]) -> None:
    """Let validation say these, one after the other."""
    said = iter(losses)

    def validate(_: Learner) -> dict[str, float]:
        return dict.fromkeys(("loss", "calibrated"), next(said)) | {"accuracy": 0.5, "macro_f1": 0.5}

    monkeypatch.setattr(Learner, "_validate", validate)


def after(calls: int, what: type[BaseException]) -> Callable[[], bool]:
    """Return a `stopped` that raises when it is asked for the time after so many."""
    left = iter(range(calls))

    def stopped() -> bool:
        if next(left, None) is None:
            raise what
        return False

    return stopped


def test_without_faces_to_validate_on_the_last_epoch_is_as_good_as_any(dataset: Dataset, tmp_path: Path):
    learner = make(dataset, tmp_path, asked(patience=1), validation="holiday")
    learnt = learner.learn()
    assert (learnt.epochs, learnt.best_epoch, learnt.stopped_early) == (2, 1, False)
    assert [line["validation"] for line in lines(tmp_path, "epoch")] == [None, None]
    assert all(np.isfinite(one).all() for one in weights_of(learner))


def test_it_learns_and_says_so(dataset: Dataset, tmp_path: Path):
    learner = make(dataset, tmp_path, asked(epochs=6, rate=3e-2, dropout=0.1))
    learnt = learner.learn()
    assert (learnt.epochs, learnt.cancelled, learnt.stopped_early) == (6, False, False)
    assert learnt.per_s > 0
    assert 0 <= learnt.waited < 1
    epochs, batches = lines(tmp_path, "epoch"), lines(tmp_path, "batch")
    assert [line["epoch"] for line in epochs] == list(range(6))
    assert [line["at"] for line in epochs] == [24 * n for n in range(1, 7)]
    assert [line["at"] for line in batches] == [8 * n for n in range(1, 19)]
    assert epochs[-1]["train"]["loss"] < 0.5 * epochs[0]["train"]["loss"]
    assert epochs[-1]["validation"]["accuracy"] == epochs[-1]["validation"]["macro_f1"] == 1
    assert epochs[-1]["best"] == learnt.best_epoch
    assert batches[-1]["left_s"] < batches[3]["left_s"]
    assert epochs[-1]["left_s"] == 0
    # What an epoch says is the mean of what its batches said.
    for i, line in enumerate(epochs):
        for name in ("loss", "accuracy"):
            mean = np.mean([batch[name] for batch in batches[STEPS * i : STEPS * i + STEPS]])
            assert line["train"][name] == pytest.approx(mean)


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd"])
def test_every_optimiser_takes_a_step(dataset: Dataset, tmp_path: Path, optimiser: str):
    learner = make(dataset, tmp_path, asked(epochs=1, batch=24, optimiser=optimiser))
    before = by_name(learner._network)
    learner.learn()
    assert moved(before, by_name(learner._network)) == {"conv_1", "logits"}


def test_three_classes_of_ones_own(tmp_path: Path):
    made = make_dataset(tmp_path, "hat", "with_mask", "without_mask", counts={"train": 4, "validation": 2})
    learner = make(made, tmp_path / "run", asked(epochs=1))
    assert learner._network.output_shape == (None, 3)
    assert learner.learn().best_epoch == 0
    (said,) = lines(tmp_path / "run", "epoch")
    assert math.isfinite(said["validation"]["loss"])


def test_the_head_goes_first(dataset: Dataset, tmp_path: Path):
    settings = asked(architecture="maskcls", batch=24, head_epochs=1, epochs=2)
    seen: list[dict[str, np.ndarray]] = []
    learner = make(dataset, tmp_path, settings, after_epoch=lambda *_: seen.append(by_name(learner._network)))
    before = by_name(learner._network)
    learner.learn()
    assert moved(before, seen[0]) == {"evidence", "logits"}
    assert len(moved(seen[0], seen[1])) > 30
    for after_it in seen:
        # Only the bias: the identity in front of it is no weight to learn.
        assert (after_it["logits/kernel"] == np.eye(2)).all()
    assert (seen[0]["logits/bias"] != before["logits/bias"]).any()


@pytest.mark.parametrize(("name", "constant"), [("grey-cnn", "grey"), ("vgg16", "bgr_less_means")])
def test_what_was_never_learnt_stays(tmp_path: Path, name: str, constant: str):
    made = make_dataset(tmp_path, "hat", "with_mask", counts={"train": 2, "validation": 1, "test": 1})
    learner = make(made, tmp_path / "run", asked(architecture=name, epochs=1), validation="holiday")
    before = by_name(learner._network)
    learner.learn()
    there = moved(before, by_name(learner._network))
    assert constant not in there
    with_weights = {layer.name for layer in learner._network.layers if layer.weights}
    assert there == with_weights - {constant}


@pytest.mark.parametrize(
    ("unfrozen", "expected"),
    [(0.0, {"logits"}), (0.4, {"logits"}), (0.6, {"conv_1", "logits"})],
)
def test_the_share_that_is_unfrozen(dataset: Dataset, tmp_path: Path, unfrozen: float, expected: set[str]):
    learner = make(dataset, tmp_path, asked(epochs=1, batch=24, unfrozen=unfrozen))
    before = by_name(learner._network)
    learner.learn()
    assert moved(before, by_name(learner._network)) == expected


def test_evidence_is_never_frozen(dataset: Dataset, tmp_path: Path):
    settings = asked(architecture="maskcls", epochs=1, batch=24, unfrozen=0.0)
    learner = make(dataset, tmp_path, settings)
    before = by_name(learner._network)
    learner.learn()
    assert moved(before, by_name(learner._network)) == {"evidence", "logits"}


@pytest.mark.parametrize(("start", "learnt"), [("scratch", True), ("imagenet", False)])
def test_statistics_of_other_pictures_are_kept(dataset: Dataset, tmp_path: Path, start: str, learnt: bool):
    import keras
    from keras import layers

    crops = keras.Input((PX, PX, 3), dtype="uint8")
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, strides=4)(layers.Rescaling(1 / 255)(crops)))
    logits = layers.Dense(2, name="logits")(layers.GlobalAveragePooling2D()(x))
    network = keras.Model(crops, layers.Softmax()(logits))
    before = by_name(network)
    make(dataset, tmp_path, asked(epochs=1, start=start), network=network).learn()
    assert ("norm" in moved(before, by_name(network))) == learnt
    assert "logits" in moved(before, by_name(network))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"schedule": "constant", "epochs": 1}, [1e-3] * 3),
        ({"schedule": "constant", "epochs": 2, "head_epochs": 1}, [1e-2] * 3 + [1e-3] * 3),
        ({"epochs": 1, "head_epochs": 5}, [1e-2] * 3),
    ],
)
def test_rates(dataset: Dataset, tmp_path: Path, changes: dict, expected: list[float]):
    make(dataset, tmp_path, asked(rate=1e-3, **changes)).learn()
    assert [line["rate"] for line in lines(tmp_path, "batch")] == pytest.approx(expected)


def test_the_rate_falls_along_a_half_cosine(dataset: Dataset, tmp_path: Path):
    make(dataset, tmp_path, asked(rate=1e-3, epochs=3, head_epochs=1, batch=6)).learn()
    rates = [line["rate"] for line in lines(tmp_path, "batch")]
    assert rates[:4] == [1e-2] * 4
    # It starts low.
    assert rates[4] == pytest.approx(5e-5)
    falling = [1e-3 * (0.01 + 0.99 * (1 + math.cos(math.pi * step / 8)) / 2) for step in range(1, 8)]
    assert rates[5:] == pytest.approx(falling)


def test_the_best_epoch_is_kept(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    say_losses(monkeypatch, [0.5, 0.2, 0.9])
    seen: list[list[np.ndarray]] = []
    learner = make(dataset, tmp_path, asked(epochs=3), after_epoch=lambda *_: seen.append(weights_of(learner)))
    learnt = learner.learn()
    assert (learnt.epochs, learnt.best_epoch) == (3, 1)
    for one, best, last in zip(weights_of(learner), seen[1], seen[2], strict=True):
        assert (one == best).all()
        assert (one != last).any()


@pytest.mark.parametrize(
    ("patience", "epochs", "best"),
    [(0, 5, 4), (1, 2, 0), (2, 3, 0), (3, 5, 4), (4, 5, 4)],
)
def test_stopping_early(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: int, epochs: int, best: int
):
    losses = [0.5, 0.6, 0.5, 0.45, 0.4]
    say_losses(monkeypatch, losses)
    settings = asked(epochs=5, batch=24, patience=patience)
    learnt = make(dataset, tmp_path, settings).learn()
    assert (learnt.epochs, learnt.best_epoch, learnt.stopped_early) == (epochs, best, epochs < 5)
    # Who goes on with it finds it at its end.
    say_losses(monkeypatch, [])
    again = make(dataset, tmp_path, settings).learn()
    assert (again.epochs, again.best_epoch, again.stopped_early) == (epochs, best, epochs < 5)


def record(monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return a list that gets the truth and the weights of every step."""
    steps: list[tuple[np.ndarray, np.ndarray]] = []
    train = Replicas.train

    def recorded(self: Replicas, model: Any, crops: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> dict:
        steps.append((truth, weights))
        return train(self, model, crops, truth, weights)

    monkeypatch.setattr(Replicas, "train", recorded)
    return steps


@pytest.mark.parametrize(("balanced", "expected"), [(False, [1, 1]), (True, [2 / 3, 2])])
def test_rare_classes_count_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, balanced: bool, expected: list[float]
):
    made = make_dataset(tmp_path, "with_mask", "without_mask", counts={"train": 12, "validation": 1, "test": 1})
    rows = [row for row in made.rows if row.split == "train"]
    dropped = [row.file for row in rows if row.label == "without_mask"][4:]
    few = Dataset(made.path, made.about, tuple(row for row in rows if row.file not in dropped))
    steps = record(monkeypatch)
    make(few, tmp_path / "run", asked(epochs=1, balanced=balanced)).learn()
    truth, weights = (np.concatenate(one) for one in zip(*steps, strict=True))
    assert truth.sum(axis=0).tolist() == [12, 4]
    assert weights == pytest.approx(truth @ np.array(expected), rel=1e-5)
    assert weights.mean() == pytest.approx(1, rel=1e-5)


def test_a_class_that_is_only_painted_counts_no_more(dataset: Dataset):
    one = tuple(row for row in dataset.rows if row.label == "without_mask")
    assert learning._class_weights(Faces(Dataset(dataset.path, dataset.about, one), "train", CROP)).tolist() == [1, 0.5]


# Chance in everything that has any.
LIVELY = {
    "epochs": 3,
    "head_epochs": 1,
    "dropout": 0.5,
    "rate": 3e-3,
    "augmentation": Augmentation(erasing=0.5, noise=20),
}


def curve(folder: Path) -> list[tuple]:
    """Return all that a run said but what hangs on the clock."""
    told = [line for line in Progress(folder / "progress.jsonl").lines() if line["kind"] != "note"]
    timed = ("per_s", "left_s", "waited")
    return [{name: value for name, value in line.items() if name not in timed} for line in told]


def assert_same(folder: Path, other: Path) -> None:
    mine, theirs = curve(folder), curve(other)
    assert [(one["kind"], one["at"]) for one in mine] == [(one["kind"], one["at"]) for one in theirs]
    for one, expected in zip(mine, theirs, strict=True):
        for name, value in expected.items():
            if name != "kind":
                assert one[name] == pytest.approx(value, rel=1e-4), (one, expected)


@pytest.fixture(scope="module")
def undisturbed(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray], Learnt]:
    """A run that nobody disturbed: its folder, weights and end."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    folder = tmp_path_factory.mktemp("undisturbed")
    learner = make(dataset, folder, asked(**LIVELY))
    learnt = learner.learn()
    return folder, weights_of(learner), learnt


@pytest.mark.parametrize(
    ("kills", "every_s"),
    [
        ((2,), -1),  # in the first epoch, after a checkpoint
        ((2,), 99),  # in the first epoch, with none but the first checkpoint
        ((3,), 99),  # between the phases
        ((5,), 99),  # in the second phase, going back to the end of the first phase
        ((0, 1, 3, 4), -1),  # again and again, until the last step
    ],
)
def test_a_killed_run_goes_on_as_if_it_had_not_been(
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: tuple[Path, list[np.ndarray], Learnt],
    kills: tuple[int, ...],
    every_s: float,
):
    monkeypatch.setattr(learning, "_EVERY_S", every_s)
    settings = asked(**LIVELY)
    for calls in kills:
        with pytest.raises(Killed):
            make(dataset, tmp_path, settings, stopped=after(calls, Killed)).learn()
    learner = make(dataset, tmp_path, settings)
    learnt = learner.learn()
    folder, weights, expected = undisturbed
    assert_same(tmp_path, folder)
    assert (learnt.epochs, learnt.best_epoch) == (expected.epochs, expected.best_epoch)
    for one, other in zip(weights_of(learner), weights, strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("where", ["_tell", "_save"])
def test_killed_at_the_end_of_an_epoch(
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: tuple[Path, list[np.ndarray], Learnt],
    where: str,
):
    """Its best weights are written already; what it says of the epoch, or its checkpoint, is not."""
    settings = asked(**LIVELY)
    learner = make(dataset, tmp_path, settings)
    usual, calls = getattr(Learner, where), iter(range(99))

    def kill(self: Learner, *told: Any, **more: Any) -> None:
        if (where == "_save" and next(calls) == 2) or told[:1] == ("epoch",):
            raise Killed
        usual(self, *told, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, where, kill)
        with pytest.raises(Killed):
            learner.learn()
    assert (tmp_path / "best.npz").exists()
    make(dataset, tmp_path, settings).learn()
    assert_same(tmp_path, undisturbed[0])


def test_sixteen_bits_go_on_too(dataset: Dataset, tmp_path: Path):
    """Their optimiser has a scale of its own, which a killed run must not forget."""
    import keras

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        make(dataset, tmp_path / "undisturbed", asked()).learn()
        with pytest.raises(Killed):
            make(dataset, tmp_path / "killed", asked(), stopped=after(4, Killed)).learn()
        learner = make(dataset, tmp_path / "killed", asked())
        learner.learn()
    finally:
        keras.mixed_precision.set_global_policy(before)
    assert type(learner._model.optimizer).__name__ == "LossScaleOptimizer"
    assert_same(tmp_path / "killed", tmp_path / "undisturbed")
    rates = [line["rate"] for line in lines(tmp_path / "killed", "batch")]
    assert float(learner._model.optimizer.learning_rate) == pytest.approx(rates[-1])


def test_it_says_where_it_goes_on(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(learning, "_EVERY_S", -1)
    with pytest.raises(Killed):
        make(dataset, tmp_path, asked(), stopped=after(4, Killed)).learn()
    make(dataset, tmp_path, asked()).learn()
    assert [line["text"] for line in lines(tmp_path, "note")] == ["Gone on at epoch 2, picture 9."]


def test_cancelled_in_the_second_epoch(dataset: Dataset, tmp_path: Path):
    answers = iter([False] * 4 + [True] * 9)
    seen: list[list[np.ndarray]] = []
    learner = make(
        dataset,
        tmp_path,
        asked(),
        stopped=lambda: next(answers),
        after_epoch=lambda *_: seen.append(weights_of(learner)),
    )
    learnt = learner.learn()
    assert (learnt.epochs, learnt.best_epoch, learnt.cancelled, learnt.stopped_early) == (1, 0, True, False)
    for one, best in zip(weights_of(learner), seen[0], strict=True):
        assert (one == best).all()


def test_cancelled_before_the_first_epoch_s_end(dataset: Dataset, tmp_path: Path):
    answers = iter([False, True])
    learnt = make(dataset, tmp_path, asked(), stopped=lambda: next(answers)).learn()
    assert (learnt.epochs, learnt.best_epoch, learnt.cancelled) == (0, -1, True)
    assert not (tmp_path / "best.npz").exists()


def out_of_memory(
    monkeypatch: pytest.MonkeyPatch, at_steps: set[int], error: Exception | None = None
) -> list[np.ndarray]:
    """Let these steps fail, and return a list that gets the batches of those that do not."""
    steps, number = [], iter(range(999))
    train = Replicas.train

    def failing(self: Replicas, model: Any, crops: np.ndarray, *told: np.ndarray) -> dict:
        if next(number) in at_steps:
            raise error or MemoryError
        steps.append(crops)
        return train(self, model, crops, *told)

    monkeypatch.setattr(Replicas, "train", failing)
    return steps


@pytest.mark.parametrize(("at_step", "every_s"), [(0, 99), (1, -1), (2, 99), (3, 99), (4, -1)])
def test_out_of_memory_halves_the_batch(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_step: int, every_s: float
):
    monkeypatch.setattr(learning, "_EVERY_S", every_s)
    steps = out_of_memory(monkeypatch, {at_step})
    learnt = make(dataset, tmp_path, asked(head_epochs=1)).learn()
    assert (learnt.epochs, learnt.cancelled) == (2, False)
    (halved,) = (line["text"] for line in lines(tmp_path, "note") if "memory" in line["text"])
    assert "it is 4 from here on" in halved
    assert {len(one) for one in steps[:at_step]} <= {8}
    assert {len(one) for one in steps[at_step:]} == {4}
    # Every face of the epoch once: what came after the checkpoint is said again, nothing twice.
    at = [line["at"] for line in lines(tmp_path, "batch")]
    assert at == sorted(set(at))
    assert at[-1] == 48
    assert [line["at"] for line in lines(tmp_path, "epoch")] == [24, 48]
    found = checkpoint.load(tmp_path / "checkpoint.npz")
    assert found is not None
    assert found[0]["batch"] == 4


def test_out_of_memory_again_and_again(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    error = RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8 bytes")
    steps = out_of_memory(monkeypatch, {0, 1, 2}, error)
    assert make(dataset, tmp_path, asked(epochs=1)).learn().best_epoch == 0
    assert {len(one) for one in steps} == {1}


def test_one_picture_is_too_many(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out_of_memory(monkeypatch, set(range(99)))
    with pytest.raises(RunError, match="memory does not hold one picture"):
        make(dataset, tmp_path, asked()).learn()


def test_what_is_no_lack_of_memory_is_not_tried_again(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    steps = out_of_memory(monkeypatch, {1}, ValueError("shapes do not fit"))
    with pytest.raises(ValueError, match="shapes do not fit"):
        make(dataset, tmp_path, asked()).learn()
    assert len(steps) == 1


def test_a_batch_of_all_there_are(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    steps = out_of_memory(monkeypatch, {0})
    make(dataset, tmp_path, asked(epochs=1, batch=1024)).learn()
    assert [len(one) for one in steps] == [12, 12]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_the_loss_goes_out_of_bounds(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: float):
    monkeypatch.setattr(Replicas, "train", lambda *_: {"loss": loss, "accuracy": 0.5})
    with pytest.raises(RunError, match="lower learning rate"):
        make(dataset, tmp_path, asked()).learn()
    assert lines(tmp_path, "batch") == []


@pytest.mark.parametrize("value", [math.nan, math.inf, 3e38])
def test_the_last_step_of_an_epoch_goes_out_of_bounds(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
):
    def train(_: Replicas, model: Any, *__: np.ndarray) -> dict[str, float]:
        for weight in model.get_layer("logits").weights:
            weight.assign(np.full(weight.shape, value, np.float32))
        return {"loss": 1.0, "accuracy": 0.5}

    monkeypatch.setattr(Replicas, "train", train)
    with pytest.raises(RunError, match="lower learning rate"):
        make(dataset, tmp_path, asked(epochs=1, batch=24)).learn()
    assert lines(tmp_path, "epoch") == []


def test_a_rate_that_is_far_too_high(dataset: Dataset, tmp_path: Path):
    """Not only where a loss is made up: a network's own weights run away."""
    settings = asked(rate=1.0, optimiser="sgd", schedule="constant", epochs=200)
    learner = make(dataset, tmp_path, settings)
    learner._network.get_layer("logits").kernel.assign(np.full((64, 2), 1e38, np.float32))
    learnt = learner.learn()
    assert learnt.stopped_early
    assert "lower learning rate" in learner._progress.lines()[-1]["text"]
    assert np.isfinite(learner._network.get_layer("logits").get_weights()[0]).all()


def test_whatever_is_told_of_an_epoch_may_end_it(dataset: Dataset, tmp_path: Path):
    said: list[tuple] = []

    def prune(epoch: int, found: dict | None) -> None:
        said.append((epoch, found))
        raise Killed

    with pytest.raises(Killed):
        make(dataset, tmp_path, asked(), after_epoch=prune).learn()
    ((epoch, found),) = said
    assert (epoch, sorted(found or {})) == (0, ["accuracy", "calibrated", "loss", "macro_f1"])


@pytest.mark.parametrize("chunk", [64, 20, 7])
def test_logits_of_any_number_of_faces(dataset: Dataset, monkeypatch: pytest.MonkeyPatch, chunk: int):
    import keras

    monkeypatch.setattr(learning, "_CHUNK", chunk)
    faces = Faces(dataset, "validation", CROP)
    network = architecture("plain-cnn").load().build(classes=2, input_px=PX, dropout=0.5)
    model = keras.Model(network.input, network.get_layer("logits").output)
    found = learning.logits_of(model, faces)
    expected = np.array(model(faces.plain_crops(range(len(faces))), training=False))
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("most", "sizes"), [(64, [64]), (9, [64, 32, 16, 8, 8, 8]), (0, [64, 32, 16, 8, 4, 2, 1])])
def test_as_many_faces_at_once_as_the_memory_holds(dataset: Dataset, most: int, sizes: list[int]):
    class Model:
        asked: ClassVar[list[int]] = []

        def predict_on_batch(self, crops: np.ndarray) -> np.ndarray:
            self.asked.append(len(crops))
            if len(crops) > most:
                raise MemoryError
            return crops.reshape(len(crops), -1)[:, :2].astype(np.float32)

    faces = Faces(dataset, "validation", CROP)
    if most:
        found = learning.logits_of(Model(), faces)
        assert (found == faces.plain_crops(range(len(faces))).reshape(len(faces), -1)[:, :2]).all()
    else:
        with pytest.raises(MemoryError):
            learning.logits_of(Model(), faces)
    assert Model.asked == sizes


def test_what_validation_says(dataset: Dataset, tmp_path: Path):
    learner = make(dataset, tmp_path, asked(epochs=1))
    learner.learn()
    logits = learning.logits_of(learner._model, learner._validation)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = learner._validation.labels
    (line,) = lines(tmp_path, "epoch")
    assert line["validation"]["loss"] == pytest.approx(-np.log(shares[np.arange(20), labels]).mean(), rel=1e-4)
    assert line["validation"]["accuracy"] == pytest.approx((shares.argmax(axis=1) == labels).mean())


def test_a_long_run_says_no_more_than_a_chart_can_show(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(learning, "_LINES", 6)
    make(dataset, tmp_path, asked(batch=2, epochs=1)).learn()
    assert [line["at"] for line in lines(tmp_path, "batch")] == [4, 8, 12, 16, 20, 24]

"""`train`: from a folder or a data set to a run, played in this process."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from maskcls.cli import train as command
from maskcls.data.augmentation import NONE, Augmentation
from maskcls.errors import RunError
from maskcls.training.runs import asking
from maskcls.training.runs.run import CANCELLED, FAILED, FINISHED, QUEUED, STOPPED, Run
from maskcls.training.runs.settings import Settings, read_settings
from tests.cli.fakes import run
from tests.training.runs.conftest import make_dataset, write_pictures

PLAIN = ("--architecture", "plain-cnn")
EPOCH = {
    "epoch": 0,
    "train": {"loss": 0.5, "accuracy": 0.75},
    "validation": None,
    "per_s": 12.3,
    "left_s": 4.5,
}
LEARNT = {"epochs": 1, "best_epoch": 0, "per_s": 12.3, "waited": 0.01}
RESULT = {
    "version": "mine",
    "at_work": "maskcls-1",
    "learnt": LEARNT,
    "comparison": {"classes": [], "new": {}, "at_work": {}, "better": [], "worse": []},
}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(command, "_LOOK_S", 0)
    monkeypatch.setattr(Run, "start", finishing)
    make_dataset(tmp_path / "home", "with_mask", "without_mask", counts={"train": 2, "test": 2})
    return tmp_path / "home"


def finishing(it: Run) -> None:
    """Do in this process what a process of its own would do."""
    it.progress.tell("device", -1, text="CPU", pictures=4)
    it.progress.tell("batch", 4, loss=0.5)
    it.progress.tell("epoch", 4, **EPOCH)
    it.finish(RESULT)


def the_run() -> Run:
    (only,) = asking.runs().all()
    return only


def settings() -> Settings:
    return read_settings(the_run().asked["settings"])


def nothing_began() -> bool:
    return asking.runs().all() == [] and asking.shelf().names() == ["tiny-1"]


def test_nothing_said():
    for arguments, words in (((), "Missing argument 'DATA'"), (("tiny-1",), "Missing option '--name'")):
        result = run("train", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr


def test_a_data_set_that_is_there():
    result = run("train", "tiny-1", "--name", "mine")
    assert result.exit_code == 0, result.stderr
    asked = settings()
    assert (asked.dataset, asked.name, asked.architecture, asked.start) == ("tiny-1", "mine", "maskcls", "maskcls-1")
    assert (asked.input_px, asked.augmentation) == (128, Augmentation())
    assert result.stdout.startswith(f"{the_run().id}: finished\nmine: the best of 1 epochs was number 1")
    assert "models promote mine" in result.stdout
    assert result.stderr.splitlines() == [
        f"The run is called {the_run().id}.",
        "CPU",
        "epoch 1: loss 0.5000, accuracy 0.7500; 12 pictures/s, 4 s left",
    ]


def test_one_json_value():
    result = run("train", "tiny-1", "--name", "mine", *PLAIN, "--json")
    assert json.loads(result.stdout) == {"run": the_run().id, "state": FINISHED, **RESULT}
    assert "epoch 1" in result.stderr


@pytest.mark.parametrize("as_json", [True, False])
def test_without_waiting(monkeypatch: pytest.MonkeyPatch, as_json: bool):
    monkeypatch.setattr(Run, "start", lambda self: self.say(QUEUED))
    result = run("train", "tiny-1", "--name", "mine", *PLAIN, "--detach", *(["--json"] if as_json else []))
    assert result.exit_code == 0
    name = the_run().id
    assert result.stdout == (f'{{"run": "{name}"}}\n' if as_json else f"{name}\n")


def test_a_folder_becomes_a_data_set(tmp_path: Path):
    write_pictures(tmp_path / "pictures", ("with_mask", "without_mask"), {"train": 3})
    result = run("train", tmp_path / "pictures", "--name", "mine", *PLAIN)
    assert result.exit_code == 0, result.stderr
    assert asking.shelf().names() == ["mine-1", "tiny-1"]
    assert settings().dataset == "mine-1"


def test_every_option_counts():
    options = {
        "start": "scratch",
        "epochs": 3,
        "batch": 4,
        "rate": 0.01,
        "schedule": "constant",
        "optimiser": "sgd",
        "head-epochs": 2,
        "unfrozen": 0.5,
        "dropout": 0.25,
        "patience": 6,
        "input-px": 64,
        "seed": 7,
    }
    given = [text for name, value in options.items() for text in (f"--{name}", value)]
    result = run("train", "tiny-1", "--name", "mine", *PLAIN, *given, "--balanced", "--mixed-precision")
    assert result.exit_code == 0, result.stderr
    asked = settings()
    assert {name: getattr(asked, name.replace("-", "_")) for name in options} == options
    assert asked.balanced
    assert asked.mixed_precision


def test_weights_from_a_file(tmp_path: Path):
    (tmp_path / "base.weights.h5").write_bytes(b"weights")
    # The process has another working folder.
    result = run("train", "tiny-1", "--name", "mine", "--architecture", "vgg16", "--weights", "base.weights.h5")
    assert result.exit_code == 0, result.stderr
    assert settings().start == str(tmp_path / "base.weights.h5")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), Augmentation()),
        (("none",), NONE),
        (("flip=0",), Augmentation(flip=0)),
        (
            ("none", "painted=0.5", "rotation_degrees=20"),
            Augmentation(**vars(NONE) | {"painted": 0.5, "rotation_degrees": 20}),
        ),
        (("flip=0.1", "none"), Augmentation(**vars(NONE) | {"flip": 0.1})),
    ],
)
def test_augmentation(given: tuple[str, ...], expected: Augmentation):
    options = [text for one in given for text in ("--augment", one)]
    assert run("train", "tiny-1", "--name", "mine", *PLAIN, *options).exit_code == 0
    assert settings().augmentation == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "--name", "mine"), "nowhere is neither a data set from `data list` nor a folder"),
        (("tiny-2", "--name", "mine"), "tiny-2 is neither"),
        (("pictures", "--name", "maskcls-1"), "There is a version maskcls-1 already"),
        (("pictures", "--name", "a b"), "cannot be the name of a version"),
        (("pictures", "--name", "mine", "--epochs", "0"), "epochs goes from 1"),
        (("pictures", "--name", "mine", "--seed", "-1"), "seed goes from 0"),
        (("pictures", "--name", "mine", "--rate", "nan"), "rate goes from"),
        (("pictures", "--name", "mine", "--start", "nobody"), "no classifier called nobody"),
        (("pictures", "--name", "mine", *PLAIN, "--start", "imagenet"), "plain-cnn cannot start from ImageNet"),
        (("pictures", "--name", "mine", "--weights", "weights.pt"), "--weights wants an .h5 file. Got: weights.pt"),
        (("pictures", "--name", "mine", "--augment", "flip"), "--augment wants CHANGE=AMOUNT"),
        (("pictures", "--name", "mine", "--augment", "flip=often"), "--augment wants CHANGE=AMOUNT"),
        (("pictures", "--name", "mine", "--augment", "sparkle=1"), "--augment wants CHANGE=AMOUNT"),
        (("pictures", "--name", "mine", "--augment", "flip=2"), "flip goes from 0 to 0.5"),
        (("empty", "--name", "mine"), "no pictures in class folders"),
    ],
)
def test_a_slip_leaves_nothing_behind(tmp_path: Path, arguments: tuple[str, ...], words: str):
    write_pictures(tmp_path / "pictures", ("with_mask", "without_mask"), {"train": 2})
    (tmp_path / "empty").mkdir()
    result = run("train", *arguments)
    assert result.exit_code == 1
    assert words in result.stderr
    assert result.stdout == ""
    assert nothing_began()


def test_weights_that_are_not_there():
    result = run("train", "tiny-1", "--name", "mine", "--architecture", "vgg16", "--weights", "base.h5")
    assert (result.exit_code, "There is no file" in result.stderr) == (1, True)
    assert nothing_began()


@pytest.mark.parametrize("option", [("--architecture", "resnet"), ("--optimiser", "lion"), ("--schedule", "step")])
def test_words_that_are_not_known(option: tuple[str, str]):
    assert run("train", "tiny-1", "--name", "mine", *option).exit_code == 2
    assert nothing_began()


def test_a_name_that_another_run_will_need(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "start", lambda self: self.say(STOPPED))
    run("train", "tiny-1", "--name", "mine", *PLAIN, "--detach")
    result = run("train", "tiny-1", "--name", "mine", *PLAIN)
    assert result.exit_code == 1
    assert f"The run {the_run().id} is making a version mine" in result.stderr


@pytest.mark.parametrize("flags", [(), ("--json",)])
@pytest.mark.parametrize(
    ("state", "words"), [(FAILED, "The memory is full."), (STOPPED, "go on with `runs resume mine`")]
)
def test_it_does_not_come_to_its_end(monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], state: str, words: str):
    monkeypatch.setattr(Run, "start", lambda self: self.say(state, error="The memory is full."))
    result = run("train", "tiny-1", "--name", "mine", *PLAIN, *flags)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr


class Clock:
    """Goes through what happens to a run while somebody waits for it."""

    def __init__(self, *deeds: Any) -> None:
        self._deeds: Iterator[Any] = iter(deeds)

    def sleep(self, _: float) -> None:
        deed = next(self._deeds)
        if isinstance(deed, BaseException) or deed is KeyboardInterrupt:
            raise deed
        deed(the_run())


@pytest.fixture
def while_waiting(monkeypatch: pytest.MonkeyPatch):
    """Return what sets what happens, one thing at each look, to a run whose process lives all the while."""
    with ExitStack() as alive:

        def start(it: Run) -> None:
            fcntl.flock(alive.enter_context((it.path / "alive").open("ab")), fcntl.LOCK_EX)
            it.say(QUEUED)

        monkeypatch.setattr(Run, "start", start)
        yield lambda *deeds: monkeypatch.setattr(command, "time", Clock(*deeds))


def test_each_line_is_told_once(while_waiting):
    def tell(at: int):
        return lambda it: it.progress.tell("note", at, text=f"note {at}")

    while_waiting(tell(1), lambda _: None, tell(2), lambda it: it.progress.go_back(1), tell(3), finishing)
    result = run("train", "tiny-1", "--name", "mine", *PLAIN)
    assert result.exit_code == 0
    assert [line for line in result.stderr.splitlines() if "note" in line] == ["note 1", "note 2", "note 3"]
    assert "epoch 1" in result.stderr


def test_interrupted_once_it_ends_with_the_best_so_far(while_waiting):
    cancelled: list[bool] = []

    def ends(it: Run) -> None:
        cancelled.append(it.is_cancelled())
        it.finish(RESULT, CANCELLED)

    while_waiting(lambda _: None, KeyboardInterrupt, ends)
    result = run("train", "tiny-1", "--name", "mine", *PLAIN)
    assert (result.exit_code, cancelled) == (0, [True])
    assert "the best so far is kept" in result.stderr
    assert ": cancelled" in result.stdout


def test_interrupted_twice_it_is_left(while_waiting):
    while_waiting(KeyboardInterrupt, KeyboardInterrupt)
    result = run("train", "tiny-1", "--name", "mine", *PLAIN)
    assert result.exit_code == 1
    assert the_run().is_cancelled()


def test_interrupted_when_it_has_just_ended(while_waiting, monkeypatch: pytest.MonkeyPatch):
    def too_late(it: Run) -> None:
        it.finish(RESULT)
        raise RunError("it is finished")

    monkeypatch.setattr(Run, "cancel", too_late)
    while_waiting(KeyboardInterrupt, lambda _: None)
    result = run("train", "tiny-1", "--name", "mine", *PLAIN)
    assert result.exit_code == 0, result.stderr
    assert ": finished" in result.stdout

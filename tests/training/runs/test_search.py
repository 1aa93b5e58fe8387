"""Searches: mostly with a learning that is a formula, once with a real one."""

import json
import stat
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from maskcls.data.augmentation import Augmentation
from maskcls.data.splits import TRAIN, VALIDATION
from maskcls.errors import DatasetError, MaskclsError, ModelError, RunError, SettingsError
from maskcls.training.runs import asking, search
from maskcls.training.runs.learning import Learnt
from maskcls.training.runs.run import CANCELLED, FAILED, FINISHED, SEARCH, TRAINING, Run, Runs
from maskcls.training.runs.settings import read_settings
from maskcls.training.runs.space import RANGES, SearchSettings
from maskcls.training.runs.trials import trials_of
from tests.training.runs.conftest import make_dataset, tiny_settings


class Killed(BaseException):
    """The process is gone."""


@dataclass
class FakeLearning:
    """Learns by a formula: the loss falls with each epoch to what the settings are worth."""

    worth: Callable[..., float] = lambda settings: settings.dropout
    seen: list = field(default_factory=list)
    before_epoch: Callable[[int, int], object] = lambda *_: None

    def __call__(self, settings, faces, _registry, *, folder: Path, progress, stopped, after_epoch):
        number = len(self.seen)
        self.seen.append(settings)
        assert len(faces[TRAIN]) > len(faces[VALIDATION]) > 0
        (folder / "checkpoint.npz").touch()
        progress.tell("note", 0, text="Under way.")
        for epoch in range(settings.epochs):
            self.before_epoch(number, epoch)
            if stopped():
                return None, Learnt(epoch, epoch - 1, cancelled=True)
            loss = self.worth(settings) + (settings.epochs - 1 - epoch)
            after_epoch(epoch, {"loss": 9.0, "calibrated": loss, "accuracy": 0.75, "macro_f1": 0.5})
        return None, Learnt(settings.epochs, settings.epochs - 1)


@pytest.fixture
def learning(monkeypatch: pytest.MonkeyPatch) -> FakeLearning:
    fake = FakeLearning()
    monkeypatch.setattr(search, "learn", fake)
    # Nothing is taken that could be given back, and that takes a while.
    monkeypatch.setattr(search, "given_back", nullcontext)
    return fake


def asked(*vary: str, **more: object) -> SearchSettings:
    base = {"bases": (replace(tiny_settings(), augmentation=Augmentation()),), "trials": 3}
    return SearchSettings(vary=vary or ("dropout",), **base | more)


def create(home: Path, settings: SearchSettings, name: str = "mine") -> Run:
    run = Runs(home / "runs").create(SEARCH, name, settings.as_json())
    if settings.storage:
        asking.keep_private(run, settings.storage)
    return run


def work(home: Path, settings: SearchSettings, name: str = "mine") -> Run:
    run = create(home, settings, name)
    search.work(run)
    return run


def states(run: Run) -> list[str]:
    return [row["state"] for row in trials_of(run)]


def test_whole(home: Path, learning: FakeLearning):
    run = work(home, asked("dropout", "rate", "batch", "augmentation"))
    table, result = trials_of(run), run.result
    assert (run.state, states(run)) == (FINISHED, ["complete"] * 3)
    assert (result["trials"], result["pruned"], result["failed"], result["importances"]) == (3, 0, 0, {})
    best = min(table, key=lambda row: row["value"])
    assert (result["best"]["number"], result["best"]["value"]) == (best["number"], best["params"]["dropout"])
    assert (result["best"]["accuracy"], best["macro_f1"]) == (0.75, 0.5)
    # The best trial is ready to be a run.
    settings = read_settings(result["best"]["settings"])
    assert settings == learning.seen[best["number"]]
    assert (settings.name, settings.dataset, settings.rate) == ("mine", "tiny-1", best["params"]["rate"])
    strength = best["params"]["augmentation"]
    assert settings.augmentation.rotation_degrees == pytest.approx(12 * strength)
    for row in table:
        assert all(least <= row["params"][name] <= most for name, (least, most) in RANGES.items() if name != "unfrozen")
        assert row["ours"]
    assert (home / "searches.sqlite").exists()
    # Curves stay, weights go.
    assert [path.name for path in run.path.glob("trials/*/*")] == ["progress.jsonl"] * 3
    assert json.loads((run.path / "result.json").read_text())["study"] == run.id


def test_networks_to_choose_from(home: Path, learning: FakeLearning):
    grey = replace(tiny_settings(), architecture="grey-cnn", rate=0.002)
    run = work(home, asked("architecture", bases=(tiny_settings(), grey), trials=6))
    assert {one.architecture for one in learning.seen} == {"plain-cnn", "grey-cnn"}
    assert {one.rate for one in learning.seen if one.architecture == "grey-cnn"} == {0.002}
    assert run.result["best"]["settings"]["architecture"] == run.result["best"]["params"]["architecture"]


@pytest.mark.usefixtures("learning")
def test_importances(home: Path):
    run = work(home, asked("dropout", "rate", trials=5))
    assert set(run.result["importances"]) == {"dropout", "rate"}
    assert sum(run.result["importances"].values()) == pytest.approx(1)


@pytest.mark.parametrize("prune", [True, False])
def test_pruning(home: Path, learning: FakeLearning, prune: bool):
    # Each is worse than those before.
    learning.worth = lambda _: float(len(learning.seen))
    bases = (replace(tiny_settings(), epochs=4),)
    run = work(home, asked(bases=bases, trials=6, prune=prune))
    assert states(run) == ["complete"] * 4 + (["pruned"] * 2 if prune else ["complete"] * 2)
    assert (run.result["trials"], run.result["pruned"]) == (6, 2 if prune else 0)
    assert run.result["best"]["number"] == 0
    epochs = 2 if prune else 4
    assert trials_of(run)[5]["value"] == learning.worth(None) + 4 - epochs


def test_last_epoch_is_never_pruned(home: Path, learning: FakeLearning):
    learning.worth = lambda _: float(len(learning.seen))
    assert states(work(home, asked(trials=6))) == ["complete"] * 6


def test_cancelled_between(home: Path, learning: FakeLearning):
    run = create(home, asked())
    run.progress.tell("note", 0, text="Before.")
    (run.path / "cancel").touch()
    search.work(run)
    assert (run.state, run.result, learning.seen) == (CANCELLED, {}, [])


def test_cancelled_within(home: Path, learning: FakeLearning):
    run = create(home, asked())
    learning.before_epoch = lambda number, epoch: number == epoch == 1 and (run.path / "cancel").touch()
    search.work(run)
    # The first one's result is kept; what was stopped is none.
    assert (run.state, states(run)) == (CANCELLED, ["complete", "stopped"])
    assert (run.result["trials"], run.result["failed"], run.result["best"]["number"]) == (1, 0, 0)


@pytest.mark.usefixtures("learning")
def test_minutes(home: Path):
    run = work(home, asked(trials=0, minutes=1e-9))
    # Late from the start; but a search without any result would be for nothing.
    assert (run.state, states(run)) == (FINISHED, ["complete"])


def test_late_within_a_trial(home: Path, learning: FakeLearning, monkeypatch: pytest.MonkeyPatch):
    clock = [0.0]
    monkeypatch.setattr(search.time, "monotonic", lambda: clock[0])
    learning.before_epoch = lambda *_: clock.__setitem__(0, clock[0] + 20)
    assert states(work(home, asked(trials=0, minutes=1))) == ["complete", "stopped"]


def test_resume_tries_again_what_was_killed(home: Path, learning: FakeLearning):
    settings = asked("dropout", "rate")
    run = create(home, settings)

    def kill(number: int, epoch: int) -> None:
        if number == epoch == 1:
            raise Killed

    learning.before_epoch = kill
    with pytest.raises(Killed):
        search.work(run)
    assert states(run) == ["complete", "stopped"]
    assert not list(run.path.glob("trials/*/*.npz"))
    (run.path / "trials" / "1" / "checkpoint.npz").touch()
    search.work(Run(run.path))
    # The number of trials counts those that are done.
    assert (run.state, states(run)) == (FINISHED, ["complete", "stopped", "complete", "complete"])
    rows = trials_of(run)
    assert rows[1]["params"] == rows[2]["params"] != rows[3]["params"]
    assert learning.seen[1] == learning.seen[2]
    assert run.result["trials"] == 3
    assert not list(run.path.glob("trials/*/*.npz"))


def test_what_kills_twice_is_not_tried_again(home: Path, learning: FakeLearning):
    run = create(home, asked())

    def kill(number: int, _epoch: int) -> None:
        if number < 2:
            raise Killed

    learning.before_epoch = kill
    for _ in range(2):
        with pytest.raises(Killed):
            search.work(run)
    search.work(run)
    assert states(run) == ["stopped", "stopped", "complete", "complete", "complete"]
    rows = trials_of(run)
    assert rows[0]["params"] == rows[1]["params"] != rows[2]["params"]


def test_failing(home: Path, learning: FakeLearning):
    def fail(number: int, _epoch: int) -> None:
        if number in (0, 2, 3):
            raise [MemoryError(), None, ModelError("No weights."), ValueError("odd")][number]

    learning.before_epoch = fail
    run = work(home, asked())
    assert (run.state, states(run)) == (FINISHED, ["failed", "complete", "failed", "failed", "complete", "complete"])
    errors = [row.get("error") for row in trials_of(run)]
    assert "memory does not hold" in errors[0]
    assert errors[2:4] == ["No weights.", "ValueError: odd"]
    assert (run.result["trials"], run.result["failed"]) == (3, 3)


def test_failing_again_and_again(home: Path, learning: FakeLearning):
    learning.worth = lambda _: float("nan") if len(learning.seen) > 1 else 1.0
    run = create(home, asked(trials=4))
    with pytest.raises(RunError, match=r"3 trials failed one after the other.*no number any more"):
        search.work(run)
    # What there was before is kept.
    assert (run.state, run.result["best"]["number"], run.result["failed"]) == (FAILED, 0, 3)
    # It can go on, where the reason is gone.
    learning.worth = lambda settings: settings.dropout
    search.work(run)
    assert (run.state, run.result["trials"]) == (FINISHED, 4)


def test_failing_from_the_start(home: Path, learning: FakeLearning):
    learning.worth = lambda _: float("inf")
    run = create(home, asked())
    with pytest.raises(RunError, match="3 trials failed"):
        search.work(run)
    assert run.result == {}


@pytest.fixture
def other_home(tmp_path: Path) -> Path:
    """Another machine, where the same pictures have another name."""
    home = tmp_path / "other"
    make_dataset(home, "with_mask", "without_mask")
    (home / "datasets" / "tiny-1").rename(home / "datasets" / "tiny-2")
    return home


def test_two_machines_share_a_study(home: Path, other_home: Path, learning: FakeLearning, tmp_path: Path):
    place = {"storage": f"sqlite:///{tmp_path}/shared.sqlite", "study": "ours"}
    first = work(home, asked("dropout", "rate", trials=2, **place))
    theirs = (replace(tiny_settings(), dataset="tiny-2", name="yours", augmentation=Augmentation()),)
    second = work(other_home, asked("dropout", "rate", trials=5, bases=theirs, **place), "yours")
    assert [row["ours"] for row in trials_of(second)] == [False, False, True, True, True]
    assert trials_of(second)[:2] == [row | {"ours": False} for row in trials_of(first)]
    # Nobody tries what somebody has tried.
    assert len({settings.rate for settings in learning.seen}) == len(learning.seen) == 5
    assert second.result["trials"] == 5
    assert second.result["best"]["settings"]["dataset"] == "tiny-2"
    # The study has its trials already.
    again = work(home, asked("dropout", "rate", trials=5, **place), "again")
    assert len(learning.seen) == 5
    assert again.result["best"]["value"] == second.result["best"]["value"]
    assert not (home / "searches.sqlite").exists()


def test_what_others_have_under_way_is_left_alone(home: Path, learning: FakeLearning, tmp_path: Path):
    place = {"storage": f"sqlite:///{tmp_path}/shared.sqlite", "study": "ours"}

    def join(number: int, epoch: int) -> None:
        if number == epoch == 0:
            learning.joined = work(home, asked(trials=1, **place), "joining")

    learning.before_epoch = join
    run = work(home, asked(trials=2, **place))
    assert states(run) == ["complete", "complete"]
    assert [row["number"] for row in trials_of(learning.joined)] == [1]


@pytest.mark.usefixtures("learning")
def test_another_search_under_the_same_name(home: Path):
    work(home, asked(study="ours"))
    with pytest.raises(RunError, match=r"searches something else \(vary\)"):
        work(home, asked("rate", study="ours"), "other")


@pytest.mark.usefixtures("learning")
def test_no_validation_pictures(home: Path):
    manifest = home / "datasets" / "tiny-1" / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",validation,", ",train,"))
    with pytest.raises(DatasetError, match="no validation pictures"):
        work(home, asked())


def test_one_class(home: Path, learning: FakeLearning):
    manifest = home / "datasets" / "tiny-1" / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",without_mask,train,", ",without_mask,test,"))
    with pytest.raises(DatasetError, match="does not show two classes"):
        work(home, asked())
    assert learning.seen == []


@pytest.mark.usefixtures("_eagerly")
def test_a_real_one(home: Path):
    run = work(home, asked("dropout", "rate", "batch", bases=(replace(tiny_settings(), epochs=1),)))
    assert (run.state, states(run)) == (FINISHED, ["complete"] * 3)
    for row in trials_of(run):
        assert 0 < row["value"] < 10
        assert 0 <= row["accuracy"] <= 1
        curves = (run.path / "trials" / str(row["number"]) / "progress.jsonl").read_text()
        assert json.loads(curves.splitlines()[-1])["validation"]["calibrated"] == row["value"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that would have become processes."""
    found: list[Run] = []
    monkeypatch.setattr(Run, "start", lambda run: found.append(run))
    return found


@pytest.mark.usefixtures("home")
def test_asking(started: list[Run]):
    run = asking.search(asked("rate"))
    assert started == [run]
    assert (run.kind, run.name, run.asked["settings"]["vary"]) == (SEARCH, "mine", ["rate"])
    with pytest.raises(RunError, match="Take another name"):
        asking.search(asked("rate"))


@pytest.mark.parametrize(
    ("changes", "more", "words"),
    [
        ({"dataset": "nobody"}, {}, "no data set nobody"),
        ({"name": "maskcls-1"}, {}, "maskcls-1"),
        ({"architecture": "vgg16", "start": "nowhere.h5"}, {}, "no file nowhere.h5"),
        ({}, {"storage": "sqlite:////nowhere/at/all.sqlite"}, "cannot be used"),
    ],
)
def test_asking_for_what_cannot_be(home: Path, started: list[Run], changes: dict, more: dict, words: str):
    bases = (replace(tiny_settings(), **changes),)
    with pytest.raises(MaskclsError, match=words):
        asking.search(asked(bases=bases, **more))
    assert not started
    assert not list((home / "runs").glob("*"))


@pytest.mark.usefixtures("started", "learning")
def test_asking_for_a_study_of_something_else(home: Path):
    work(home, asked(study="ours"))
    with pytest.raises(RunError, match="something else"):
        asking.search(asked("rate", study="ours"))


@pytest.mark.usefixtures("home", "started")
def test_passwords_stay_private(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("maskcls.training.runs.study.check_study", lambda *_: None)
    run = asking.search(asked(storage="postgresql+pg8000://me:secret@host/x?token=secret"))
    private = [path for path in run.path.iterdir() if "secret" in path.read_text()]
    assert [path.name for path in private] == ["storage"]
    assert stat.S_IMODE(private[0].stat().st_mode) == 0o600
    assert run.asked["settings"]["storage"] == "postgresql+pg8000://me:***@host/x"
    with pytest.raises(RunError, match="driver") as caught:
        search.work(run)
    assert "secret" not in str(caught.value)
    assert "secret" not in json.dumps(run.progress.lines())


@pytest.mark.usefixtures("home", "started")
def test_a_database_relative_to_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    run = asking.search(asked(storage="sqlite:///here.sqlite"))
    assert run.asked["settings"]["storage"] == f"sqlite:///{tmp_path}/here.sqlite"


def test_the_best_becomes_a_run(home: Path, started: list[Run], learning: FakeLearning):
    run = work(home, asked("rate", "augmentation"))
    training = asking.train_best(run, "better")
    assert started == [training]
    assert (training.kind, training.name) == (TRAINING, "better")
    settings = read_settings(training.asked["settings"])
    assert replace(settings, name="mine") == learning.seen[run.result["best"]["number"]]
    with pytest.raises(RunError, match="is making a version better"):
        asking.train_best(run, "better")


@pytest.mark.usefixtures("started")
def test_no_best_yet(home: Path):
    with pytest.raises(RunError, match="no search with a best trial"):
        asking.train_best(create(home, asked()), "better")
    with pytest.raises(SettingsError):
        asked(trials=0)

"""Asking for a run: what can be known to go wrong is said before anything is started."""

from dataclasses import replace
from pathlib import Path

import pytest

from maskcls.data.augmentation import Augmentation
from maskcls.errors import DatasetError, MaskclsError, ModelError, RunError, SettingsError
from maskcls.training.runs import asking
from maskcls.training.runs.run import CANCELLED, FAILED, FINISHED, QUEUED, STOPPED, TRAINING, Run
from maskcls.training.runs.settings import read_settings
from tests.training.runs.conftest import tiny_settings


@pytest.fixture
def started(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing is started; who would have been, is noted."""
    names: list[str] = []

    def start(self: Run) -> None:
        names.append(self.id)
        self.say(QUEUED)

    monkeypatch.setattr(Run, "start", start)
    assert home.is_dir()
    return names


@pytest.fixture(autouse=True)
def _alive(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "is_alive", lambda _: True)


@pytest.mark.usefixtures("home")
def test_nothing_asked_for_yet():
    assert asking.runs().all() == []
    assert asking.shelf().names() == ["tiny-1"]
    assert asking.free_name("mine") == "mine-1"
    asking.check_name("mine")


def test_asking(home: Path, started: list[str]):
    settings = tiny_settings(augmentation=Augmentation(painted=0.5))
    run = asking.train(settings)
    assert started == [run.id]
    assert (run.path.parent, run.kind, run.name) == (home / "runs", TRAINING, "mine")
    assert read_settings(run.asked["settings"]) == settings


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"dataset": "nobody-1"}, DatasetError, "There are: tiny-1"),
        ({"dataset": "../tiny-1"}, DatasetError, "cannot name a data set"),
        ({"name": "a b"}, ModelError, "cannot be the name"),
        ({"name": "maskcls-1"}, ModelError, "There is a version maskcls-1 already"),
        ({"name": "finder-2"}, ModelError, "There is a version finder-2 already"),
        ({"start": "nowhere.h5"}, SettingsError, r"no file nowhere\.h5"),
    ],
)
def test_what_cannot_be_started(started: list[str], changes: dict, error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        asking.train(replace(tiny_settings(), **changes))
    assert started == []
    assert asking.runs().all() == []


@pytest.mark.parametrize(
    ("state", "free"),
    [(QUEUED, False), (STOPPED, False), (FINISHED, True), (CANCELLED, True), (FAILED, True)],
)
@pytest.mark.usefixtures("started")
def test_a_name_that_another_run_will_need(state: str, free: bool):
    run = asking.train(tiny_settings())
    run.say(state)
    asking.check_name("min")
    if free:
        asking.check_name("mine")
        return
    with pytest.raises(RunError, match=f"{run.id} is making a version mine"):
        asking.check_name("mine")


def test_the_first_name_that_is_free(home: Path, started: list[str]):
    (home / "models" / "mine-1").mkdir(parents=True)
    asking.train(replace(tiny_settings(), name="mine-2"))
    assert len(started) == 1
    assert asking.free_name("mine") == "mine-3"
    assert asking.free_name("other") == "other-1"


@pytest.mark.parametrize("wanted", ["", "a b", "../mine", "x" * 70])
@pytest.mark.usefixtures("home")
def test_no_name_can_be_made_of_it(wanted: str):
    with pytest.raises(MaskclsError, match="cannot be the name"):
        asking.free_name(wanted)


@pytest.mark.parametrize("text", ["{", "{}", '{"kind": "training", "created": "", "settings": null}'])
@pytest.mark.usefixtures("started")
def test_a_damaged_run_is_in_nobody_s_way(text: str):
    run = asking.runs().create(TRAINING, "broken", {"name": "mine"})
    (run.path / "settings.json").write_text(text)
    asking.check_name("mine")
    assert asking.free_name("mine") == "mine-1"
    asking.train(tiny_settings())


@pytest.mark.parametrize("name", ["scratch", "imagenet", "mine.h5"])
def test_names_that_mean_something_else(name: str):
    with pytest.raises(SettingsError, match="means something else"):
        asking.check_name(name)

"""A run from its settings to a model version beside the one at work.

First its work alone, with a tiny network; then real processes with a real one, killed, queued and cancelled.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maskcls.data.augmentation import Augmentation
from maskcls.data.datasets import Dataset, Shelf
from maskcls.engines import KerasEngine, LiteRTEngine
from maskcls.errors import DatasetError, ImageError, ModelError, SettingsError
from maskcls.registry import SHIPPED, Registry
from maskcls.training.runs import run as run_module
from maskcls.training.runs import training as module
from maskcls.training.runs.learning import Learner
from maskcls.training.runs.run import CANCELLED, FINISHED, QUEUED, RUNNING, STOPPED, TRAINING, Run, Runs
from maskcls.training.runs.training import open_faces, work
from tests.training.runs.conftest import make_dataset, tiny_settings

MASKS = ["with_mask", "without_mask"]


class Killed(BaseException):
    """What nothing in a run may catch."""


def ask(home: Path, **changes: Any) -> Run:
    """Return a run of a tiny network that nobody has started."""
    settings = tiny_settings(**{"architecture": "tiny", "epochs": 1} | changes)
    return Runs(home / "runs").create(TRAINING, settings.name, settings.as_json())


def hashes(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def made_in(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "models").glob("*"))


@pytest.fixture
def tiny(home: Path, _tiny_architecture: None, _eagerly: None) -> Path:
    """A home where a run of the tiny network takes no time."""
    return home


def test_nothing_to_learn_from(tmp_path: Path):
    made = make_dataset(tmp_path, "hat", "with_mask", counts={"test": 3})
    with pytest.raises(DatasetError, match="training part of tiny-1 does not show two classes"):
        open_faces(made, tiny_settings(), Registry(tmp_path))


def test_the_finder_is_loaded_only_for_painting(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[Registry] = []
    monkeypatch.setattr(Registry, "finder", lambda self: asked.append(self))
    assert [len(one) for one in open_faces(dataset, tiny_settings(), Registry(tmp_path)).values()] == [24, 20, 8]
    assert asked == []
    open_faces(dataset, tiny_settings(augmentation=Augmentation(painted=0.1)), Registry(tmp_path))
    assert len(asked) == 1


def test_from_settings_to_a_version(tiny: Path):
    before, run = hashes(SHIPPED), ask(tiny, epochs=2)
    work(run)
    assert run.state == FINISHED
    result = run.result
    assert (result["version"], result["at_work"]) == ("mine", "maskcls-1")
    assert (result["learnt"]["epochs"], result["learnt"]["cancelled"]) == (2, False)
    assert result["comparison"]["classes"] == MASKS
    assert result["comparison"]["new"]["n"] == result["comparison"]["at_work"]["n"] == 8
    assert result["bytes"].keys() == {"mine", "maskcls-1"}
    version = Registry(tiny).version("mine")
    assert version.card.settings["run"] == run.id
    assert version.card.figures["tiny-1, test"]["accuracy"] == result["comparison"]["alone"]["accuracy"]
    kinds = [line["kind"] for line in run.progress.lines()]
    assert kinds == ["device", *["batch"] * 3, "epoch", *["batch"] * 3, "epoch", "note"]
    assert run.progress.lines()[0]["pictures"] == 24
    # The one at work is as it was.
    assert hashes(SHIPPED) == before
    assert not (tiny / "at_work.json").exists()
    assert Registry(tiny).at_work().name == "maskcls-1"


def test_it_works_where_its_folder_lies(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "elsewhere"))
    work(ask(tiny))
    assert os.environ["MASKCLS_HOME"] == str(tiny)
    assert made_in(tiny) == ["mine"]
    assert not (tmp_path / "elsewhere").exists()


def cancel_after(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    asked = iter(range(99))
    monkeypatch.setattr(Run, "is_cancelled", lambda _: next(asked) >= calls)


def test_cancelled_before_the_first_epoch_s_end(tiny: Path, monkeypatch: pytest.MonkeyPatch):
    cancel_after(monkeypatch, 2)
    run = ask(tiny)
    work(run)
    assert (run.state, run.result, made_in(tiny)) == (CANCELLED, {}, [])


def test_cancelled_later_the_best_so_far_is_kept(tiny: Path, monkeypatch: pytest.MonkeyPatch):
    cancel_after(monkeypatch, 4)
    run = ask(tiny, epochs=9)
    work(run)
    assert (run.state, run.result["version"], made_in(tiny)) == (CANCELLED, "mine", ["mine"])
    learnt = run.result["learnt"]
    assert (learnt["epochs"], learnt["best_epoch"], learnt["cancelled"]) == (1, 0, True)
    assert Registry(tiny).classifier("mine").card.name == "mine"


def test_classes_of_ones_own(tmp_path: Path, tiny: Path):
    make_dataset(tmp_path / "own", "hat", "without_mask", counts={"train": 3, "validation": 2, "test": 2})
    shutil.copytree(tmp_path / "own" / "datasets" / "tiny-1", tiny / "datasets" / "hats-1")
    run = ask(tiny, dataset="hats-1")
    work(run)
    version = Registry(tiny).version("mine")
    assert version.card.classes == ("without_mask", "hat")
    compared = run.result["comparison"]
    # The model at work has never heard of hats: with one class there is nothing to compare.
    assert (compared["classes"], compared["new"], compared["at_work"]) == (["without_mask"], {}, {})
    assert compared["alone"]["n"] == 4


def test_no_faces_to_validate_or_test_on(tiny: Path):
    manifest = tiny / "datasets" / "tiny-1" / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",validation,", ",train,").replace(",test,", ",train,"))
    run = ask(tiny)
    work(run)
    assert (run.state, run.result["comparison"]["alone"]) == (FINISHED, {})
    card = Registry(tiny).version("mine").card
    assert (card.temperature, card.threshold, card.figures) == (1.0, 0.0, {})


def test_a_name_that_is_taken_is_said_at_once(tiny: Path, monkeypatch: pytest.MonkeyPatch):
    (tiny / "models" / "mine").mkdir(parents=True)
    monkeypatch.setattr(Learner, "learn", lambda _: pytest.fail("it has learnt for nothing"))
    with pytest.raises(ModelError, match="There is a version mine already"):
        work(ask(tiny))


@pytest.mark.parametrize("where", ["compare", "finish"])
def test_killed_when_its_version_was_made(tiny: Path, monkeypatch: pytest.MonkeyPatch, where: str):
    run = ask(tiny)

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(*((module, "compare") if where == "compare" else (Run, "finish")), kill)
        with pytest.raises(Killed):
            work(run)
    before = hashes(tiny / "models" / "mine")
    work(run)
    assert (run.state, run.result["version"], made_in(tiny)) == (FINISHED, "mine", ["mine"])
    after = hashes(tiny / "models" / "mine")
    for name in ("model.keras", "model.tflite"):
        assert after[str(tiny / "models" / "mine" / name)] == before[str(tiny / "models" / "mine" / name)]
    assert Registry(tiny).version("mine").card.figures


def test_the_one_at_work_is_damaged(tiny: Path):
    """It is compared with the one that answers in its place."""
    work(ask(tiny))
    shutil.copytree(tiny / "models" / "mine", tiny / "models" / "worn-out")
    registry = Registry(tiny)
    registry.promote("worn-out")
    (tiny / "models" / "worn-out" / "model.tflite").write_bytes(b"torn")
    at_work = (tiny / "at_work.json").read_text()
    run = ask(tiny, name="other")
    work(run)
    assert (run.state, run.result["at_work"]) == (FINISHED, "maskcls-1")
    assert (tiny / "at_work.json").read_text() == at_work


def test_a_picture_that_is_damaged(tiny: Path):
    dataset = Shelf(tiny / "datasets").open("tiny-1")
    row = next(row for row in dataset.rows if row.split == "train")
    (dataset.path / row.file).write_bytes(b"torn")
    with pytest.raises(ImageError, match=f"{row.source} of tiny-1 is damaged. Import it again"):
        work(ask(tiny))
    assert made_in(tiny) == []


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"dataset": "nobody-1"}, DatasetError, "There are: tiny-1"),
        ({"epochs": 0}, SettingsError, "epochs goes from"),
        ({"epochs": None}, SettingsError, "no settings of a run"),
        ({"start": "nobody"}, ModelError, "no classifier called nobody"),
    ],
)
def test_what_cannot_be_done(tiny: Path, changes: dict, error: type[Exception], words: str):
    asked = tiny_settings(architecture="tiny").as_json() | changes
    with pytest.raises(error, match=words):
        work(Runs(tiny / "runs").create(TRAINING, "mine", asked))


@pytest.mark.parametrize(
    ("wished", "has_gpu", "policy"),
    [(False, True, "float32"), (True, False, "float32"), (True, True, "mixed_float16")],
)
def test_sixteen_bits_only_where_there_is_a_gpu(
    monkeypatch: pytest.MonkeyPatch, wished: bool, has_gpu: bool, policy: str
):
    import keras

    monkeypatch.setattr(module, "Replicas", lambda: SimpleNamespace(has_gpu=has_gpu))

    def inside() -> None:
        with module._precision(tiny_settings(mixed_precision=wished)) as replicas:
            assert replicas.has_gpu == has_gpu
            assert keras.mixed_precision.global_policy().name == policy
            raise Killed

    with pytest.raises(Killed):
        inside()
    assert keras.mixed_precision.global_policy().name == "float32"


# ------------------------------------------------------------------ real processes

REAL = {"epochs": 20, "head_epochs": 1, "dropout": 0.5, "augmentation": Augmentation()}


@dataclass(frozen=True)
class Scene:
    """What happened in two homes.

    Attributes:
        undisturbed: A run that nobody disturbed.
        killed: The same one in another home, killed while it learnt, and started again.
        cancelled: One that waited for the first, and was cancelled when it had learnt for a while.
        states: What was seen on the way.
        before: Hashes of what is shipped and of what was at work.
    """

    undisturbed: Run
    killed: Run
    cancelled: Run
    states: dict[str, str]
    before: dict[str, str]


def until(check: Callable[[], object], run: Run) -> None:
    end = time.monotonic() + 180
    while not check():
        if time.monotonic() > end or run.state not in (QUEUED, RUNNING):
            raise TimeoutError(f"{run.state} {run.error}\n{run.log}")
        time.sleep(0.01)


def epochs(run: Run) -> int:
    return sum(line["kind"] == "epoch" for line in run.progress.lines())


def at_work_in(home: Path) -> Path:
    """Put a version of people's own to work, which no run may touch."""
    shutil.copytree(SHIPPED / "maskcls-1", home / "models" / "theirs")
    (home / "at_work.json").write_text('{"classifier": "theirs"}\n')
    return home


@pytest.fixture(scope="module")
def scene(painted_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    one, other = (tmp_path_factory.mktemp(name) for name in ("one", "other"))
    for home in (one, other):
        shutil.copytree(painted_home / "datasets", home / "datasets")
    before = hashes(SHIPPED) | hashes(at_work_in(one))
    started: list[subprocess.Popen] = []

    def popen(*arguments: Any, **named: Any) -> subprocess.Popen:
        started.append(subprocess.Popen(*arguments, **named))  # noqa: S603 - what Run.start asks for
        return started[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASKCLS_DEVICE", "cpu")
        fake = SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)
        patch.setattr(run_module, "subprocess", fake)
        states: dict[str, str] = {}
        settings = tiny_settings(**REAL).as_json()
        undisturbed = Runs(one / "runs").create(TRAINING, "mine", settings)
        undisturbed.start()
        until(lambda: undisturbed.state == RUNNING, undisturbed)
        killed = Runs(other / "runs").create(TRAINING, "mine", settings)
        killed.start()
        cancelled = Runs(one / "runs").create(TRAINING, "second", settings | {"name": "second", "epochs": 900})
        cancelled.start()
        # In the middle of an epoch, if it can be.
        until(lambda: epochs(killed) >= 3 and killed.progress.lines()[-1]["kind"] == "batch", killed)
        os.kill(started[1].pid, signal.SIGKILL)
        started[1].wait()
        states["killed"], states["waiting"] = killed.state, cancelled.state
        killed.start()
        for run in (undisturbed, killed):
            until(lambda run=run: run.state == FINISHED, run)
        until(lambda: epochs(cancelled) >= 1, cancelled)
        cancelled.cancel()
        until(lambda: cancelled.state == CANCELLED, cancelled)
        yield Scene(undisturbed, killed, cancelled, states, before)
        for process in started:
            process.kill()
            process.wait()


def told(run: Run) -> list[dict]:
    """Return all that a run said of its learning, but what hangs on the clock."""
    timed = ("per_s", "left_s", "waited")
    lines = [line for line in run.progress.lines() if line["kind"] in ("batch", "epoch")]
    return [{name: value for name, value in line.items() if name not in timed} for line in lines]


def test_kill_and_resume_gives_the_same_curve(scene: Scene):
    assert scene.states["killed"] == STOPPED
    mine, theirs = told(scene.killed), told(scene.undisturbed)
    assert len(theirs) == 20 * 4
    for one, other in zip(mine, theirs, strict=True):
        assert one.keys() == other.keys()
        for name in one.keys() - {"kind"}:
            assert one[name] == pytest.approx(other[name], rel=1e-3, abs=1e-5), (one, other)
    notes = [line["text"] for line in scene.killed.progress.lines() if line["kind"] == "note"]
    assert notes[0].startswith("Gone on at epoch ")
    assert scene.killed.result["learnt"]["best_epoch"] == scene.undisturbed.result["learnt"]["best_epoch"]


def test_it_gives_the_same_version(scene: Scene):
    homes = [run.path.parent.parent for run in (scene.undisturbed, scene.killed)]
    faces = open_faces(Shelf(homes[0] / "datasets").open("tiny-1"), tiny_settings(), Registry(homes[0]))["test"]
    crops = faces.plain_crops(range(len(faces)))
    one, other = (LiteRTEngine(home / "models" / "mine" / "model.tflite").run(crops)[0] for home in homes)
    assert one == pytest.approx(other, abs=1e-3)
    slow = KerasEngine(homes[0] / "models" / "mine" / "model.keras").run(crops)[0]
    assert one == pytest.approx(slow, abs=1e-4)
    assert np.ptp(one, axis=0).min() > 0.5


def test_it_has_learnt(scene: Scene):
    result = scene.undisturbed.result
    assert result["comparison"]["new"]["accuracy"] == 1
    assert result["comparison"]["classes"] == MASKS
    assert result["at_work"] == "theirs"
    card = Registry(scene.undisturbed.path.parent.parent).version("mine").card
    assert card.title == "Plain CNN, taught with tiny-1"
    assert card.settings["run"] == scene.undisturbed.id
    assert card.figures["tiny-1, test"]["accuracy"] == 1
    assert 0.13 < card.temperature < 8


def test_one_at_a_time(scene: Scene):
    assert scene.states["waiting"] == QUEUED


def test_the_best_so_far_of_the_one_that_was_cancelled(scene: Scene):
    result = scene.cancelled.result
    assert (scene.cancelled.state, result["version"]) == (CANCELLED, "second")
    assert result["learnt"]["cancelled"]
    assert 0 <= result["learnt"]["best_epoch"] < result["learnt"]["epochs"] < 900
    assert Registry(scene.cancelled.path.parent.parent).classifier("second").card.name == "second"


def test_the_model_at_work_is_never_touched(scene: Scene):
    home = scene.undisturbed.path.parent.parent
    after = hashes(SHIPPED) | hashes(home)
    assert {path: after.get(path) for path in scene.before} == scene.before
    assert json.loads((home / "at_work.json").read_text()) == {"classifier": "theirs"}


def test_what_is_left_behind(scene: Scene):
    left = {path.name for path in scene.killed.path.iterdir()}
    assert left == {
        "settings.json",
        "state.json",
        "progress.jsonl",
        "result.json",
        "log.txt",
        "alive",
    }
    assert "made mine" in scene.killed.log
    assert "Traceback" not in scene.killed.log

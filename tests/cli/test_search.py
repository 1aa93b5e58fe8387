"""`search`, and what `runs` says of searches."""

import json
from pathlib import Path

import pytest

from maskcls.training.runs import search, training
from maskcls.training.runs.learning import Learnt
from maskcls.training.runs.run import CANCELLED, FAILED, FINISHED, SEARCH, Run
from tests.cli.fakes import run
from tests.training.runs.conftest import make_dataset

PLAIN = ("--architectures", "plain-cnn", "--vary", "dropout", "--epochs", "1")


def fake_learn(settings, _faces, _registry, *, after_epoch, **_: object):
    after_epoch(0, {"loss": settings.dropout, "accuracy": 0.75, "macro_f1": 0.5})
    return None, Learnt(1, 0)


def fake_start(it: Run) -> None:
    """Do in this process what a process of its own would do."""
    if it.kind == SEARCH:
        search.work(it)
    else:
        it.finish({})


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MASKCLS_STORAGE", raising=False)
    make_dataset(tmp_path / "home", "with_mask", "without_mask")
    monkeypatch.setattr(search, "learn", fake_learn)
    monkeypatch.setattr(search.keras.utils, "clear_session", lambda: None)
    monkeypatch.setattr(Run, "start", fake_start)


def the_run() -> Run:
    return Run(next(Path("home/runs").iterdir()))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "Missing argument 'DATA'"),
        (("tiny-1",), 2, "Missing option '--name'"),
        (("tiny-1", "--name", "mine"), 1, "needs an end"),
        (("tiny-1", "--name", "mine", "--trials", "3", "--vary", " , "), 1, "nothing to search"),
        (("tiny-1", "--name", "mine", "--trials", "3", "--vary", "rate,colour"), 1, "'colour' can vary"),
        (("tiny-1", "--name", "mine", "--trials", "3", "--vary", "architecture"), 1, "name two or more"),
        (("tiny-1", "--name", "mine", "--trials", "3", "--architectures", "resnet"), 1, "no architecture 'resnet'"),
        (("tiny-1", "--name", "mine", "--trials", "3", "--storage", "here"), 1, "URL of a database"),
        (("tiny-1", "--name", "maskcls-1", "--trials", "3"), 1, "maskcls-1"),
        (("nowhere", "--name", "mine", "--trials", "3", *PLAIN), 1, "nowhere is neither a data set"),
        (("tiny-1", "--name", "mine", "--trials", "3", "--train-best", "--detach"), 1, "Leave one out"),
    ],
)
def test_refused(arguments: tuple[str, ...], status: int, words: str):
    result = run("search", *arguments)
    assert result.exit_code == status
    assert words in result.stderr
    assert not Path("home/runs").exists()


def test_one_json_value():
    result = run("search", "tiny-1", "--name", "mine", "--trials", "2", *PLAIN, "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["state"], told["trials"], told["training"]) == (FINISHED, 2, None)
    assert told["best"]["settings"]["dropout"] == told["best"]["value"]
    assert (told["run"], told["study"]) == (the_run().id, the_run().id)
    assert "trial 1 (dropout 0." in result.stderr


def test_words():
    result = run("search", "tiny-1", "--name", "mine", "--trials", "2", *PLAIN)
    study = the_run().id
    assert f"The study {study}: 2 trials\nBest: trial " in result.stdout
    assert f"--study {study} --train-best" in result.stdout
    shown = run("runs", "show", "mine").stdout
    assert shown.endswith(result.stdout)
    assert "trial 0 (dropout 0." in shown
    listed = run("runs", "list").stdout
    assert "search" in listed
    assert "tiny-1" in listed


def test_more_trials_later(monkeypatch: pytest.MonkeyPatch):
    run("search", "tiny-1", "--name", "mine", "--trials", "2", "--study", "ours", *PLAIN)
    result = run("search", "tiny-1", "--name", "more", "--trials", "3", "--study", "ours", *PLAIN, "--json")
    assert json.loads(result.stdout)["trials"] == 3


def test_the_best_is_trained():
    result = run("search", "tiny-1", "--name", "mine", "--trials", "1", *PLAIN, "--train-best", "--json")
    assert result.exit_code == 1  # two runs of one name in one second
    assert "Try again" in result.stderr


def test_the_best_is_trained_at_last(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr("maskcls.cli.search.asking.train_best", lambda it, name: asked.append(name) or it)
    result = run("search", "tiny-1", "--name", "mine", "--trials", "1", *PLAIN, "--train-best", "--json")
    told = json.loads(result.stdout)
    assert asked == ["mine"]
    assert told["training"]["run"] == told["run"]
    assert run("search", "tiny-1", "--name", "next", "--trials", "1", *PLAIN, "--train-best").stdout.count("FINISHED")


def test_detached(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "start", lambda _: None)
    result = run("search", "tiny-1", "--name", "mine", "--trials", "1", *PLAIN, "--detach", "--json")
    assert json.loads(result.stdout) == {"run": the_run().id}

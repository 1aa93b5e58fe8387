"""`search`, and what `runs` says of searches."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from maskcls.training.runs import asking, search
from maskcls.training.runs.learning import Learnt
from maskcls.training.runs.run import CANCELLED, FAILED, FINISHED, SEARCH, TRAINING, Run
from tests.cli.fakes import run
from tests.training.runs.conftest import make_dataset

PLAIN = ("--architectures", "plain-cnn", "--vary", "dropout", "--epochs", "1")


def fake_learn(settings, _faces, _registry, *, after_epoch, **_: object):
    after_epoch(0, {"loss": 9.0, "calibrated": settings.dropout, "accuracy": 0.75, "macro_f1": 0.5})
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
    monkeypatch.setattr(search, "given_back", nullcontext)
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


def test_more_trials_later():
    run("search", "tiny-1", "--name", "mine", "--trials", "2", "--study", "ours", *PLAIN)
    result = run("search", "tiny-1", "--name", "more", "--trials", "3", "--study", "ours", *PLAIN, "--json")
    assert json.loads(result.stdout)["trials"] == 3


def test_the_best_is_trained(monkeypatch: pytest.MonkeyPatch):
    # Both runs are made in one second here.
    train_best = asking.train_best
    monkeypatch.setattr(asking, "train_best", lambda it, name: train_best(it, f"{name}-best"))
    result = run("search", "tiny-1", "--name", "mine", "--trials", "1", *PLAIN, "--train-best", "--json")
    told = json.loads(result.stdout)
    trained = asking.runs().open(told["training"]["run"])
    assert (trained.kind, trained.name) == (TRAINING, "mine-best")
    assert trained.asked["settings"] == told["best"]["settings"] | {"name": "mine-best"}
    words = run("search", "tiny-1", "--name", "next", "--trials", "1", *PLAIN, "--train-best").stdout
    assert "next: finished\n" in words
    assert "next-best: finished\n" in words


def test_ended_by_somebody(monkeypatch: pytest.MonkeyPatch):
    def learn_and_cancel(*arguments: object, **more: object):
        (the_run().path / "cancel").touch()
        return fake_learn(*arguments, **more)

    monkeypatch.setattr(search, "learn", learn_and_cancel)
    result = run("search", "tiny-1", "--name", "mine", "--trials", "3", *PLAIN, "--train-best", "--json")
    told = json.loads(result.stdout)
    assert (told["state"], told["trials"], told["training"]) == (CANCELLED, 1, None)


def test_failed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "start", lambda it: it.say(FAILED, error="3 trials failed."))
    result = run("search", "tiny-1", "--name", "mine", "--trials", "3", *PLAIN)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "3 trials failed." in result.stderr


def test_one_database_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MASKCLS_STORAGE", f"sqlite:///{tmp_path}/shared.sqlite?timeout=20")
    result = run("search", "tiny-1", "--name", "mine", "--trials", "1", "--study", "ours", *PLAIN)
    assert result.exit_code == 0, result.stderr
    assert Path("shared.sqlite").exists()
    assert "timeout" not in result.output + run("runs", "show", "mine", "--json").stdout


def test_no_password_in_sight(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("maskcls.training.runs.study.check_study", lambda *_: None)
    monkeypatch.setattr(Run, "start", lambda it: it.say(FAILED, error="No."))
    url = "postgresql://me:secret@host/x"
    assert "secret" not in run("search", "tiny-1", "--name", "mine", "--trials", "1", *PLAIN, "--storage", url).output
    assert "me:***@host" in (shown := run("runs", "show", "mine", "--json").stdout)
    assert "secret" not in shown + run("runs", "list", "--json").stdout


def test_detached(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "start", lambda _: None)
    result = run("search", "tiny-1", "--name", "mine", "--trials", "1", *PLAIN, "--detach", "--json")
    assert json.loads(result.stdout) == {"run": the_run().id}

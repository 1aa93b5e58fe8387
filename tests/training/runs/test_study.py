"""Studies in a database: opened, shared, compared, and what they say went wrong."""

import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError

from maskcls.errors import RunError
from maskcls.training.runs import study as studies


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/{{brace}}.sqlite"


def proposals(url: str, name: str, count: int, *, seed: int = 0) -> list[float]:
    with studies.opened(url, name, seed=seed) as study:
        found = []
        for _ in range(count):
            trial = study.ask()
            found.append(trial.suggest_float("x", 0, 1))
            study.tell(trial, found[-1])
        return found


def test_chance_hangs_on_the_trial(url: str):
    whole = proposals(url, "whole", 12)
    # One that goes on, or joins, proposes what one process would have.
    assert proposals(url, "parts", 5) + proposals(url, "parts", 7) == whole
    assert len(set(whole)) == 12
    assert proposals(url, "other", 2, seed=1) != whole[:2]


def test_agreement(url: str):
    with studies.opened(url, "mine", seed=0) as study:
        studies.agree(study, {"vary": ["rate"], "epochs": 3})
        studies.agree(study, {"vary": ["rate"], "epochs": 3})
        with pytest.raises(RunError, match=r"study mine searches something else \(epochs, seed\)"):
            studies.agree(study, {"vary": ["rate"], "epochs": 4, "seed": 1})
    studies.check_study(url, "mine", {"vary": ["rate"], "epochs": 3})
    studies.check_study(url, "nobody's", {"vary": ["dropout"]})
    with pytest.raises(RunError, match="something else"):
        studies.check_study(url, "mine", {})
    # It was made by something else than maskcls.
    proposals(url, "strange", 1)
    with pytest.raises(RunError, match=r"\(vary\)"):
        studies.check_study(url, "strange", {"vary": ["rate"]})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////nowhere/at/all.sqlite", "unable to open database file"),
        ("postgresql+pg8000://me:secret@host/x", r"driver for postgresql\+pg8000 is not installed"),
        ("nonsense://me:secret@host/x", "nonsense"),
        ("mysql://me:secret@host:port/x", r"me:\*\*\*@host:port/x cannot be used"),
    ],
)
def test_unusable(url: str, words: str):
    with pytest.raises(RunError, match=words) as caught, studies.opened(url, "mine", seed=0):
        pass
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_database(tmp_path: Path):
    (tmp_path / "text.sqlite").write_text("This is no database, whatever it is called. " * 50)
    with pytest.raises(RunError, match="file is not a database"):
        studies.check_study(f"sqlite:///{tmp_path}/text.sqlite", "mine", {})


def test_trouble_later_on(url: str):
    with pytest.raises(RunError, match="the disk is full") as caught, studies.opened(url, "mine", seed=0):
        raise OperationalError("insert", {}, Exception("the disk is full"))
    assert caught.value.__suppress_context__
    with pytest.raises(KeyError), studies.opened(url, "mine", seed=0):
        raise KeyError


def test_connections_are_closed(url: str, monkeypatch: pytest.MonkeyPatch):
    closed = []
    monkeypatch.setattr(RDBStorage, "remove_session", lambda _: closed.append(1))
    with studies.opened(url, "mine", seed=0):
        assert not closed
    assert closed


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], set()), ([1.0, 2.0, 3.0], set()), ([1.0] * 5, set()), ([1.0, 2.0, 3.0, 4.0, 5.0], {"x", "y"})],
)
def test_importances(values: list[float], expected: set[str]):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for value in values:
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.suggest_categorical("y", ["a", "b"])
        if trial.number % 2:
            trial.suggest_float("sometimes", 0, 1)
        study.tell(trial, value)
    found = studies.importances(study)
    assert expected <= set(found)
    assert not found or sum(found.values()) == pytest.approx(1)


def test_nobody_else_needs_optuna():
    script = (
        "import sys, maskcls.cli, maskcls.training.runs.asking, maskcls.training.runs.job, "
        "maskcls.training.runs.trials; "
        "sys.exit('optuna' in sys.modules or 'sqlalchemy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603

"""URLs of databases: checked, shown without secrets, kept privately."""

import stat
from pathlib import Path

import pytest

from maskcls.errors import RunError, SettingsError
from maskcls.training.runs.run import Run
from maskcls.training.runs.storage import (
    absolute,
    check_url,
    hidden,
    keep_private,
    kept_url,
    usual_url,
    without_secrets,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("sqlite:///here.sqlite", "sqlite:///here.sqlite"),
        ("sqlite:////a@b/c:d.sqlite?key=secret", "sqlite:////a@b/c:d.sqlite"),
        ("postgresql://host/trials", "postgresql://host/trials"),
        ("postgresql://me@host/trials", "postgresql://me@host/trials"),
        ("postgresql://me:secret@host:5432/trials", "postgresql://me:***@host:5432/trials"),
        ("postgresql+psycopg://me:s@cr/e:t?@host/trials", "postgresql+psycopg://me:***@host/trials"),
        ("mysql://host/trials?password=secret", "mysql://host/trials"),
        ("mysql://me:secret@host/trials?passwd=secret@x", "mysql://me:***@x"),
    ],
)
def test_what_is_shown(url: str, shown: str):
    assert hidden(url) == shown


@pytest.mark.parametrize(
    ("url", "said", "shown"),
    [
        ("sqlite:///x", "no such table", "no such table"),
        ("postgresql://me:secret@host/x", "cannot parse postgresql://me:secret@host/x", "cannot parse postgresql://me"),
        ("postgresql://me:p%40ss@host/x", "password p@ss (p%40ss) is wrong", "password *** (***) is wrong"),
        ("mysql://host/x?password=one+two", "no: one two", "no: ***"),
    ],
)
def test_what_a_database_says(url: str, said: str, shown: str):
    assert without_secrets(said, url).startswith(shown)
    assert "secret" not in without_secrets(said, url)


@pytest.mark.parametrize("url", ["", "secret", "host/secret", "sqlite://", "sqlite:///:memory:", "://secret"])
def test_no_url(url: str):
    with pytest.raises(SettingsError) as caught:
        check_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["sqlite:///a", "sqlite:////a/b", "sqlite+pysqlite:///a", "postgresql://me:secret@host/x"]
)
def test_url(url: str):
    check_url(url)


def test_the_same_place_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("") == ""
    assert absolute("sqlite:///a.sqlite?timeout=3") == f"sqlite:///{tmp_path}/a.sqlite?timeout=3"
    assert absolute("sqlite:////a.sqlite") == "sqlite:////a.sqlite"
    assert absolute("postgresql://host/a") == "postgresql://host/a"
    assert usual_url(Path("home")) == f"sqlite:///{tmp_path}/home/searches.sqlite"


def test_kept_privately(tmp_path: Path):
    run = Run(tmp_path)
    with pytest.raises(RunError, match="lost the URL"):
        kept_url(run)
    keep_private(run, "postgresql://me:secret@host/x")
    keep_private(run, "mysql://host/x")
    assert kept_url(run) == "mysql://host/x"
    assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600]

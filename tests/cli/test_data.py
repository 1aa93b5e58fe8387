"""`data import`, `data check` and `data list`."""

import json
from pathlib import Path

import pytest

from tests.cli.fakes import picture, run


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))


def test_nothing_yet():
    assert "no data set yet" in run("data", "list").stdout
    assert json.loads(run("data", "list", "--json").stdout) == []
    missing = run("data", "check", "mine-1")
    assert missing.exit_code == 1
    assert "There are: none" in missing.stderr


def test_there_and_back():
    for i in range(4):
        picture(f"set/WithMask/{i}.png", value=10 * i)
        picture(f"set/NoMask/{i}.png", value=200 + i)
    result = run("data", "import", "set", "--name", "mine", "--json")
    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    assert (made["name"], made["pictures"], made["classes"]) == ("mine-1", 8, ["with_mask", "without_mask"])
    assert "mine-2: 8 pictures" in run("data", "import", "set", "--name", "mine").stdout
    found = json.loads(run("data", "check", "mine-1", "--json").stdout)
    assert len(found["near_copies"]) == 1  # plain pictures look the same to any hash
    assert "look the same, with different classes" in run("data", "check", "mine-1").stdout
    assert "mine-1  8 pictures of with_mask, without_mask" in run("data", "list").stdout


def test_folders_that_have_to_be_named():
    for name in ("mask", "no_mask", "helmet"):
        picture(f"set/{name}/1.png")
    result = run("data", "import", "set", "--name", "mine")
    assert result.exit_code == 1
    assert "What do the pictures in helmet show?" in result.stderr
    assert "3 pictures" in run("data", "import", "set", "--name", "mine", "--class", "helmet=helmet").stdout
    assert "2 pictures" in run("data", "import", "set", "--name", "mine", "--class", "helmet=").stdout
    assert "FOLDER=CLASS" in run("data", "import", "set", "--name", "mine", "--class", "helmet").stderr


@pytest.mark.parametrize(("given", "expected"), [((), 1.0), (("--cut", "1.6"), 1.6)])
def test_how_much_is_around_the_faces(given: tuple[str, ...], expected: float):
    for name in ("mask", "no_mask"):
        picture(f"set/{name}/1.png", value=len(name))
    result = run("data", "import", "set", "--name", "mine", "--json", *given)
    assert json.loads(result.stdout)["cut_scale"] == expected


@pytest.mark.parametrize(("given", "status"), [("0.5", 1), ("nan", 1), ("wide", 2)])
def test_less_than_a_face_cannot_be_shown(given: str, status: int):
    picture("set/mask/1.png")
    picture("set/no_mask/1.png", value=1)
    assert run("data", "import", "set", "--name", "mine", "--cut", given).exit_code == status
    assert json.loads(run("data", "list", "--json").stdout) == []

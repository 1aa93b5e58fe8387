"""`models list`, `show` and `promote`."""

import json

import pytest

from maskcls.errors import ModelError
from tests.cli.fakes import FakeRegistry, FakeVersion, run


def test_listing_models():
    table = json.loads(run("models", "list", "--json").stdout)
    assert [(row["name"], row["kind"], row["at_work"]) for row in table] == [
        ("first", "classifier", True),
        ("mine", "classifier", False),
        ("finder", "finder", False),
    ]
    assert run("models", "list").stdout.splitlines() == [
        "* first   classifier  shipped",
        "  mine    classifier  made here",
        "  finder  finder      shipped",
    ]


def test_listing_models_when_none_can_work(monkeypatch: pytest.MonkeyPatch):
    def nobody(_registry: FakeRegistry) -> FakeVersion:
        raise ModelError("shipped.json is damaged.")

    monkeypatch.setattr(FakeRegistry, "at_work", nobody)
    result = run("models", "list", "--json")
    assert [row["at_work"] for row in json.loads(result.stdout)] == [False, False, False]
    assert "shipped.json is damaged." in result.stderr


@pytest.mark.parametrize(("arguments", "name"), [((), "first"), (("mine",), "mine"), (("finder",), "finder")])
def test_showing_a_model(arguments: tuple, name: str):
    card = json.loads(run("models", "show", *arguments, "--json").stdout)
    assert (card["name"], card["input_px"]) == (name, 32)
    assert "with_mask, without_mask" in run("models", "show", *arguments).stdout


def test_showing_a_model_that_is_not_there():
    result = run("models", "show", "nobody")
    assert result.exit_code == 1
    assert "There are: first, mine, finder." in result.stderr


def test_promoting_a_model():
    assert run("models", "promote", "mine").exit_code == 0
    assert FakeRegistry.promoted == ["mine"]
    assert run("models", "promote", "nobody").exit_code == 1

"""Settings refuse what makes no sense, survive a file, and are what is usual for the architecture where nobody says."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from maskcls.architectures import ARCHITECTURES
from maskcls.data.augmentation import Augmentation
from maskcls.errors import MaskclsError, ModelError, SettingsError
from maskcls.registry import Registry
from maskcls.training.runs.settings import IMAGENET, SCRATCH, Settings, is_file, read_settings, usual
from tests.conftest import TINY_PX, classifier_card, tiny_network, write_version


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Registry:
    """The tiny shipped version, and one that says to be a plain CNN."""
    home = tmp_path_factory.mktemp("home")
    card = classifier_card("with_mask", "without_mask") | {"settings": {"architecture": "plain-cnn"}}
    write_version(home / "models" / "plain-1", tiny_network(2), **card)
    return Registry(home, models_folder)


def test_nothing_said():
    settings = Settings("mine-1", "mine")
    assert (settings.architecture, settings.start, settings.epochs) == ("maskcls", SCRATCH, 10)
    assert settings.augmentation == Augmentation()
    assert not settings.is_warm


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "resnet"}, "no architecture"),
        ({"epochs": 0}, "epochs goes from 1 to 1000"),
        ({"epochs": 2.5}, "epochs is a whole number"),
        ({"batch": 0}, "batch goes from"),
        ({"batch": 8.0}, "batch is a whole number"),
        ({"rate": 0.0}, "rate goes from"),
        ({"rate": math.nan}, "rate goes from"),
        ({"rate": math.inf}, "rate goes from"),
        ({"head_epochs": -1}, "head epochs goes from"),
        ({"unfrozen": 1.1}, "unfrozen goes from"),
        ({"dropout": 0.95}, "dropout goes from"),
        ({"patience": -1}, "patience goes from"),
        ({"input_px": 16}, "input px goes from 32"),
        ({"input_px": 40}, "multiple of 16"),
        ({"seed": -1}, "seed goes from 0"),
        ({"optimiser": "lion"}, "optimiser is one of adamw, adam, sgd"),
        ({"schedule": "step"}, "schedule is one of cosine, constant"),
    ],
)
def test_what_makes_no_sense(changes: dict, words: str):
    with pytest.raises(SettingsError, match=words):
        Settings("mine-1", "mine", **changes)


def test_only_ours_wants_whole_cells():
    assert Settings("mine-1", "mine", architecture="plain-cnn", input_px=100).input_px == 100


@pytest.mark.parametrize("settings", [Settings("a-1", "a"), Settings("a-1", "a", seed=4, augmentation=Augmentation(0))])
def test_through_a_file(settings: Settings):
    assert read_settings(json.loads(json.dumps(settings.as_json()))) == settings


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"dataset": "a-1"},
        {"dataset": "a-1", "name": "a", "epochs": "ten"},
        {"dataset": "a-1", "name": "a", "epochs": None},
        {"dataset": "a-1", "name": "a", "augmentation": {"sparkle": 1}},
        {"dataset": "a-1", "name": "a", "augmentation": {"flip": "often"}},
        {"dataset": "a-1", "name": "a", "augmentation": None},
    ],
)
def test_no_settings(content: dict):
    with pytest.raises(SettingsError):
        read_settings(content)


def test_what_is_said_by_a_later_version_is_passed_over():
    assert read_settings({"dataset": "a-1", "name": "a", "sparkle": 1}) == Settings("a-1", "a")


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("plain-cnn", None, (SCRATCH, 1e-3, 20, 0, 128)),
        ("grey-cnn", None, (SCRATCH, 1e-3, 20, 0, 100)),
        ("mobilenet-v2", None, (IMAGENET, 3e-4, 10, 1, 128)),
        ("vgg16", "weights.h5", ("weights.h5", 3e-4, 10, 1, 128)),
        ("mobilenet-v2", SCRATCH, (SCRATCH, 1e-3, 20, 0, 128)),
        ("plain-cnn", "plain-1", ("plain-1", 1e-4, 10, 1, TINY_PX)),
    ],
)
def test_what_is_usual(registry: Registry, name: str, start: str | None, expected: tuple):
    told = {"architecture": name} | ({"start": start} if start else {})
    settings = usual(registry, "mine-1", "mine", **told)
    assert (settings.start, settings.rate, settings.epochs, settings.head_epochs, settings.input_px) == expected
    assert settings.dropout == ARCHITECTURES[name].dropout


def test_what_is_told_counts_more(registry: Registry):
    told = {"architecture": "plain-cnn", "epochs": 3, "rate": 0.01, "dropout": 0.1, "input_px": 64}
    settings = usual(registry, "mine-1", "mine", **told)
    assert {name: getattr(settings, name) for name in told} == told


@pytest.mark.parametrize(
    ("name", "start", "words"),
    [
        ("plain-cnn", IMAGENET, "cannot start from ImageNet"),
        ("maskcls", "weights.h5", "cannot start from ImageNet"),
        ("maskcls", "plain-1", "plain-1 is plain-cnn; maskcls cannot go on"),
        ("plain-cnn", "tiny-3", "tiny-3 is something else"),
        ("plain-cnn", "nobody", "no classifier called nobody"),
    ],
)
def test_a_start_that_does_not_fit(registry: Registry, name: str, start: str, words: str):
    with pytest.raises(MaskclsError, match=words):
        usual(registry, "mine-1", "mine", architecture=name, start=start)


def test_ours_starts_from_the_version_at_work(models_folder: Path, tmp_path: Path):
    ours = classifier_card("hat", "no_hat") | {"settings": {"architecture": "maskcls"}, "input_px": TINY_PX}
    write_version(tmp_path / "models" / "own-1", tiny_network(2), **ours)
    registry = Registry(tmp_path, models_folder)
    # The shipped one here is none of ours, and says so.
    with pytest.raises(SettingsError, match="tiny-3 is something else"):
        usual(registry, "mine-1", "mine")
    registry.promote("own-1")
    settings = usual(registry, "mine-1", "mine")
    assert (settings.start, settings.input_px) == ("own-1", TINY_PX)
    assert settings.is_warm


def test_nothing_to_start_from(tmp_path: Path):
    with pytest.raises(ModelError):
        usual(Registry(tmp_path, tmp_path / "nowhere"), "mine-1", "mine")


def test_where_weights_come_from():
    scratch = Settings("a-1", "a")
    assert [replace(scratch, start=start).goes_on for start in (SCRATCH, IMAGENET, "x.h5", "own-1")] == [
        *[False] * 3,
        True,
    ]
    assert [is_file(start) for start in ("", "own-1", "own.h5", "/there/base.weights.h5")] == [False, False, True, True]

"""What may vary, how far, and what a trial's numbers mean."""

from dataclasses import replace

import optuna
import pytest

from maskcls.architectures import ARCHITECTURES
from maskcls.data.augmentation import LIMITS, NONE, Augmentation
from maskcls.data.datasets import Dataset
from maskcls.errors import DatasetError, SettingsError
from maskcls.registry import Registry
from maskcls.training.runs.settings import Settings
from maskcls.training.runs.space import (
    RANGES,
    VARIABLE,
    SearchSettings,
    check_comparable,
    draw,
    fingerprint,
    read_search,
    scaled,
    settings_of,
    usual_search,
)
from tests.training.runs.conftest import tiny_settings

WARM = Settings("tiny-1", "mine", start="some-version")
SCRATCH = Settings("tiny-1", "mine", architecture="plain-cnn")


def searching(*vary: str, bases: tuple[Settings, ...] = (WARM,), **more: object) -> SearchSettings:
    return SearchSettings(bases, vary, **{"trials": 3} | more)


def drawn(search: SearchSettings, count: int) -> list[dict]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [draw(study.ask(), search) for _ in range(count)]


@pytest.mark.parametrize(
    ("vary", "more", "words"),
    [
        ((), {}, "nothing to search"),
        (("rate", "colour"), {}, "'colour' can vary"),
        (("rate",), {"bases": ()}, "one data set"),
        (("rate",), {"bases": (WARM, replace(SCRATCH, dataset="other-1"))}, "one data set"),
        (("architecture",), {"bases": (WARM, WARM)}, "twice: maskcls, maskcls"),
        (("architecture",), {}, "two or more"),
        (("rate",), {"bases": (WARM, SCRATCH)}, "two or more"),
        (("augmentation",), {"bases": (replace(WARM, augmentation=NONE),)}, "no augmentation"),
        (("unfrozen",), {"bases": (SCRATCH,)}, "can rest"),
        (("rate",), {"trials": 0}, "needs an end"),
        (("rate",), {"trials": -1}, "trials go from 0"),
        (("rate",), {"trials": 0, "minutes": float("nan")}, "minutes go from 0"),
        (("rate",), {"storage": "somewhere"}, "URL of a database"),
        (("rate",), {"study": "../mine"}, "cannot name a study"),
    ],
)
def test_refused(vary: tuple[str, ...], more: dict, words: str):
    with pytest.raises(SettingsError, match=words):
        searching(*vary, **more)


@pytest.mark.parametrize("name", RANGES)
def test_each_in_its_range(name: str):
    least, most = RANGES[name]
    values = [one[name] for one in drawn(searching(name), 30)]
    assert least <= min(values) < max(values) <= most
    for value in values:
        assert settings_of(searching(name), {name: value}) != WARM
    # A typical value lies in the middle of what counts: of the factors, or of the differences.
    middle = (least * most) ** 0.5 if name in ("rate", "batch") else (least + most) / 2
    below = sum(value < middle for value in values)
    assert 8 <= below <= 22


def test_all_at_once():
    search = searching(*VARIABLE, bases=(WARM, SCRATCH))
    every = drawn(search, 20)
    assert {one["architecture"] for one in every} == {"maskcls", "plain-cnn"}
    for one in every:
        # From scratch there is nothing that could rest.
        assert set(one) == {*VARIABLE} - ({"unfrozen"} if one["architecture"] == "plain-cnn" else set())
        settings = settings_of(search, one)
        assert (settings.architecture, settings.rate, settings.batch) == (
            one["architecture"],
            one["rate"],
            one["batch"],
        )
        assert settings.start == ("some-version" if one["architecture"] == "maskcls" else "scratch")


def test_only_what_varies():
    assert drawn(searching("dropout"), 1)[0].keys() == {"dropout"}
    assert settings_of(searching("dropout"), {}) == WARM
    assert settings_of(searching("dropout"), {"dropout": 0.25}) == replace(WARM, dropout=0.25)


def test_strength():
    usual = Augmentation()
    assert scaled(usual, 0.0) == NONE
    assert scaled(usual, 1.0) == usual
    assert scaled(usual, 2.0).rotation_degrees == 2 * usual.rotation_degrees
    assert scaled(usual, 2.0).flip == LIMITS["flip"]
    assert scaled(NONE, 2.0) == NONE


def test_there_and_back():
    search = searching("rate", "architecture", bases=(WARM, SCRATCH), minutes=1.5, prune=False, study="s")
    assert read_search(search.as_json()) == search
    assert (search.as_json()["dataset"], search.as_json()["name"]) == ("tiny-1", "mine")
    for content in ({}, {"bases": 3, "vary": ["rate"]}, {"bases": [1], "vary": ["rate"]}, {"bases": [], "vary": None}):
        with pytest.raises(SettingsError):
            read_search(content)


def test_no_password_in_words():
    search = searching("rate", storage="postgresql://me:secret@host/x")
    assert "secret" not in f"{search} {search!r} {search.as_json()}"
    assert read_search(search.as_json()).storage == "postgresql://me:***@host/x"


def test_usual():
    search = usual_search(
        Registry(), "tiny-1", "mine", vary=["architecture"], architectures=["maskcls", "grey-cnn"], trials=5, epochs=3
    )
    ours, grey = search.bases
    assert search.architectures == ("maskcls", "grey-cnn")
    assert (ours.is_warm, ours.input_px, ours.rate) == (True, ARCHITECTURES["maskcls"].input_px, 1e-4)
    assert (grey.is_warm, grey.input_px, grey.rate) == (False, ARCHITECTURES["grey-cnn"].input_px, 1e-3)
    assert ours.epochs == grey.epochs == 3


def test_fingerprint(dataset: Dataset):
    search = searching("rate", "dropout", bases=(tiny_settings(),))
    same = searching("dropout", "rate", bases=(replace(tiny_settings(), dataset="other-7", name="yours"),), minutes=3.0)
    assert fingerprint(search, dataset) == fingerprint(same, replace(dataset, rows=dataset.rows[::-1]))
    for other, pictures in (
        (searching("rate", bases=(tiny_settings(),)), dataset),
        (searching("rate", "dropout", bases=(tiny_settings(epochs=3),)), dataset),
        (search, replace(dataset, rows=dataset.rows[1:])),
        (search, replace(dataset, rows=(replace(dataset.rows[0], label="hat"), *dataset.rows[1:]))),
    ):
        assert fingerprint(search, dataset) != fingerprint(other, pictures)
    # Each machine has such a file somewhere else.
    files = [searching("rate", bases=(replace(WARM, start=f"{folder}/vgg.h5"),)) for folder in ("a", "b")]
    assert fingerprint(files[0], dataset) == fingerprint(files[1], dataset)


def test_trials_have_to_be_compared(dataset: Dataset):
    check_comparable(dataset)
    with pytest.raises(DatasetError, match="no validation pictures"):
        check_comparable(replace(dataset, rows=tuple(row for row in dataset.rows if row.split != "validation")))

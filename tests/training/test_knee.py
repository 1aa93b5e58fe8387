"""What the search for a small classifier varies, and how it reports."""

from pathlib import Path

import pytest

from maskcls.training import knee
from maskcls.training.classifier.fitting import Recipe


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "|  |\n|  |"),
        (
            [{"name": "a", "accuracy": 0.96149, "kb": 1234.5}, {"name": "b", "kb": 9.5}],
            "| name | accuracy | kb |\n| --- | --- | --- |\n| a | 0.961 | 1234 |\n| b |  | 9.500 |",
        ),
    ],
)
def test_the_table(rows: list[dict], text: str):
    assert knee.table(rows) == text


def test_each_variant_changes_one_thing():
    first, *others = knee.VARIANTS.values()
    assert (first.input_px, first.cut, first.inner) == (Recipe.input_px, Recipe.cut, Recipe.inner)
    for recipe in others:
        changed = [name for name, value in vars(recipe).items() if value != getattr(first, name)]
        assert len(changed) == 1


def test_the_time_of_a_crop(models_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(knee, "_TIMED", 3)
    assert 0 < knee.crop_ms(models_folder / "tiny-3" / "model.tflite", 32) < 1000

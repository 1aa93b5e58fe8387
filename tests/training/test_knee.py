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


def test_the_first_variant_is_built_like_the_shipped_one():
    first = next(iter(knee.VARIANTS.values()))
    assert first.blocks == Recipe().blocks
    assert (first.input_px, first.taught) == (Recipe.input_px, 0)


def test_no_two_variants_are_the_same():
    assert len(set(knee.VARIANTS.values())) == len(knee.VARIANTS)


def test_the_time_of_a_crop(models_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(knee, "_TIMED", 3)
    assert knee.crop_times([]) == []
    tiny = models_folder / "tiny-3" / "model.tflite"
    times = knee.crop_times([(tiny, 32), (tiny, 32)])
    assert len(times) == 2
    assert all(0 < ms < 1000 for ms in times)

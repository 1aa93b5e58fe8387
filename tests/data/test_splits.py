"""Splits keep groups whole and classes even, and stay what they were."""

from collections import Counter

import pytest

from maskcls.data.splits import canonical_split, complete


@pytest.mark.parametrize(
    ("name", "split"),
    [("", None), ("Train", "train"), ("training", "train"), ("VAL", "validation"), ("Testing", "test"), ("mask", None)],
)
def test_names(name: str, split: str | None):
    assert canonical_split(name) == split


def test_nothing_and_one():
    assert complete([], [], []) == []
    assert complete([""], ["a"], [0]) == ["train"]


def test_groups_stay_whole_and_classes_even():
    labels = ["a"] * 120 + ["b"] * 60
    groups = [i // 2 for i in range(180)]
    splits = complete([""] * 180, labels, groups)
    assert splits == complete([""] * 180, labels, groups)
    assert all(len({splits[i] for i in range(180) if groups[i] == g}) == 1 for g in set(groups))
    counted = Counter(zip(splits, labels, strict=True))
    for split in ("validation", "test"):
        assert 20 <= counted[split, "a"] + counted[split, "b"] <= 36
        assert counted[split, "a"] / counted[split, "b"] == pytest.approx(2, rel=0.25)
    assert complete([""] * 180, labels, groups, seed=1) != splits


def test_one_huge_group_is_no_part():
    groups = [0] * 90 + list(range(1, 11))
    for seed in range(5):
        splits = complete([""] * 100, ["a", "b"] * 50, groups, seed=seed)
        assert splits[:90] == ["train"] * 90


def test_what_is_given_stays():
    given = ["test"] * 5 + ["train"] * 30
    splits = complete(given, ["a", "b"] * 17 + ["a"], list(range(35)))
    assert splits[:5] == ["test"] * 5
    assert Counter(splits)["test"] == 5
    assert Counter(splits)["validation"] > 0

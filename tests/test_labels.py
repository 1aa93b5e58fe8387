import re

import pytest

from maskcls import labels


@pytest.mark.parametrize(
    ("name", "words", "symbol"),
    [
        ("", "", "●"),
        ("with_mask", "mask worn", "✓"),
        ("partial_mask", "mask partially worn", "◐"),
        ("without_mask", "no mask", "✕"),
        ("not_sure", "not sure", "?"),
        ("green_hat", "green hat", "●"),
    ],
)
def test_look(name: str, words: str, symbol: str):
    look = labels.look(name)
    assert (look.words, look.symbol) == (words, symbol)
    assert re.fullmatch("#[0-9A-F]{6}", look.colour)


def test_no_two_verdicts_look_alike():
    looks = [labels.look(name) for name in (*labels.CLASSES, labels.NOT_SURE, "another")]
    for part in ("words", "symbol", "colour"):
        assert len({getattr(look, part) for look in looks}) == len(looks)


def test_the_order_of_the_classes_is_that_of_every_models_outputs():
    assert labels.CLASSES == ("with_mask", "without_mask", "partial_mask")
    assert labels.NOT_SURE not in labels.CLASSES


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("", ""),
        ("with_mask", "with_mask"),
        ("mask_weared_incorrect", "partial_mask"),
        ("with_incorrect_mask", "partial_mask"),
        ("hat", "hat"),
    ],
)
def test_canonical(name: str, ours: str):
    assert labels.canonical(name) == ours

import pytest

from maskcls.face import Face
from maskcls.ui import words


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ({}, {}),
        ({"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 0.0}),
        ({"a": 1.0}, {"a": 100.0}),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, {"a": 33.4, "b": 33.3, "c": 33.3}),
        ({"a": 0.00049, "b": 0.99951}, {"a": 0.0, "b": 100.0}),
        ({"a": 0.5, "b": 0.25, "c": 0.25}, {"a": 50.0, "b": 25.0, "c": 25.0}),
        ({"a": 0.98765, "b": 0.01234, "c": 0.00001}, {"a": 98.8, "b": 1.2, "c": 0.0}),
    ],
)
def test_percentages(probabilities: dict[str, float], expected: dict[str, float]):
    assert words.percentages(probabilities) == expected
    assert round(sum(expected.values()), 6) in (0, 100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("*a*", r"\*a\*"),
        ("[a](http://b)", "\\[a\\]\\(http\\:\u2060\\/\\/b\\)"),
        (":red[a]", "\\:\u2060red\\[a\\]"),
        ("<b>$x$", r"\<b\>\$x\$"),
        ("a\nb\x00\u202e", "ab"),
    ],
)
def test_plain_takes_the_power_from_markdown(text: str, expected: str):
    assert words.plain(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("with_mask", ":green-badge[✓ mask worn]"),
        ("without_mask", ":red-badge[✕ no mask]"),
        ("partial_mask", ":orange-badge[◐ mask partially worn]"),
        ("not_sure", r":gray-badge[\? not sure]"),
        ("scarf", ":blue-badge[● scarf]"),
    ],
)
def test_badge(name: str, expected: str):
    assert words.badge(name) == expected


def test_verdict_counts(a_face: Face):
    assert words.verdict_counts([]) == ""
    assert words.verdict_counts([a_face, a_face]) == "2 ✓"


def test_verdict_names_keep_the_models_order(a_face: Face):
    assert words.verdict_names(("b", "a"), [a_face]) == ["b", "a", "not_sure", "with_mask"]

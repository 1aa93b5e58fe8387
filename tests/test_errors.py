import inspect

import pytest

from maskcls import errors

OURS = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls is not errors.MaskclsError]


def test_one_catch_is_enough():
    assert len(OURS) >= 4
    for cls in OURS:
        with pytest.raises(errors.MaskclsError, match="as it is"):
            raise cls("as it is")


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = {line.split()[1] for line in errors.__doc__.splitlines() if line.startswith(("├", "└"))}
    assert drawn == {cls.__name__ for cls in OURS}


def test_they_are_told_apart():
    for cls in OURS:
        assert not any(issubclass(cls, other) for other in OURS if other is not cls)

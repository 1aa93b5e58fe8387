"""Folder names as people write them, in our words; and those that nobody can guess."""

import pytest

from maskcls.data.class_names import guess, guess_all

WORN, BARE, PARTIAL = "with_mask", "without_mask", "partial_mask"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("", None),
        ("WithMask", WORN),
        ("with_mask", WORN),
        ("Mask", WORN),
        ("mask_on", WORN),
        ("face-with-mask", WORN),
        ("WithoutMask", BARE),
        ("without mask", BARE),
        ("no_mask", BARE),
        ("NoMask", BARE),
        ("Non Mask", BARE),
        ("unmasked", BARE),
        ("face_no_mask", BARE),
        ("mask_weared_incorrect", PARTIAL),
        ("incorrect_mask", PARTIAL),
        ("improperMask", PARTIAL),
        ("partial_mask", PARTIAL),
        ("Mask_Nose_Mouth", PARTIAL),
        ("beard", None),
        ("0", None),
        ("maschera", None),
        ("nonmask", BARE),
        ("NoFaceMask", BARE),
        ("withoutfacemask", BARE),
        ("womask", BARE),
        ("incorrectmask", PARTIAL),
        ("partialmask", PARTIAL),
        ("not_correctly_masked", PARTIAL),
        ("mask_off", None),
        ("mask removed", None),
        ("medical_mask", None),
    ],
)
def test_guess(name: str, label: str | None):
    assert guess(name) == label


def test_of_none():
    assert guess_all([]) == ({}, [])


def test_the_usual_ones():
    assert guess_all(["WithMask", "WithoutMask"]) == ({"WithMask": WORN, "WithoutMask": BARE}, [])
    # One class in two spellings, as in train/ and test/.
    assert guess_all(["WithMask", "with_mask", "no_mask"])[1] == []


def test_ones_own_classes():
    assert guess_all(["cat", "dog"]) == ({"cat": "cat", "dog": "dog"}, [])


def test_who_is_asked():
    assert guess_all(["with_mask", "no_mask", "helmet"]) == ({"with_mask": WORN, "no_mask": BARE}, ["helmet"])
    assert guess_all(["mask_blue", "mask_red", "no_mask"]) == ({"no_mask": BARE}, ["mask_blue", "mask_red"])
    # Both would be worn, and perhaps they are not.
    assert guess_all(["mask", "face_mask", "no_mask"]) == ({"no_mask": BARE}, ["face_mask", "mask"])

"""Faces are kept with consent, for a month, under a class, and go when their owner says so."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.data.inbox import KEPT_DAYS, Inbox
from maskcls.errors import DatasetError

FACE = np.full((20, 16, 3), 120, np.uint8)


def test_an_inbox_that_nobody_used(tmp_path: Path):
    inbox = Inbox(tmp_path / "inbox")
    assert inbox.faces() == []
    assert inbox.erase("abcd") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("crop", "label", "consent", "words"),
    [
        (FACE, "with_mask", False, "only with the consent"),
        (np.zeros((0, 5, 3), np.uint8), "with_mask", True, "no face to keep"),
        (FACE, "../../etc", True, "cannot name a folder"),
        (FACE, ".hidden", True, "cannot name a folder"),
        (FACE, "", True, "cannot name a folder"),
        (FACE, "a/b", True, "cannot name a folder"),
        (FACE, "x" * 200, True, "cannot name a folder"),
    ],
)
def test_what_is_not_kept(crop: np.ndarray, label: str, consent: bool, words: str, tmp_path: Path):
    with pytest.raises(DatasetError, match=words):
        Inbox(tmp_path / "inbox").keep(crop, label, consent=consent)
    assert list(tmp_path.iterdir()) == []


def test_a_face_and_its_line(tmp_path: Path):
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    inbox = Inbox(tmp_path, now=lambda: now)
    kept = inbox.keep(FACE, "partial_mask", consent=True)
    assert inbox.picture(kept).parent.name == "partial_mask"
    assert np.array_equal(images.read_file(inbox.picture(kept)), FACE)
    (line,) = (tmp_path / "kept.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert row == {
        "id": kept.id,
        "class": "partial_mask",
        "time": "2026-11-21T12:00:00+00:00",
        "consent": True,
        "expires": "2026-12-21T12:00:00+00:00",
        "owner": kept.owner,
    }
    assert inbox.faces() == [kept]


def test_owners_erase_their_own(tmp_path: Path):
    inbox = Inbox(tmp_path)
    mine = inbox.keep(FACE, "with_mask", consent=True)
    also = inbox.keep(FACE, "without_mask", consent=True, owner=mine.owner)
    other = inbox.keep(FACE, "with_mask", consent=True)
    assert mine.owner != other.owner
    assert len(inbox.erase(f" {mine.owner.upper()} ")) == 2
    assert inbox.faces() == [other]
    assert [inbox.picture(one).exists() for one in (mine, also, other)] == [False, False, True]
    assert inbox.erase(mine.owner) == []
    assert inbox.erase("") == []


def test_what_has_expired_is_gone(tmp_path: Path):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    early = Inbox(tmp_path, now=lambda: now).keep(FACE, "with_mask", consent=True)
    later = Inbox(tmp_path, now=lambda: now + timedelta(days=KEPT_DAYS))
    assert later.faces() == []
    assert not later.picture(early).exists()


def test_a_picture_that_no_line_speaks_of_goes(tmp_path: Path):
    inbox = Inbox(tmp_path)
    kept = inbox.keep(FACE, "with_mask", consent=True)
    (tmp_path / "kept.jsonl").write_text("damaged\n")
    assert inbox.faces() == []
    assert inbox.picture(kept).exists()
    later = Inbox(tmp_path, now=lambda: datetime.now(UTC) + timedelta(hours=2))
    assert later.faces() == []
    assert not inbox.picture(kept).exists()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"id": "../../x", "class": "a", "time": "", "expires": "2000-01-01T00:00:00+00:00", "owner": "b"}',
        '{"id": "0123456789abcdef", "class": "..", "time": "", "expires": "2000-01-01T00:00:00+00:00", "owner": "b"}',
        '{"id": "0123456789abcdef", "class": "a", "time": "", "expires": "soon", "owner": "b"}',
        '{"id": "0123456789abcdef", "class": "a", "time": "", "expires": "2099-01-01T00:00:00", "owner": "b"}',
        "\udcff\udcfe",
        '{"id": "0123456789abcdef", "class": "a", "time": "", "expires": "2099-01-01T00:00:00+00:00", "owner": 5}',
    ],
)
def test_damaged_lines_harm_nothing(line: str, tmp_path: Path):
    outside = tmp_path / "x.png"
    outside.write_bytes(b"keep me")
    inbox = Inbox(tmp_path / "inbox")
    kept = inbox.keep(FACE, "with_mask", consent=True)
    with (tmp_path / "inbox" / "kept.jsonl").open("a", errors="surrogateescape") as file:
        file.write(line + "\n")
    assert inbox.faces() == [kept]
    inbox.erase("b")
    assert outside.exists()

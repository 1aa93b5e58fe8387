"""Which pictures the shipped models may learn from."""

from dataclasses import replace
from pathlib import Path

from maskcls.data.corrections import read_corrections
from maskcls.data.manifest import Entry, held_out_groups, one_per_group, read_manifest


def training_entries(data: Path) -> list[Entry]:
    """Return the pictures of faces that may be trained on.

    That is the training split of the faces, and one picture per group of other archives, without any group of a
    validation or test split of the faces and scenes or of the test split of kaggle12k. Labels are the corrected ones.
    """
    entries = read_manifest(data / "manifest.csv")
    held_out = held_out_groups(entries, own_splits=("faces.zip", "scenes.zip"), test_only=("kaggle12k.zip",))
    free = [entry for entry in entries if entry.group not in held_out]
    faces = [entry for entry in free if entry.archive == "faces.zip" and entry.split == "train"]
    others = [entry for entry in free if entry.archive in ("kaggle12k.zip", "chandrikadeb7.zip")]
    corrections = read_corrections()
    judged = [(entry, corrections.label(entry.file, entry.label)) for entry in faces + one_per_group(others)]
    return [replace(entry, label=label) for entry, label in judged if label is not None]

"""Labels that networks doubt are found, worst first; doubt that is usual for a class makes none suspect."""

import csv
from pathlib import Path, PurePosixPath

import numpy as np
from click.testing import CliRunner

from maskcls import images
from maskcls.data.manifest import Entry
from maskcls.training.classifier import suspects as module
from maskcls.training.classifier.opinions import write_opinions
from maskcls.training.classifier.suspects import groups_at_odds, suspects


def test_nothing_is_suspect():
    for count in (0, 3):
        found, others = suspects(np.eye(3)[:count], np.arange(count))
        assert (found.tolist(), others.tolist()) == ([], [])


def test_the_worst_label_comes_first():
    probabilities = np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.1, 0.9, 0], [0.05, 0.95, 0], [0, 1, 0], [0.9, 0.1, 0]])
    found, others = suspects(probabilities, np.array([0, 0, 0, 1, 1, 1]))
    # The fourth class's own pictures are believed on average by 0.68, the first's by 0.6.
    assert found.tolist() == [2, 5]
    assert others.tolist() == [1, 0]


def test_doubt_that_is_usual_for_a_class_is_no_suspicion():
    # Of class 1 no picture is believed by more than 0.9: 0.6 for it says little.
    probabilities = np.array([[0.4, 0.6], [1, 0], [0.1, 0.9], [0.1, 0.9]])
    assert suspects(probabilities, np.array([0, 0, 1, 1]))[0].tolist() == []


def entry(archive: str, label: str, group: str) -> Entry:
    return Entry(archive, PurePosixPath("1.png"), label, "train", "", group)


def test_groups_with_several_labels():
    assert groups_at_odds([]) == set()
    entries = [entry("a.zip", "with_mask", "1"), entry("b.zip", "without_mask", "1"), entry("a.zip", "with_mask", "2")]
    # Several faces of one photograph may well differ, and a photograph itself has no label.
    entries += [entry("faces.zip", "with_mask", "3"), entry("faces.zip", "without_mask", "3"), entry("s.zip", "", "2")]
    assert groups_at_odds(entries) == {"1"}


def test_the_command_writes_a_table_and_sheets(tmp_path: Path):
    lines = ["archive,file,label,split,source,group,face_px"]
    opinions = {}
    for i, label in enumerate(["with_mask", "with_mask", "without_mask", "without_mask"]):
        name = f"train/{label}/{i}.png"
        (tmp_path / "faces.zip" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "faces.zip" / name).write_bytes(images.encode(np.full((20, 20, 3), 50 * i, np.uint8)))
        lines.append(f"faces.zip,{name},{label},train,ilc,{i},20")
        opinions[f"faces.zip/{name}"] = np.array([0.9, 0.1, 0] if i in (0, 1, 3) else [0.1, 0.9, 0])
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    write_opinions(tmp_path, opinions)
    arguments = ["--data", str(tmp_path), "--run", str(tmp_path)]
    assert CliRunner().invoke(module.main, arguments, catch_exceptions=False).exit_code == 0
    with (tmp_path / "suspects.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["suspected"]) for row in rows] == [("train/without_mask/3.png", "with_mask")]
    sheet = images.read((tmp_path / "suspects-0000.png").read_bytes(), name="sheet")
    assert sheet.shape == (144, 128, 3)
    assert (sheet[16:, :128] == 150).all()

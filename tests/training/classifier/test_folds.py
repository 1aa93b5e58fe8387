"""Every picture is asked about once, of a network that saw no picture of its group."""

from pathlib import Path, PurePosixPath

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from maskcls import images
from maskcls.data.manifest import Entry
from maskcls.training.classifier import folds
from maskcls.training.classifier.fitting import Recipe
from maskcls.training.classifier.opinions import read_opinions, write_opinions


def entry(group: str) -> Entry:
    return Entry("faces.zip", PurePosixPath(f"{group}.png"), "with_mask", "train", "ilc", group)


def test_groups_stay_together_and_folds_are_of_one_size():
    where = [folds.fold_of(entry(f"group {i}"), 3) for i in range(600)]
    assert set(where) == {0, 1, 2}
    assert min(where.count(fold) for fold in range(3)) > 150
    assert folds.fold_of(entry("group 1"), 3) == where[1]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = ["archive,file,label,split,source,group,face_px"]
    for i in range(24):
        name = f"train/with_mask/{i}.png"
        (tmp_path / "faces.zip" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "faces.zip" / name).write_bytes(images.encode(np.full((20, 20, 3), 10 * i, np.uint8)))
        lines.append(f"faces.zip,{name},with_mask,train,ilc,group-{i // 2},20")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    return tmp_path


def test_nobody_is_asked_about_what_it_saw(data: Path, monkeypatch: pytest.MonkeyPatch):
    seen: dict[Path, set[str]] = {}

    def train(pictures: dict, _weights: Path, run: Path, _recipe: Recipe) -> None:
        seen[run] = {picture.name for some in pictures.values() for picture in some}
        crops = keras.Input((128, 128, 3), dtype="uint8")
        means = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(crops))
        keras.Model(crops, [means, means]).save(run / "model.keras")

    monkeypatch.setattr(folds, "train", train)
    run = data / "run"
    arguments = ["--data", str(data), "--weights", str(data), "--run", str(run), "--folds", "2"]
    result = CliRunner().invoke(folds.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    opinions = read_opinions(run)
    assert len(opinions) == 24
    assert len(seen) == 2
    first, second = seen.values()
    assert not first & second
    assert first | second == set(opinions)
    assert opinions["faces.zip/train/with_mask/23.png"] == pytest.approx([230 / 255] * 3, abs=1e-3)

    # What was trained is not trained again, but other folds need other networks.
    seen.clear()
    CliRunner().invoke(folds.main, arguments, catch_exceptions=False)
    assert not seen
    CliRunner().invoke(folds.main, [*arguments[:-1], "3"], catch_exceptions=False)
    assert len(seen) == 3


def test_opinions_are_read_as_written(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_opinions(tmp_path)
    write_opinions(tmp_path, {"a/1.png": np.array([0.5, 0.25, 0.25]), "a/2.png": np.array([0, 0, 1.0])})
    again = read_opinions(tmp_path)
    assert {name: values.tolist() for name, values in again.items()} == {
        "a/1.png": [0.5, 0.25, 0.25],
        "a/2.png": [0, 0, 1],
    }
    assert [file.name for file in tmp_path.iterdir()] == ["opinions.npz"]

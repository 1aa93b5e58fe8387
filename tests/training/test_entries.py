"""What may be trained on: nothing that shares a photograph with a picture that is measured on."""

from pathlib import Path

from maskcls.data.corrections import DROPPED, TABLE
from maskcls.data.manifest import read_manifest
from maskcls.training.classifier.pictures import PAINTED, SHARES
from maskcls.training.entries import training_entries

MANIFEST = """archive,file,label,split,source,group,face_px
faces.zip,train/with_mask/1.jpg,with_mask,train,ilc,a,50
faces.zip,train/with_mask/2.jpg,with_mask,train,ilc,a,50
faces.zip,train/partial_mask/3.jpg,partial_mask,train,ilc,of-faces-test,50
faces.zip,validation/with_mask/4.jpg,with_mask,validation,ilc,of-faces-validation,50
faces.zip,test/with_mask/5.jpg,with_mask,test,ilc,of-faces-test,50
scenes.zip,test/images/6.jpg,,test,ilc,of-scenes-test,
kaggle12k.zip,Train/WithMask/7.png,with_mask,train,kaggle,b,
kaggle12k.zip,Train/WithMask/8.png,with_mask,train,kaggle,b,
kaggle12k.zip,Train/WithMask/9.png,with_mask,train,kaggle,of-kaggle-test,
kaggle12k.zip,Test/WithMask/10.png,with_mask,test,kaggle,of-kaggle-test,
kaggle12k.zip,Validation/WithMask/11.png,with_mask,validation,kaggle,c,
chandrikadeb7.zip,with_mask/12.jpg,with_mask,,chandrika,of-scenes-test,
chandrikadeb7.zip,with_mask/13.jpg,with_mask,,chandrika,of-faces-validation,
chandrikadeb7.zip,with_mask/14.jpg,with_mask,,chandrika,d,
impropermask.zip,partial/15.png,partial_mask,,james,e,
"""


def test_no_group_of_a_held_out_split_is_trained_on(tmp_path: Path):
    (tmp_path / "manifest.csv").write_text(MANIFEST)
    assert [int(entry.file.stem) for entry in training_entries(tmp_path)] == [1, 2, 7, 11, 14]


def test_no_group_of_a_held_out_split_is_trained_on_in_earnest(shared_data: Path):
    entries = training_entries(shared_data)
    trained = {entry.group for entry in entries}
    held_out = {
        entry.group
        for entry in read_manifest(shared_data / "manifest.csv")
        if (entry.archive in ("faces.zip", "scenes.zip") and entry.split in ("validation", "test"))
        or (entry.archive == "kaggle12k.zip" and entry.split == "test")
    }
    assert len(entries) > 4000
    assert held_out
    assert trained & held_out == set()
    assert {(entry.archive, entry.label) for entry in entries} == {key for key in SHARES if key[0] != PAINTED}


def test_labels_are_the_corrected_ones(tmp_path: Path):
    lines = [line.split(",") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    dropped = next(line for line in lines if line[1].startswith("train/") and line[4] == DROPPED)
    changed = next(line for line in lines if line[1].startswith("train/") and line[4] == "partial_mask")
    rows = [f"{line[0]},{line[1]},{line[3]},train,ilc,{i},50" for i, line in enumerate((dropped, changed))]
    (tmp_path / "manifest.csv").write_text("\n".join([MANIFEST.splitlines()[0], *rows]))
    (entry,) = training_entries(tmp_path)
    assert (str(entry.file), entry.label) == (changed[1], "partial_mask")

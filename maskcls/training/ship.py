"""From finished runs to shipped versions: calibrate, export, measure, write the cards.

`python -m maskcls.training.ship --help`
"""

import hashlib
import json
import logging
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np

from maskcls import images
from maskcls.architectures import maskcls as architecture
from maskcls.cards import KINDS, Card, made_now, read_card, write_card
from maskcls.classifier.second_look import after_second_look
from maskcls.data.corrections import read_corrections
from maskcls.data.crops import find_crops
from maskcls.data.manifest import read_manifest
from maskcls.data.store import Store
from maskcls.evaluation import Options, evaluate
from maskcls.evaluation.agreement import evaluate_agreement
from maskcls.evaluation.stress import evaluate_not_face, evaluate_stress
from maskcls.export import export_litert, round_weights
from maskcls.finder.cut import crop_squares, cut, middle_box
from maskcls.finder.network import STRIDES
from maskcls.labels import CLASSES
from maskcls.registry import SHIPPED, Registry
from maskcls.training.classifier.calibration import MOST_UNSURE, SURE_ACCURACY, choose_temperature, choose_threshold
from maskcls.training.classifier.fitting import CUT_SCALE
from maskcls.training.classifier.pictures import FACES_CUT, SHARES
from maskcls.training.entries import training_entries
from maskcls.training.finder.portraits import ARCHIVES as PORTRAIT_ARCHIVES
from maskcls.training.finder.targets import TEACHERS_SHARE
from maskcls.training.teacher import DRAWN_SHARE

log = logging.getLogger("maskcls.training.ship")

_FINDER = "finder-2"
_CLASSIFIER = "maskcls-1"
# A small look for faces that fill the picture, the common one, and one for photographs with more pixels in them.
_LONG_SIDES_PX = [128, 640, 1280]
_SOURCES = {
    "faces.zip": "ilc2021 (jolignier/face-mask-dataset-ilc-2021), no licence stated",
    "scenes.zip": "ilc2021 (jolignier/face-mask-dataset-ilc-2021), no licence stated",
    "kaggle12k.zip": "Kaggle ashishjangra27/face-mask-12k-images-dataset, licence not verified",
    "chandrikadeb7.zip": "chandrikadeb7/Face-Mask-Detection, MIT",
}
_NOT_FOR = (
    "Deciding about a person without another look; identifying anyone; faces under 16 pixels, drawings, dummies. "
)
_NOT_MEASURED = {
    "finder": "How many faces it finds was not measured by skin tone, age or kind of mask.",
    "classifier": "Accuracy by age was not measured; by apparent skin tone and kind of mask only where test faces are "
    "enough.",
}


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default="../shared/data", show_default=True)
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default="../shared/weights", show_default=True)
@click.option("--runs", type=click.Path(path_type=Path, exists=True), default=".maskcls/runs", show_default=True)
@click.option("--models", type=click.Path(path_type=Path), default=SHIPPED, help="Where the versions go.")
@click.option(
    "--only",
    type=click.Choice([*KINDS, "figures"]),
    help="Replace this version alone, or with *figures* none; both are measured again, and thresholds chosen.",
)
def main(data: Path, weights: Path, runs: Path, models: Path, only: str | None) -> None:
    """Turn the runs `finder` and `classifier` into shipped versions, with figures measured on the test splits."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # Noticed now, before a version is replaced that could then not be measured.
    missing = [name for name in (*_SOURCES, "impropermask.zip") if not (data / name).exists()]
    if missing:
        raise click.UsageError(f"{data} lacks {', '.join(missing)}.")
    models.mkdir(exist_ok=True)
    names = {"finder": _FINDER, "classifier": _CLASSIFIER}
    for kind, ship in (("finder", ship_finder), ("classifier", ship_classifier)):
        if only in (None, kind):
            ship(runs / kind / "model.keras", models, data)
    if only == "figures":
        settle_threshold(_CLASSIFIER, models, data)
    (models / "shipped.json").write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")
    figures = measure(Registry(shipped_folder=models), data, weights)
    for kind, name in names.items():
        write_card(replace(read_card(models / name), figures=figures[kind]), models / name)
    log.info("shipped %s", names)


def measure(registry: Registry, data: Path, weights: Path) -> dict[str, dict[str, Any]]:
    """Return the figures that go into the cards, by kind and source: on test splits, where nothing else is said."""
    with Store(data / "scenes.zip") as scenes:
        yunet = weights / "yunet_n_dynamic.onnx"
        from_24 = evaluate(scenes, registry, options=Options("test", min_face_px=24, compare_finder=yunet))
        completed = evaluate(
            scenes, registry, options=Options("test", min_face_px=24, labels="corrected", compare_finder=yunet)
        )
        everything = evaluate(scenes, registry, options=Options("test"))
    with Store(data / "faces.zip") as faces:
        on_faces = evaluate(faces, registry, options=Options("test", cut_scale=FACES_CUT))
        on_corrected = Options("test", cut_scale=FACES_CUT, labels="corrected")
        corrected = evaluate(faces, registry, options=on_corrected)
        stressed = evaluate_stress(faces, registry, options=on_corrected)
        agreement = evaluate_agreement(faces, registry.classifier(), options=on_corrected)
    with Store(data / "kaggle12k.zip") as kaggle:
        on_kaggle = evaluate(kaggle, registry, options=Options("test"))
    with Store(data / "impropermask.zip") as improper:
        not_face = evaluate_not_face(improper, registry)
    return {
        "finder": {
            "scenes test, faces of 24 px and more": _beside_yunet(from_24),
            "scenes test, faces of 24 px and more, boxes completed by eye": _beside_yunet(completed),
            "scenes test, all faces": {"ap50": everything["ap50"]},
        },
        "classifier": {
            "reliability": corrected["reliability"],
            "faces test, labels as given": _brief(on_faces),
            "faces test, labels corrected by eye": _brief(corrected) | {"slices": corrected["slices"]},
            "kaggle12k official test (leaks between its own splits; no group of it was trained on here)": _brief(
                on_kaggle
            ),
            "scenes test, end to end": {"map50": everything["map50"]},
            "faces test, labels corrected, each face changed in one way": {
                name: row["accuracy"] for name, row in stressed["rows"].items()
            },
            "faces test, evidence map against occlusion": {
                name: agreement[name] for name in ("n", "rank_correlation", "in_hottest")
            },
            "impropermask.zip, pictures of no face": not_face,
        },
    }


def _beside_yunet(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "ap50": result["ap50"],
        "recall_at_precision_90": result["recall_at_precision_90"],
        "ms_per_picture": result["finder_ms"],
        "yunet_640_ap50": result["compared_finder"]["ap50"],
        "yunet_640_recall_at_precision_90": result["compared_finder"]["recall_at_precision_90"],
        "yunet_640_ms_per_picture": result["compared_finder"]["finder_ms"],
    }


def ship_finder(trained: Path, models: Path, data: Path) -> None:
    """Write the `trained` face finder into the folder `models`."""
    network = keras.saving.load_model(trained, compile=False)
    card = Card(
        name=_FINDER,
        kind="finder",
        title="Our face finder: box, score and five landmarks",
        settings={"strides": list(STRIDES), "long_sides_px": _LONG_SIDES_PX},
        data=[
            _provenance(data, "scenes.zip", _count(data, "scenes.zip")),
            *(_provenance(data, name, count) for name, count in _counts(data).items() if name in PORTRAIT_ARCHIVES),
        ],
        parent="YuNet (ShiqiYu/libfacedetection.train, Apache-2.0 / BSD), whose weights the training started "
        "from, and whose answers are in it: landmarks, unlabelled faces, boxes of portraits with one sure face, "
        f"{1 - DRAWN_SHARE} of each drawn box that it sees too, and {TEACHERS_SHARE} of each score",
        not_for=_NOT_FOR + _NOT_MEASURED["finder"],
        **made_now(),
    )
    _write(network, card, models)


def ship_classifier(trained: Path, models: Path, data: Path, *, name: str = _CLASSIFIER) -> None:
    """Write the version `name` into the folder `models`: the `trained` network, calibrated on validation faces."""
    network = keras.saving.load_model(trained, compile=False)
    input_px = network.input_shape[1]
    crops, labels = validation_crops(data, size_px=input_px)
    logits = keras.Model(network.input, architecture.logits_of(network)).predict(crops, batch_size=64, verbose=0)
    temperature = choose_temperature(logits, labels)
    architecture.fold_temperature(network, temperature)
    round_weights(network)
    views = (network.predict(view, batch_size=64, verbose=0)[0] for view in (crops, crops[:, :, ::-1]))
    threshold = _threshold(after_second_look(*views), labels)
    log.info("temperature %.3f, threshold %.3f on %d validation faces", temperature, threshold, len(labels))
    card = Card(
        name=name,
        kind="classifier",
        title="Our classifier: three classes, explains itself",
        classes=CLASSES,
        input_px=input_px,
        cut_scale=CUT_SCALE,
        temperature=round(temperature, 4),
        threshold=threshold,
        settings={"architecture": "maskcls", "shares": {f"{a}/{c}": share for (a, c), share in SHARES.items()}},
        data=[_provenance(data, archive, count) for archive, count in _counts(data).items()],
        parent="MobileNetV2, ImageNet (google-coral/test_data, Apache-2.0); from YuNet landmarks for painting on faces",
        not_for=_NOT_FOR + _NOT_MEASURED["classifier"],
        **made_now(),
    )
    _write(network, card, models)


def settle_threshold(name: str, models: Path, data: Path) -> None:
    """Choose the threshold of a classifier version in the folder `models` anew, by its answers on validation faces."""
    classifier = Registry(shipped_folder=models).classifier(name)
    crops, labels = validation_crops(data, size_px=classifier.card.input_px)
    threshold = _threshold(classifier.classify(crops)[0], labels)
    log.info("threshold %.4f of %s", threshold, name)
    write_card(replace(classifier.card, threshold=threshold), models / name)


def _threshold(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return round(choose_threshold(probabilities, labels, accuracy=SURE_ACCURACY, most_unsure=MOST_UNSURE), 4)


def validation_crops(data: Path, *, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the faces of the validation split as the classifier sees them, labels corrected: crops and indices."""
    crops, labels = [], []
    with Store(data / "faces.zip") as store:
        for name, label in read_corrections().crops(find_crops(store, split="validation")):
            image = images.read(store.read(name), name=str(name))
            box = middle_box(image, scale=FACES_CUT)
            crops.append(cut(image, crop_squares(box, scale=CUT_SCALE), size_px=size_px)[0])
            labels.append(CLASSES.index(label))
    return np.stack(crops), np.array(labels)


def _write(network: keras.Model, card: Card, models: Path) -> None:
    # Hidden while it is written: nobody meets half a version.
    draft, folder = models / f".{card.name}", models / card.name
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    network.save(draft / "model.keras")
    export_litert(network, draft / "model.tflite")
    write_card(card, draft)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _brief(result: dict[str, Any]) -> dict[str, Any]:
    names = ("n", "accuracy", "accuracy_among_present", "macro_f1", "ece", "sure", "interval95")
    f1 = {name: scores["f1"] for name, scores in result["per_class"].items()}
    return {name: result[name] for name in names} | {"f1": f1}


def _provenance(data: Path, archive: str, pictures: int) -> dict[str, Any]:
    with (data / archive).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"archive": archive, "source": _SOURCES[archive], "sha256": digest, "pictures": pictures}


def _count(data: Path, archive: str) -> int:
    return sum(e.archive == archive and e.split == "train" for e in read_manifest(data / "manifest.csv"))


def _counts(data: Path) -> Counter[str]:
    """Return how many pictures of faces may be trained on, by archive."""
    return Counter(entry.archive for entry in training_entries(data))


if __name__ == "__main__":
    main()

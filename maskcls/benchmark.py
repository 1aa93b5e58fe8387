"""Our way from a picture to heatmaps against the way that tutorials do it: same pictures, same machine, one run.

The tutorials' way is what most notebooks on the subject do, at its best: the gradient model is built once and
everything is warm. Its MobileNetV2 has random weights, which take as long as good ones.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from skimage import data

from maskcls import drawing
from maskcls.analysis import Settings, analyse, heat
from maskcls.errors import SettingsError
from maskcls.finder.cut import crop_squares, cut
from maskcls.yunet import YuNet

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.finder.finder import Finder

WIDTH_PX, HEIGHT_PX = 640, 480
TUTORIAL_PX = 224
WARM_UP = 3
# What Live's finder looks at, and Photos'.
_FINDER_SIZES_PX = ((320, 240), (640, 480))

# Three columns and two rows fill the picture: each tile is this part of the astronaut, with the face there.
_TILE_XYXY = (117, 10, 330, 250)
_FACE_XYXY = (178, 65, 269, 176)

# Finds faces: (h, w, 3) in, boxes (n, 4) out. Explains one: a crop in, a picture with the heatmap over it out.
_Find = Callable[[np.ndarray], np.ndarray]
_Explain = Callable[[np.ndarray], np.ndarray]


def benchmark(
    finder: "Finder", classifier: "Classifier", *, yunet: Path | None = None, runs: int = 20
) -> dict[str, Any]:
    """Time both ways on a 640 × 480 picture with one face and with five.

    Args:
        finder: Ours.
        classifier: Ours.
        yunet: The ONNX file of the tutorials' finder; without it the true boxes are handed over for free.
        runs: The median of how many; both ways take turns, so that a busy machine hits both.

    Returns:
        `device`, `runs`, `tutorial_finder`; `one_face` and `five_faces`, each with `ours_ms`, `tutorial_ms`, `ratio`
        (how many times faster ours is) and how many faces each way saw (`ours_faces`, `tutorial_faces`); `crop_ms` and
        `crop_of_5_ms`, our classifier's time for a crop alone and in a batch of five, `predict_ms`, the tutorials' time
        for one, and `crop_ratio`, `predict_ms` over `crop_ms`; `finders`, with `yunet` only: `width_px`, `height_px`,
        `ours_ms` and `yunet_ms` for a picture as Live asks about it and for one as Photos does; `notes`, sentences on
        what makes the comparison uneven.

    Raises:
        ModelError: `yunet` cannot be loaded.
        SettingsError: Keras runs on something else than TensorFlow.
    """
    other = YuNet(yunet, min_score=Settings().min_score) if yunet else None
    network = _tutorial_network(len(classifier.card.classes))
    explain = _tutorial_explainer(network)
    parts = {
        key: _compare(n_faces, finder, classifier, other=other, explain=explain, runs=runs)
        for key, n_faces in (("one_face", 1), ("five_faces", 5))
    }
    return {
        "device": classifier.device,
        "runs": runs,
        "tutorial_finder": "YuNet" if other else "none, the true boxes are given",
        **parts,
        **_crop_times(classifier, network, runs=runs),
        "finders": _finder_times(finder, other, runs=runs) if other else [],
        "notes": [
            note for key, n_faces in (("one_face", 1), ("five_faces", 5)) for note in _notes(parts[key], n_faces)
        ],
    }


def picture(n_faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a `(480, 640, 3) uint8` RGB picture with the astronaut's face 0 to 6 times, and the boxes `(n, 4)`."""
    left, top, right, bottom = _TILE_XYXY
    tile = data.astronaut()[top:bottom, left:right]
    height, width = tile.shape[:2]
    image_rgb = np.full((HEIGHT_PX, WIDTH_PX, 3), 128, np.uint8)
    # One face stands in the middle of the upper row.
    places = [(1, 0), (0, 0), (2, 0), (0, 1), (1, 1), (2, 1)][:n_faces]
    corners = np.array([(column * width, row * height) for column, row in places]).reshape(-1, 2)
    for x, y in corners:
        image_rgb[y : y + height, x : x + width] = tile
    face = np.array(_FACE_XYXY) - [left, top, left, top]
    return image_rgb, (np.tile(corners, 2) + face).astype(np.float32)


def median_ms(ways: Sequence[Callable[[], Any]], *, runs: int) -> list[float]:
    """Return the median time of each of `ways`, which take turns, after a warm-up."""
    times = np.empty((len(ways), runs))
    for run in range(-WARM_UP, runs):
        for index, way in enumerate(ways):
            start = time.perf_counter()
            way()
            if run >= 0:
                times[index, run] = 1000 * (time.perf_counter() - start)
    return [float(value) for value in np.median(times, axis=1)]


def _compare(
    n_faces: int,
    finder: "Finder",
    classifier: "Classifier",
    *,
    other: YuNet | None,
    explain: _Explain,
    runs: int,
) -> dict[str, Any]:
    image_rgb, boxes = picture(n_faces)
    find: _Find = (lambda image: other.find(image)[0]) if other else (lambda _: boxes)
    ours = lambda: _our_way(image_rgb, finder, classifier)  # noqa: E731
    theirs = lambda: _tutorial_way(image_rgb, find, explain)  # noqa: E731
    ours_faces, tutorial_faces = len(ours()), len(theirs())
    ours_ms, tutorial_ms = median_ms([ours, theirs], runs=runs)
    return {
        "ours_ms": ours_ms,
        "tutorial_ms": tutorial_ms,
        "ratio": tutorial_ms / ours_ms,
        "ours_faces": ours_faces,
        "tutorial_faces": tutorial_faces,
    }


def _crop_times(classifier: "Classifier", network: Any, *, runs: int) -> dict[str, float]:
    ours = _cut(*picture(5), scale=classifier.card.cut_scale, size_px=classifier.card.input_px)
    theirs = np.zeros((1, TUTORIAL_PX, TUTORIAL_PX, 3), np.float32)
    one_ms, five_ms = median_ms([lambda: classifier.classify(ours[:1]), lambda: classifier.classify(ours)], runs=runs)
    # By itself: TensorFlow's threads still wait busily when it has answered.
    (predict_ms,) = median_ms([lambda: network.predict(theirs, verbose=0)], runs=runs)
    return {
        "crop_ms": one_ms,
        "crop_of_5_ms": five_ms / len(ours),
        "predict_ms": predict_ms,
        "crop_ratio": predict_ms / one_ms,
    }


def _finder_times(finder: "Finder", other: YuNet, *, runs: int) -> list[dict[str, float]]:
    rows = []
    for width, height in _FINDER_SIZES_PX:
        image_rgb = cv2.resize(picture(5)[0], (width, height), interpolation=cv2.INTER_AREA)
        ours_ms, yunet_ms = median_ms(
            [
                # As Live asks, which looks at each frame once, and as Photos does.
                lambda image=image_rgb: finder.find(image, longest_px=max(image.shape)),  # type: ignore[misc]
                lambda image=image_rgb: other.find(image),  # type: ignore[misc]
            ],
            runs=runs,
        )
        rows.append({"width_px": width, "height_px": height, "ours_ms": ours_ms, "yunet_ms": yunet_ms})
    return rows


def _notes(part: dict[str, Any], n_faces: int) -> list[str]:
    ways = (("Ours", part["ours_faces"]), ("The tutorials' way", part["tutorial_faces"]))
    return [
        f"{way} saw {seen} faces where there are {n_faces}: the ratio is not fair."
        for way, seen in ways
        if seen != n_faces
    ]


def _our_way(image_rgb: np.ndarray, finder: "Finder", classifier: "Classifier") -> list[np.ndarray]:
    """Find, classify and draw the verdict class's heatmap over each crop, all as the Photos page does."""
    faces = analyse(image_rgb, finder, classifier, Settings())
    if not faces:
        return []
    crops = cut(image_rgb, np.array([face.crop_xyxy for face in faces]), size_px=TUTORIAL_PX)
    return [drawing.overlay(crop, heat(face, face.label), opacity=0.5) for crop, face in zip(crops, faces, strict=True)]


def _tutorial_way(image_rgb: np.ndarray, find: _Find, explain: _Explain) -> list[np.ndarray]:
    return [explain(crop) for crop in _cut(image_rgb, find(image_rgb), scale=1.0, size_px=TUTORIAL_PX)]


def _cut(image_rgb: np.ndarray, boxes_xyxy: np.ndarray, *, scale: float, size_px: int) -> np.ndarray:
    return cut(image_rgb, crop_squares(boxes_xyxy, scale=scale), size_px=size_px)


def _tutorial_network(n_classes: int) -> Any:
    """Return the network of the tutorials: a whole MobileNetV2 for pictures of 224 px."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    if keras.backend.backend() != "tensorflow":
        raise SettingsError("The tutorials' way needs Keras on TensorFlow. Unset KERAS_BACKEND and try again.")
    base = keras.applications.MobileNetV2(input_shape=(TUTORIAL_PX, TUTORIAL_PX, 3), include_top=False, weights=None)
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    return keras.Model(base.input, keras.layers.Dense(n_classes, activation="softmax")(pooled))


def _tutorial_explainer(model: Any) -> _Explain:
    """Return how tutorials answer and explain one face: `model.predict`, then Grad-CAM by a GradientTape.

    Selvaraju et al., "Grad-CAM", 2017: the gradients of the class score, averaged over the last feature map's cells,
    weigh its channels.
    """
    import keras
    import tensorflow as tf

    last_map = model.layers[-3].output  # before the pooling and the dense layer
    gradient_model = keras.Model(model.input, [last_map, model.output])

    def explain(crop_rgb: np.ndarray) -> np.ndarray:
        batch = keras.applications.mobilenet_v2.preprocess_input(crop_rgb[None].astype(np.float32))
        answer = int(model.predict(batch, verbose=0)[0].argmax())
        with tf.GradientTape() as tape:
            features, probabilities = gradient_model(batch)
            score = probabilities[:, answer]
        weights = tf.reduce_mean(tape.gradient(score, features), axis=(0, 1, 2))
        heatmap = tf.nn.relu(tf.reduce_sum(features[0] * weights, axis=-1)).numpy()
        heatmap = cv2.resize(heatmap / (heatmap.max() or 1), (TUTORIAL_PX, TUTORIAL_PX))
        coloured = cv2.applyColorMap(np.uint8(255 * heatmap), cv2.COLORMAP_JET)
        return cv2.addWeighted(crop_rgb, 0.5, cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), 0.5, 0)

    return explain

"""LiteRT and Keras: the same answers for the same version, from any thread and in any batch."""

import os
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from maskcls import engines, samples
from maskcls.cards import Card, read_card
from maskcls.engines import KerasEngine, LiteRTEngine, load_engine
from maskcls.errors import ModelError, SettingsError
from maskcls.finder.boxes import iou_matrix
from maskcls.finder.finder import Finder
from maskcls.registry import SHIPPED, Registry


def noise(rng: np.random.Generator, n: int, height: int = 32, width: int = 32) -> np.ndarray:
    return rng.integers(0, 256, (n, height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def litert(models_folder: Path) -> LiteRTEngine:
    return LiteRTEngine(models_folder / "tiny-3" / "model.tflite")


@pytest.fixture(scope="module")
def keras_engine(models_folder: Path) -> KerasEngine:
    return KerasEngine(models_folder / "tiny-3" / "model.keras")


@pytest.fixture
def either(request: pytest.FixtureRequest) -> engines.Engine:
    return request.getfixturevalue(request.param)


both = pytest.mark.parametrize("either", ["litert", "keras_engine"], indirect=True)


# ------------------------------------------------------------------ which device


@pytest.fixture
def with_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "gpu_name", lambda: "A fine GPU")


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "gpu_name", lambda: None)


@pytest.mark.parametrize("wish", [None, "", " ", "cpu", "CPU", " cpu "])
@pytest.mark.usefixtures("without_gpu")
def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch, wish: str | None):
    if wish is None:
        monkeypatch.delenv("MASKCLS_DEVICE", raising=False)
    else:
        monkeypatch.setenv("MASKCLS_DEVICE", wish)
    assert engines.chosen_device() == "cpu"


@pytest.mark.parametrize(("wish", "device"), [("", "gpu"), ("gpu", "gpu"), ("GPU", "gpu"), ("cpu", "cpu")])
@pytest.mark.usefixtures("with_gpu")
def test_with_a_gpu(monkeypatch: pytest.MonkeyPatch, wish: str, device: str):
    monkeypatch.setenv("MASKCLS_DEVICE", wish)
    assert engines.chosen_device() == device


@pytest.mark.usefixtures("with_gpu")
def test_a_gpu_of_which_keras_can_make_no_use(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MASKCLS_DEVICE", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "a_backend_that_nobody_installed")
    assert engines.chosen_device() == "cpu"


@pytest.mark.usefixtures("without_gpu")
def test_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MASKCLS_DEVICE", "gpu")
    with pytest.raises(SettingsError, match="no GPU answers"):
        engines.chosen_device()


@pytest.mark.usefixtures("with_gpu")
def test_a_device_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MASKCLS_DEVICE", "abacus")
    with pytest.raises(SettingsError, match="'abacus'; it takes cpu or gpu"):
        engines.chosen_device()


@pytest.mark.parametrize(
    ("answer", "name"), [("", None), ("\n", None), ("A100\n", "A100"), ("H100 80GB\nT4\n", "H100 80GB")]
)
def test_the_driver_says_the_name(monkeypatch: pytest.MonkeyPatch, answer: str, name: str | None):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, answer))
    assert engines.gpu_name() == name


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError(), PermissionError(), subprocess.CalledProcessError(9, "x"), subprocess.TimeoutExpired("x", 1)],
)
def test_no_driver_means_no_gpu(monkeypatch: pytest.MonkeyPatch, error: Exception):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", fail)
    assert engines.gpu_name() is None


@pytest.mark.parametrize(("wish", "kind"), [("cpu", LiteRTEngine), ("gpu", KerasEngine)])
@pytest.mark.usefixtures("with_gpu")
def test_load_engine(monkeypatch: pytest.MonkeyPatch, models_folder: Path, wish: str, kind: type):
    monkeypatch.setattr(engines, "_keras_sees_gpu", lambda: True)
    monkeypatch.setenv("MASKCLS_DEVICE", wish)
    engine = load_engine(models_folder / "tiny-3")
    assert type(engine) is kind
    assert engine.device == ("CPU (LiteRT)" if wish == "cpu" else "A fine GPU (Keras, tensorflow)")


@pytest.mark.usefixtures("with_gpu")
def test_a_driver_whose_gpu_keras_does_not_see(monkeypatch: pytest.MonkeyPatch, models_folder: Path):
    monkeypatch.setattr(engines, "_keras_sees_gpu", lambda: False)
    monkeypatch.delenv("MASKCLS_DEVICE", raising=False)
    assert type(load_engine(models_folder / "tiny-3")) is LiteRTEngine
    assert KerasEngine(models_folder / "tiny-3" / "model.keras").device == "CPU (Keras, tensorflow)"
    monkeypatch.setenv("MASKCLS_DEVICE", "gpu")
    with pytest.raises(SettingsError, match=r"Install requirements-gpu\.txt"):
        load_engine(models_folder / "tiny-3")


# ------------------------------------------------------------------ the same answers


@both
@pytest.mark.parametrize("n", [0, 1, 5, 17])
def test_batches_of_any_size(either: engines.Engine, keras_engine: KerasEngine, rng: np.random.Generator, n: int):
    images = noise(rng, n)
    probabilities, evidence = either.run(images)
    assert (probabilities.shape, evidence.shape) == ((n, 3), (n, 4, 4, 3))
    assert probabilities.dtype == evidence.dtype == np.float32
    assert np.abs(probabilities.sum(1) - 1).max(initial=0) < 1e-5
    one_by_one = [keras_engine.run(image[None]) for image in images]
    for i, values in enumerate((probabilities, evidence)):
        for row, single in zip(values, one_by_one, strict=True):
            assert np.abs(row - single[i][0]).max() < 1e-4


def test_the_answers_differ_from_picture_to_picture(litert: LiteRTEngine, rng: np.random.Generator):
    """Otherwise no other test here would say anything."""
    pictures = noise(rng, 8)
    pictures[::2] //= 4
    assert np.ptp(litert.run(pictures)[0], axis=0).max() > 0.02


@both
def test_pictures_that_are_not_contiguous(either: engines.Engine, rng: np.random.Generator):
    images = noise(rng, 2)[:, ::-1]
    assert np.array_equal(either.run(images)[0], either.run(images.copy())[0])


def test_outputs_come_in_the_models_order(models_folder: Path, rng: np.random.Generator):
    """The finder's three grids are of one rank, and a converter is free to list them in any order."""
    images = noise(rng, 1, 96, 160)
    grids = LiteRTEngine(models_folder / "squares" / "model.tflite").run(images)
    assert [grid.shape for grid in grids] == [(1, 12, 20, 15), (1, 6, 10, 15), (1, 3, 5, 15)]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_network_with_one_output(tmp_path: Path, rng: np.random.Generator, n: int):
    import keras

    crops = keras.Input((32, 32, 3), dtype="uint8")
    answers = keras.layers.Dense(4)(keras.layers.GlobalAveragePooling2D()(crops))
    keras.Model(crops, answers).save(tmp_path / "model.keras")
    (found,) = KerasEngine(tmp_path / "model.keras").run(noise(rng, n))
    assert found.shape == (n, 4)


def test_shapes_in_turn(models_folder: Path, rng: np.random.Generator):
    """More shapes than are kept prepared, each of them twice."""
    engine = LiteRTEngine(models_folder / "squares" / "model.tflite")
    reference = KerasEngine(models_folder / "squares" / "model.keras")
    for height, width in [(32, 32), (64, 32), (32, 64), (96, 96), (128, 32), (32, 128), (64, 64), (160, 32)] * 2:
        images = noise(rng, 1, height, width)
        for ours, theirs in zip(engine.run(images), reference.run(images), strict=True):
            assert np.abs(ours - theirs).max() < 1e-4


@both
def test_many_threads_get_the_answers_of_one(either: engines.Engine, rng: np.random.Generator):
    batches = [noise(rng, n) for n in (1, 2, 3, 1, 4, 2, 1, 3)]
    expected = [either.run(batch) for batch in batches]
    wrong: list[object] = []

    def ask(first: int) -> None:
        for turn in range(20):
            i = (first + turn) % len(batches)
            answers = either.run(batches[i])
            if not all(np.allclose(a, b, atol=1e-5) for a, b in zip(answers, expected[i], strict=True)):
                wrong.append(i)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_an_answer_stays_when_the_next_one_comes(litert: LiteRTEngine, rng: np.random.Generator):
    first = litert.run(noise(rng, 1))
    before = [values.copy() for values in first]
    litert.run(noise(rng, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, before, strict=True))


def test_one_core_gives_the_answers_of_many(models_folder: Path, rng: np.random.Generator):
    engine = LiteRTEngine(models_folder / "tiny-3" / "model.tflite")
    batch = noise(rng, 2)
    many = engine.run(batch)
    with engines.on_one_core():
        one = engine.run(batch)
    again = engine.run(batch)
    for a, b, c in zip(many, one, again, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
        np.testing.assert_array_equal(a, c)
    interpreters = engine._free.get()
    assert next(iter(interpreters._prepared))[0] == 1
    assert len(interpreters._prepared) == (2 if (os.cpu_count() or 1) > 1 else 1)


def test_what_is_kept_prepared_stays_small(models_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engines, "_PIXELS_KEPT", 3 * 64 * 64)
    interpreters = engines._Interpreters((models_folder / "squares" / "model.tflite").read_bytes(), Path("squares"))
    for side in (64, 32, 96, 128, 32, 64):
        interpreters.run(np.zeros((1, side, side, 3), np.uint8))
    assert [shape for _, shape in interpreters._prepared] == [(1, 32, 32, 3), (1, 64, 64, 3)]
    for n in range(1, 12):
        interpreters.run(np.zeros((n, 32, 32, 3), np.uint8))
        assert sum(n * h * w for _, (n, h, w, _) in interpreters._prepared) <= max(3 * 64 * 64, n * 32 * 32)


# ------------------------------------------------------------------ what is no model


@pytest.mark.parametrize("kind", [LiteRTEngine, KerasEngine])
def test_there_is_no_file(kind: type, tmp_path: Path):
    with pytest.raises(ModelError, match="nothing"):
        kind(tmp_path / "nothing.keras")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize(("kind", "file"), [(LiteRTEngine, "model.tflite"), (KerasEngine, "model.keras")])
def test_a_file_that_was_cut_off(kind: type, file: str, share: float, models_folder: Path, tmp_path: Path):
    data = (models_folder / "tiny-3" / file).read_bytes()
    (tmp_path / file).write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match="is damaged or is no"):
        kind(tmp_path / file)


@pytest.mark.parametrize(("kind", "file"), [(LiteRTEngine, "model.tflite"), (KerasEngine, "model.keras")])
def test_a_file_that_was_scribbled_over(kind: type, file: str, models_folder: Path, tmp_path: Path):
    data = bytearray((models_folder / "tiny-3" / file).read_bytes())
    data[40:800] = bytes(760)
    (tmp_path / file).write_bytes(data)
    with pytest.raises(ModelError, match="is damaged or is no"):
        kind(tmp_path / file)


def test_pictures_of_another_size(litert: LiteRTEngine, rng: np.random.Generator):
    expected = litert.run(noise(rng, 1))[0].shape
    with pytest.raises(ModelError, match=r"takes no pictures of shape \(1, 32, 32, 4\)"):
        litert.run(np.zeros((1, 32, 32, 4), np.uint8))
    assert litert.run(noise(rng, 1))[0].shape == expected


# ------------------------------------------------------------------ what is shipped


@pytest.fixture
def shipped(request: pytest.FixtureRequest) -> tuple[Card, LiteRTEngine, KerasEngine]:
    if not (SHIPPED / "shipped.json").exists():
        pytest.skip("no version is shipped yet: make models")
    folder = SHIPPED / Registry().shipped_name(request.param)
    return read_card(folder), LiteRTEngine(folder / "model.tflite"), KerasEngine(folder / "model.keras")


@pytest.mark.parametrize("shipped", ["classifier"], indirect=True)
def test_the_shipped_classifier_answers_alike_in_both(
    shipped: tuple[Card, LiteRTEngine, KerasEngine], rng: np.random.Generator
):
    _, litert, keras_engine = shipped
    # Blurred noise: networks see edges and colours, and not only the extremes that plain noise drives them to.
    images = rng.integers(0, 256, (3, 8, 8, 3), np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    ours, theirs = litert.run(images), keras_engine.run(images)
    assert len(ours) == len(theirs) == 2
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() < 1e-3


@pytest.mark.parametrize("shipped", ["finder"], indirect=True)
def test_the_shipped_finder_finds_alike_in_both(shipped: tuple[Card, LiteRTEngine, KerasEngine]):
    card, *engines = shipped
    for name in samples.names():
        image_rgb = samples.load(name)
        ours, theirs = (Finder(card, engine).find(image_rgb) for engine in engines)
        assert len(ours) == len(theirs) > 0
        overlap = iou_matrix(*(np.array([one.box_xyxy for one in found]) for found in (ours, theirs)))
        assert overlap.max(axis=1).min() > 0.99
        for one, other in zip(ours, overlap.argmax(axis=1), strict=True):
            assert one.score == pytest.approx(theirs[other].score, abs=1e-3)
            eye_distance = np.linalg.norm(one.landmarks[1] - one.landmarks[0])
            assert np.abs(one.landmarks - theirs[other].landmarks).max() < 0.01 * eye_distance

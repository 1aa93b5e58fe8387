"""What comes out of a LiteRT file is what went into it, exactly or nearly."""

from pathlib import Path

import keras
import numpy as np
import pytest

from maskcls.engines import LiteRTEngine
from maskcls.export import export_litert
from maskcls.registry import SHIPPED, Registry


def network_of(folder: Path) -> keras.Model:
    return keras.saving.load_model(folder / "model.keras", compile=False)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    coarse = np.random.default_rng(1).integers(0, 256, (40, 8, 8, 3), np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def test_float_files_answer_like_keras(models_folder: Path, pictures: np.ndarray):
    folder = models_folder / "tiny-3"
    ours = LiteRTEngine(folder / "model.tflite").run(pictures)
    theirs = network_of(folder).predict(pictures, verbose=0)
    assert np.ptp(ours[0], axis=0).max() > 0.2  # or there would be nothing to disagree about
    for a, b in zip(ours, theirs, strict=True):
        assert np.abs(a - b).max() < 1e-3


@pytest.mark.parametrize("bits", [16, 8])
def test_files_of_fewer_bits_answer_nearly_so(models_folder: Path, pictures: np.ndarray, tmp_path: Path, bits: int):
    folder = models_folder / "tiny-3"
    path = tmp_path / "quantised.tflite"
    export_litert(network_of(folder), path, bits=bits, pictures=pictures[:, None])
    plain = LiteRTEngine(folder / "model.tflite").run(pictures)
    quantised = LiteRTEngine(path).run(pictures)
    assert path.stat().st_size < (folder / "model.tflite").stat().st_size
    assert np.abs(plain[0] - quantised[0]).max() < (0.02 if bits == 16 else 0.1)
    assert not np.array_equal(plain[0], quantised[0])
    assert plain[1].shape == quantised[1].shape


@pytest.mark.parametrize(("bits", "count"), [(8, 0), (4, 1)])
def test_no_export_without_what_it_needs(
    models_folder: Path, pictures: np.ndarray, tmp_path: Path, bits: int, count: int
):
    with pytest.raises(ValueError, match=f"not {bits} with {count}"):
        export_litert(network_of(models_folder / "tiny-3"), tmp_path / "x", bits=bits, pictures=pictures[:count, None])
    assert not list(tmp_path.iterdir())


def test_a_failed_export_leaves_what_was_there(models_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the last one")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("tempfile.TemporaryDirectory", fail)
    with pytest.raises(OSError, match="disk full"):
        export_litert(network_of(models_folder / "tiny-3"), path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.tflite"]
    assert path.read_bytes() == b"the last one"


def test_the_shipped_classifier_quantised(shared_data: Path, tmp_path: Path):
    """Within 0.02, and the same label on 99.8 % of the validation faces."""
    from maskcls.training.ship import validation_crops

    if not (SHIPPED / "shipped.json").exists():
        pytest.skip("no version is shipped yet: make models")
    folder = SHIPPED / Registry().shipped_name()
    export_litert(network_of(folder), tmp_path / "quantised.tflite", bits=16)
    crops, _ = validation_crops(shared_data, size_px=network_of(folder).input_shape[1])
    plain, quantised = (
        np.concatenate([engine.run(batch)[0] for batch in np.array_split(crops, 1 + len(crops) // 64)])
        for engine in (LiteRTEngine(folder / "model.tflite"), LiteRTEngine(tmp_path / "quantised.tflite"))
    )
    assert len(plain) > 500
    assert np.abs(plain - quantised).max() < 0.02
    assert (plain.argmax(1) == quantised.argmax(1)).mean() >= 0.998

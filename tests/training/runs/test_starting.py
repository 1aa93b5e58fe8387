"""Where a network's weights come from, and that a version's classes are found by their names."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maskcls.architectures import ARCHITECTURES, Architecture
from maskcls.cards import Card, write_card
from maskcls.errors import ModelError
from maskcls.registry import Registry
from maskcls.training.runs.starting import build, take_weights
from tests.training.runs.conftest import PX, TINY, tiny_settings

pytestmark = pytest.mark.usefixtures("_tiny_architecture")
CLASSES = ("with_mask", "without_mask", "partial_mask")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def tiny(classes: Sequence[str], registry: Registry, **changes: Any):
    return build(tiny_settings(**{"architecture": "tiny"} | changes), classes, registry)


def write_tiny(registry: Registry, folder: Path, classes: Sequence[str], **changes: Any):
    """Write a version `own-1` whose weights are all its own; return its network."""
    import keras

    network = tiny(classes, registry, seed=9, **changes)
    for weight in network.weights:
        weight.assign(keras.random.normal(weight.shape, seed=3))
    (folder / "models" / "own-1").mkdir(parents=True)
    network.save(folder / "models" / "own-1" / "model.keras")
    card = Card("own-1", "classifier", classes=tuple(classes), input_px=network.input_shape[1])
    write_card(card, folder / "models" / "own-1")
    return network


def weights(network: Any) -> list[np.ndarray]:
    return list(network.get_weights())


def test_from_nothing(registry: Registry):
    first, again, other = (tiny(CLASSES, registry, seed=seed) for seed in (1, 1, 2))
    assert first.output_shape == (None, 3)
    for one, same in zip(weights(first), weights(again), strict=True):
        assert (one == same).all()
    assert (weights(first)[0] != weights(other)[0]).any()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("scratch", {}),
        ("imagenet", {"weights": "imagenet"}),
        ("/there/base.h5", {"weights": Path("/there/base.h5")}),
    ],
)
def test_what_the_architecture_is_asked_for(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, start: str, expected: dict
):
    asked: list[dict] = []

    class Asked(Architecture):
        def load(self) -> Any:
            return SimpleNamespace(build=lambda **told: asked.append(told))

    monkeypatch.setitem(ARCHITECTURES, "asked", Asked("", "", "", PX, 0.0, 0))
    build(tiny_settings(architecture="asked", start=start, dropout=0.2), ("hat", "no_hat"), registry)
    assert asked == [{"classes": 2, "input_px": PX, "dropout": 0.2, **expected}]


def test_nobody_of_that_name(registry: Registry):
    with pytest.raises(ModelError, match="no classifier called own-1"):
        tiny(CLASSES, registry, start="own-1")


@pytest.mark.parametrize(
    "classes",
    [
        ("with_mask", "without_mask", "partial_mask"),
        ("with_mask", "without_mask"),
        ("with_mask", "partial_mask", "hat"),
        ("without_mask", "with_mask"),
        ("hat", "no_hat"),
    ],
)
def test_classes_are_found_by_their_names(registry: Registry, tmp_path: Path, classes: tuple[str, ...]):
    there = write_tiny(registry, tmp_path, CLASSES)
    fresh, made = tiny(classes, registry), tiny(classes, registry, start="own-1")
    assert (made.get_layer("conv_1").get_weights()[0] == there.get_layer("conv_1").get_weights()[0]).all()
    for part in (0, 1):
        known, new, got = (one.get_layer("logits").get_weights()[part] for one in (there, fresh, made))
        for i, name in enumerate(classes):
            expected = known[..., CLASSES.index(name)] if name in CLASSES else new[..., i]
            assert (got[..., i] == expected).all(), name


def test_crops_of_another_size(registry: Registry, tmp_path: Path):
    write_tiny(registry, tmp_path, CLASSES)
    with pytest.raises(ModelError, match="own-1 is another network than this one at logits"):
        tiny(CLASSES, registry, start="own-1", input_px=64)


def test_a_version_of_another_architecture(registry: Registry, tmp_path: Path):
    write_tiny(registry, tmp_path, CLASSES)
    with pytest.raises(ModelError, match=r"own-1 is another network than this one at conv_1\. Start from scratch"):
        build(tiny_settings(architecture="plain-cnn", start="own-1"), CLASSES, registry)


@pytest.mark.parametrize("content", [None, b"", b"PK no zip"])
def test_a_damaged_version(registry: Registry, tmp_path: Path, content: bytes | None):
    write_tiny(registry, tmp_path, CLASSES)
    file = tmp_path / "models" / "own-1" / "model.keras"
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(ModelError, match="own-1 cannot be opened to go on from"):
        tiny(CLASSES, registry, start="own-1")


def test_ours_goes_on_from_the_version_that_is_shipped(registry: Registry):
    classes = ("with_mask", "partial_mask", "hat")
    import keras

    shipped = registry.version("maskcls-1")
    there = keras.saving.load_model(shipped.path / "model.keras", compile=False)
    settings = tiny_settings(architecture="maskcls", start="maskcls-1", input_px=32)
    made = build(settings, classes, registry)
    columns = [CLASSES.index("with_mask"), CLASSES.index("partial_mask")]
    for layer in made.layers:
        if not layer.weights or layer.name == "logits":
            continue
        for mine, theirs in zip(layer.get_weights(), there.get_layer(layer.name).get_weights(), strict=True):
            if layer.name == "evidence":
                assert (mine[..., :2] == theirs[..., columns]).all()
                assert mine[..., 2].any()
            else:
                assert (mine == theirs).all(), layer.name
    kernel, bias = made.get_layer("logits").get_weights()
    assert (kernel == np.eye(3)).all()
    assert bias.tolist() == [*there.get_layer("logits").get_weights()[1][columns], 0]


def test_weights_are_taken_in_whole_or_not_at_all_by_name(registry: Registry, tmp_path: Path):
    """A layer that the version lacks is no layer to leave as it is."""
    write_tiny(registry, tmp_path, CLASSES)
    import keras

    network = TINY.load().build(classes=3, input_px=PX, dropout=0.0)
    renamed = keras.models.clone_model(network)
    renamed.get_layer("conv_1").name = "other"
    with pytest.raises(ModelError, match="at other"):
        take_weights(renamed, CLASSES, registry.version("own-1"))

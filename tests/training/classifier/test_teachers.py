"""Several classifiers answer as one."""

from pathlib import Path

import keras
import numpy as np
import pytest

from maskcls.architectures import maskcls as architecture
from maskcls.backbone import MOBILENET_V2
from maskcls.training.classifier.teachers import together


@pytest.fixture
def networks(tmp_path: Path) -> dict[Path, keras.Model]:
    """Two small networks that are sure of different classes."""
    made = {}
    for favourite in (0, 2):
        keras.utils.set_random_seed(favourite)
        network = architecture.build(classes=3, input_px=32, dropout=0.0, blocks=MOBILENET_V2[:2])
        bias = network.get_layer("logits")
        bias.set_weights([bias.get_weights()[0], np.eye(3)[favourite] * 2])
        network.save(path := tmp_path / f"{favourite}.keras")
        made[path] = network
    return made


def test_one_teacher_alone_says_what_it_says(rng: np.random.Generator, networks: dict[Path, keras.Model]):
    crops = rng.integers(0, 256, (3, 32, 32, 3), np.uint8)
    for path, network in networks.items():
        said = together([path])(crops)
        assert said.dtype == np.float32
        assert said == pytest.approx(network.predict_on_batch(crops)[0], abs=1e-5)


def test_two_meet_between(rng: np.random.Generator, networks: dict[Path, keras.Model]):
    crops = rng.integers(0, 256, (3, 32, 32, 3), np.uint8)
    one, other = (network.predict_on_batch(crops)[0] for network in networks.values())
    product = np.sqrt(one * other)
    both = together(list(networks))(crops)
    assert both == pytest.approx(product / product.sum(axis=1, keepdims=True), abs=1e-5)
    assert both.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-6)

"""What a finder's training starts from when it goes on from another, and what it leaves as it was."""

import keras
import numpy as np

from maskcls.finder import network
from maskcls.training.finder.__main__ import freeze_first_layers, start_from_finder


def test_layers_of_one_name_and_shape_are_taken_over():
    ours, theirs = network.build(), network.build()
    pixels = keras.Input((None, None, 3))
    other_stem = keras.layers.Conv2D(8, 3, name="stem")(pixels)
    taken = theirs.get_layer("stage_2_pointwise").get_weights()
    before = {layer.name: layer.get_weights() for layer in ours.layers}
    start_from_finder(ours, theirs)
    start_from_finder(ours, keras.Model(pixels, other_stem))
    for name, expected in (("stage_2_pointwise", taken), ("stem", theirs.get_layer("stem").get_weights())):
        assert not np.array_equal(before[name][0], expected[0])
        for mine, other in zip(ours.get_layer(name).get_weights(), expected, strict=True):
            assert np.array_equal(mine, other)


def test_only_the_first_layers_are_frozen():
    finder = network.build()
    freeze_first_layers(finder)
    frozen = {layer.name for layer in finder.layers if layer.weights and not layer.trainable}
    units = ("stage_2", "stage_4_a", "stage_4_b", "stage_4_c", "stage_4_d")
    assert frozen == {"stem", *(f"{unit}_{part}wise" for unit in units for part in ("point", "depth"))}

"""What a finder's training starts from."""

import numpy as np

from maskcls.backbone import Block
from maskcls.finder import network
from maskcls.training.finder.__main__ import freeze_first_blocks, start_from_finder

BLOCKS = tuple(Block(8, 8, block.stride) for block in network.slim())


def test_layers_of_one_name_and_shape_are_taken_over():
    ours, theirs = network.build(blocks=BLOCKS, width=8), network.build(blocks=BLOCKS, width=16)
    before = {layer.name: layer.get_weights() for layer in ours.layers}
    start_from_finder(ours, theirs)
    for name, taken in (("block_3_project", True), ("lateral_8", False), ("grid_8", False)):
        expected = theirs.get_layer(name).get_weights() if taken else before[name]
        for mine, other in zip(ours.get_layer(name).get_weights(), expected, strict=True):
            assert np.array_equal(mine, other)


def test_only_the_first_layers_are_frozen():
    finder = network.build(blocks=BLOCKS, width=8)
    freeze_first_blocks(finder)
    frozen = {layer.name for layer in finder.layers if layer.weights and not layer.trainable}
    assert frozen == {"stem", "block_0_depthwise", "block_0_project"}

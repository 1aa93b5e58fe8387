"""Our classifier: MobileNetV2 cut at stride 16, with a head that explains itself.

The head is a 1×1 convolution to one *evidence map* per class; the logits are the means of these maps plus a bias, as in
class activation mapping (Zhou et al., 2016), but with the maps as an output. So the map adds up to the score, and
Grad-CAM (Selvaraju et al., 2017) on the features equals ReLU of the map up to a constant factor.
"""

import keras
from keras import layers

from maskcls.backbone import MOBILENET_V2, Block, backbone

# The widest features at stride 16: eight by eight cells for a crop of 128 pixels.
CUT = 13


def build(
    *, classes: int, input_px: int, dropout: float, blocks: tuple[Block, ...] = MOBILENET_V2[: CUT + 1]
) -> keras.Model:
    """Return the untrained network.

    Args:
        classes: How many.
        input_px: Side of the crops, a multiple of 16.
        dropout: Share of feature channels that training hides.
        blocks: The backbone's blocks; it ends inside the last of them, where that has widened its features.

    Returns:
        A model from `(n, input_px, input_px, 3) uint8` RGB to probabilities `(n, classes)` and evidence
        `(n, rows, columns, classes)`, 16 pixels to a cell with the usual blocks.
    """
    crops = keras.Input((input_px, input_px, 3), dtype="uint8", name="crops_rgb")
    features = backbone(crops, blocks)[f"block_{len(blocks) - 1}_expand"]
    hidden = layers.SpatialDropout2D(dropout, name="dropout")(features)
    evidence = layers.Conv2D(classes, 1, use_bias=False, name="evidence")(hidden)
    means = layers.GlobalAveragePooling2D(name="means")(evidence)
    logits = _bias(classes)(means)
    probabilities = layers.Softmax(name="probabilities")(logits)
    return keras.Model(crops, [probabilities, evidence], name="maskcls")


def head(network: keras.Model) -> list[keras.Layer]:
    """Return the layers that are trained first, while the rest keeps what it knows."""
    return [network.get_layer("evidence"), network.get_layer("logits")]


def logits_of(network: keras.Model) -> keras.KerasTensor:
    """Return the logits inside `network`: what the loss is taken on, and gradients."""
    return network.get_layer("logits").output


def fold_temperature(network: keras.Model, temperature: float) -> None:
    """Divide the logits by `temperature` (Guo et al., 2017) for good, and the evidence with them."""
    evidence, bias = network.get_layer("evidence"), network.get_layer("logits")
    evidence.set_weights([evidence.get_weights()[0] / temperature])
    identity, values = bias.get_weights()
    bias.set_weights([identity, values / temperature])


def _bias(classes: int) -> layers.Dense:
    """Return a layer that only adds a bias: a dense one whose kernel is, and stays, the identity."""
    layer = layers.Dense(classes, kernel_initializer="identity", name="logits")
    layer.build((None, classes))
    layer.kernel.trainable = False
    return layer

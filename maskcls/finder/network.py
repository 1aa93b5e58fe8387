"""The face finder's network: a small fully convolutional detector without anchor boxes.

Every cell of three grids (8, 16 and 32 pixels wide) answers: is this cell at the centre of a face, how far are the
face's four sides, and where are its five landmarks. One stage and one box per cell as in FCOS (Tian et al., 2019); the
features are those of a MobileNetV2 (Sandler et al., 2018) with fewer channels inside its blocks, joined top-down in a
feature pyramid (Lin et al., 2017).
"""

import keras
from keras import layers

from maskcls.backbone import MOBILENET_V2, Block, backbone

STRIDES = (8, 16, 32)
# One score, four distances to the sides, five landmarks.
CHANNELS = 1 + 4 + 10


# The widest features at each stride and the deepest before the next one: inside blocks 6 and 13, and the last output.
_TAPS = ("block_6_expand", "block_13_expand", "block_14")


def slim() -> tuple[Block, ...]:
    """Return MobileNetV2's blocks with half the inner channels, a third where pictures are large and cost most."""
    first, *rest = MOBILENET_V2
    kept = [b.inner // (3 if i < 3 else 2) for i, b in enumerate(rest)]
    return (first, *(Block(inner, b.outer, b.stride) for inner, b in zip(kept, rest, strict=True)))


def build(
    *, blocks: tuple[Block, ...] | None = None, width: int = 64, size_px: tuple[int, int] | None = None
) -> keras.Model:
    """Return the untrained network.

    Args:
        blocks: The backbone's blocks; what `slim` returns when None.
        width: Channels of the pyramid.
        size_px: Height and width of the input, multiples of 32; free when None.

    Returns:
        A model from `(n, h, w, 3)` RGB pixels, 0 to 255, to three grids `(n, h / stride, w / stride, 15)`, one for each
        of `STRIDES`: the score's logit, then distances and landmark offsets in units of the stride (see `decode`).
    """
    pixels = keras.Input((*(size_px or (None, None)), 3), dtype="uint8", name="image_rgb")
    features = backbone(pixels, blocks or slim())
    fine, middle, coarse = (
        layers.Conv2D(width, 1, name=f"lateral_{stride}")(features[tap])
        for stride, tap in zip(STRIDES, _TAPS, strict=True)
    )
    coarse = _separable(coarse, width, name="pyramid_32")
    middle = _separable(layers.add([middle, layers.UpSampling2D()(coarse)]), width, name="pyramid_16")
    fine = _separable(layers.add([fine, layers.UpSampling2D()(middle)]), width, name="pyramid_8")
    grids = [_head(level, width, stride) for level, stride in zip((fine, middle, coarse), STRIDES, strict=True)]
    return keras.Model(pixels, grids, name="face_finder")


def _separable(x: keras.KerasTensor, width: int, *, name: str) -> keras.KerasTensor:
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
    return layers.Conv2D(width, 1, activation="relu", name=f"{name}_pointwise")(x)


def _head(x: keras.KerasTensor, width: int, stride: int) -> keras.KerasTensor:
    x = _separable(x, width, name=f"head_{stride}_first")
    x = _separable(x, width, name=f"head_{stride}_second")
    # Faces are rare: a start near one in a hundred keeps the first steps from being all about background.
    prior = keras.initializers.Constant([-4.6] + [0.0] * (CHANNELS - 1))
    small = keras.initializers.RandomNormal(stddev=0.01)
    return layers.Conv2D(CHANNELS, 1, kernel_initializer=small, bias_initializer=prior, name=f"grid_{stride}")(x)

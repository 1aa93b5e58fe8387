"""The face finder's network: a small fully convolutional detector without anchor boxes.

Every cell of three grids (8, 16 and 32 pixels wide) answers: is this cell at the centre of a face, where is the face's
box, and where are its five landmarks. Layers and their order are those of YuNet (Wu et al., "YuNet: A Tiny
Millisecond-level Face Detector", 2023), so that a training can start from its weights: units of a pointwise and a
depthwise convolution, joined top-down in a feature pyramid (Lin et al., 2017). Where cells are large and cost little,
inverted residuals (Sandler et al., 2018) follow, which at first add nothing.
"""

import keras
from keras import layers

STRIDES = (8, 16, 32)
# One score, where the box is and how large, five landmarks.
CHANNELS = 1 + 4 + 10
# Channels inside the residuals at each stride.
_RESIDUALS: dict[int, tuple[int, ...]] = {8: (128, 128), 16: (256, 256), 32: (256, 256)}
_WIDTH = 64


def build() -> keras.Model:
    """Return the untrained network.

    Returns:
        A model from `(n, h, w, 3)` RGB pixels, 0 to 255, with h and w multiples of 32, to three grids
        `(n, h / stride, w / stride, 15)`, one for each of `STRIDES`: the score's logit, then box and landmarks (see
        `decode`).
    """
    pixels = keras.Input((None, None, 3), dtype="uint8", name="image_rgb")
    x = layers.Rescaling(1 / 255)(pixels)
    # Padded on both sides: Keras would pad the right and the bottom only.
    x = layers.Conv2D(16, 3, strides=2, activation="relu", name="stem")(layers.ZeroPadding2D(1)(x))
    x = layers.MaxPooling2D()(_unit(x, 16, "stage_2"))
    for name, width in (("stage_4_a", 16), ("stage_4_b", _WIDTH), ("stage_4_c", _WIDTH), ("stage_4_d", _WIDTH)):
        x = _unit(x, width, name)
    levels = []
    for stride in STRIDES:
        x = _stage(layers.MaxPooling2D()(x), stride)
        levels.append(x)
    return keras.Model(pixels, [_head(level, stride) for level, stride in _pyramid(levels)], name="face_finder")


def _unit(x: keras.KerasTensor, width: int, name: str, *, activation: str | None = "relu") -> keras.KerasTensor:
    x = layers.Conv2D(width, 1, name=f"{name}_pointwise")(x)
    return layers.DepthwiseConv2D(3, padding="same", activation=activation, name=f"{name}_depthwise")(x)


def _stage(x: keras.KerasTensor, stride: int) -> keras.KerasTensor:
    for part in "ab":
        x = _unit(x, _WIDTH, f"stage_{stride}_{part}")
    for i, inner in enumerate(_RESIDUALS[stride]):
        name = f"residual_{stride}_{i}"
        y = layers.Conv2D(inner, 1, activation="relu", name=f"{name}_expand")(x)
        y = layers.DepthwiseConv2D(3, padding="same", activation="relu", name=f"{name}_depthwise")(y)
        x = layers.add([x, layers.Conv2D(_WIDTH, 1, kernel_initializer="zeros", name=f"{name}_project")(y)])
    return x


def _pyramid(levels: list[keras.KerasTensor]) -> list[tuple[keras.KerasTensor, int]]:
    """Return what each grid is read from, with its stride: the level joined with all coarser ones."""
    joined: list[tuple[keras.KerasTensor, int]] = []
    for level, stride in zip(levels[::-1], STRIDES[::-1], strict=True):
        x = layers.add([level, layers.UpSampling2D()(joined[0][0])]) if joined else level
        joined.insert(0, (_unit(x, _WIDTH, f"pyramid_{stride}"), stride))
    return joined


def _head(x: keras.KerasTensor, stride: int) -> keras.KerasTensor:
    return _unit(_unit(x, _WIDTH, f"head_{stride}"), CHANNELS, f"grid_{stride}", activation=None)

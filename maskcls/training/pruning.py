"""A slim MobileNetV2 that starts from the full one: keep the inner channels that matter and refit what reads them.

After He et al., "Channel Pruning for Accelerating Very Deep Neural Networks", 2017: block by block, choose the channels
whose contribution to the block's output varies most over real pictures, then find by least squares the projection
weights that best rebuild that output from the kept channels alone.
"""

import keras
import numpy as np

from maskcls.backbone import Block

_SAMPLES_PER_IMAGE = 200


def start_slim(slim: keras.Model, full: keras.Model, blocks: tuple[Block, ...], images_rgb: np.ndarray) -> None:
    """Set the backbone of `slim` so that it answers as nearly as it can like `full`.

    Args:
        slim: A network whose layers are named as in `backbone`.
        full: What `imagenet_backbone` returned.
        blocks: The blocks of `slim`.
        images_rgb: `(n, h, w, 3)`, real pictures to measure on.
    """
    names = [f"block_{i}_{part}" for i in range(len(blocks)) for part in ("depthwise", "project")]
    measured = keras.Model(full.inputs, {name: full.get_layer(name).output for name in names})
    values = measured.predict(images_rgb, batch_size=8, verbose=0)
    rng = np.random.default_rng(0)
    for i, block in enumerate(blocks):
        inner, outer = _sample(rng, values[f"block_{i}_depthwise"], values[f"block_{i}_project"])
        project, _ = full.get_layer(f"block_{i}_project").get_weights()
        importance = inner.std(axis=0) * np.linalg.norm(project[0, 0], axis=1)
        kept = np.sort(np.argsort(-importance)[: block.inner])
        _copy(slim, full, f"block_{i}_expand" if i else "stem", kept)
        _copy(slim, full, f"block_{i}_depthwise", kept)
        slim.get_layer(f"block_{i}_project").set_weights(_refit(inner[:, kept], outer))


def _copy(slim: keras.Model, full: keras.Model, name: str, kept: np.ndarray) -> None:
    kernel, bias = full.get_layer(name).get_weights()
    axis = 2 if name.endswith("depthwise") else 3
    slim.get_layer(name).set_weights([np.take(kernel, kept, axis=axis), bias[kept]])


def _sample(rng: np.random.Generator, inner: np.ndarray, outer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, h, w, _ = inner.shape
    picks = rng.choice(h * w, min(_SAMPLES_PER_IMAGE, h * w), replace=False)

    def sampled(values: np.ndarray) -> np.ndarray:
        return values.reshape(n, h * w, -1)[:, picks].reshape(n * len(picks), -1).astype(np.float64)

    return sampled(inner), sampled(outer)


def _refit(inner: np.ndarray, outer: np.ndarray) -> list[np.ndarray]:
    """Return kernel and bias of the 1×1 convolution that rebuilds `outer` from `inner` with least squared error."""
    x = np.concatenate([inner, np.ones((len(inner), 1))], axis=1)
    gram = x.T @ x
    gram[np.diag_indices(len(gram))] += 1e-4 * np.trace(gram) / len(gram)
    solution = np.linalg.solve(gram, x.T @ outer).astype(np.float32)
    return [solution[None, None, :-1], solution[-1]]

"""A Keras classifier opened up: its logits, what its layers answer, and gradients from one to the other.

Needs TensorFlow, which is imported only when a network is opened.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls.errors import ModelError, SettingsError
from maskcls.explain.graph import ends, laid_open

if TYPE_CHECKING:
    import keras

    from maskcls.registry import Version

# What a network answers at once; more would take memory and no less time.
_BATCH = 32
# Layers that change nothing once training is over, and so would only be listed twice.
_IDLE = ("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "InputLayer", "Identity")


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    Attributes:
        name: Unlike any other's; `outer/inner` inside a network that is itself a layer.
        kind: Its class in Keras.
        shape: What it answers for one picture.
        parameters: How many numbers it has learnt, and those it was given.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int

    @property
    def is_spatial(self) -> bool:
        """Whether it answers with maps of more than one cell."""
        return len(self.shape) == 3 and self.shape[0] * self.shape[1] > 1


class Network:
    """A classifier whose layers can be asked. Safe between threads.

    Args:
        model: From `(n, s, s, 3)` RGB, 0 to 255, to probabilities `(n, classes)`, and perhaps more.
        classes: Their names, in the order of the probabilities.

    Raises:
        ModelError: The model is no such classifier, or Keras runs on something else than TensorFlow.
    """

    def __init__(self, model: "keras.Model", classes: tuple[str, ...]) -> None:
        import keras

        if keras.backend.backend() != "tensorflow":
            raise ModelError("Explanations by gradients need Keras on TensorFlow. Unset KERAS_BACKEND and try again.")
        self.classes = classes
        self.model = model
        self._lock = threading.Lock()
        self._compiled: dict[Any, Callable] = {}
        self._input, self._tensors, outputs = laid_open(model)
        self._nodes = {name: layer for name, (layer, _) in self._tensors.items()}
        self._probabilities, self._logits = ends(outputs, self._tensors, len(classes))
        self._evidence = next((one for one in outputs if len(one.shape) == 4 and one.shape[-1] == len(classes)), None)
        self.layers = [
            Layer(name, type(layer).__name__, tuple(tensor.shape[1:]), layer.count_params())
            for name, (layer, tensor) in self._tensors.items()
            if type(layer).__name__ not in _IDLE
        ]

    @property
    def input_px(self) -> int:
        """Side of the pictures it takes."""
        return int(self._input.shape[1])

    @property
    def has_evidence(self) -> bool:
        """Whether it answers with an evidence map of its own."""
        return self._evidence is not None

    @property
    def spatial_layers(self) -> list[str]:
        """The layers that heatmaps can be made from, the last one last."""
        return [layer.name for layer in self.layers if layer.is_spatial]

    @property
    def default_layer(self) -> str:
        """The last features with a place in the picture: as large as the last convolution's, and no class maps yet.

        Raises:
            ModelError: There is none.
        """
        wide = [one for one in self.layers if one.is_spatial and one.shape[-1] > len(self.classes)]
        shapes = [one.shape for one in wide if "Conv" in one.kind]
        if not shapes:
            raise ModelError("This network has no convolution with a place in the picture; no heatmap can be made.")
        return [one.name for one in wide if one.shape == shapes[-1]][-1]

    @property
    def compilations(self) -> int:
        """How many things were compiled so far; a call during which there came more took longer than it will again."""
        return len(self._compiled)

    def layer(self, name: str) -> "keras.Layer":
        """Return Keras' layer.

        Raises:
            SettingsError: There is none of this name.
        """
        if name not in self._nodes:
            raise SettingsError(f"This network has no layer {name[:80]!r}. It has: {', '.join(self.spatial_layers)}.")
        return self._nodes[name]

    def probabilities(self, crops_rgb: np.ndarray) -> np.ndarray:
        """Return `(n, classes) float32` for `(n, s, s, 3)`, 0 to 255."""
        return self._ask(crops_rgb, "probabilities", self._probabilities)

    def logits(self, crops_rgb: np.ndarray) -> np.ndarray:
        """Return `(n, classes) float32`: what the softmax is taken of."""
        return self._ask(crops_rgb, "logits", self._logits)

    def evidence(self, crops_rgb: np.ndarray) -> np.ndarray:
        """Return the network's own evidence maps, `(n, rows, columns, classes) float32`.

        Raises:
            ModelError: It has none.
        """
        if self._evidence is None:
            raise ModelError("This model has no evidence map of its own. Choose another method, such as Grad-CAM.")
        return self._ask(crops_rgb, "evidence", self._evidence)

    def activations(self, crops_rgb: np.ndarray, layer: str) -> np.ndarray:
        """Return what a spatial layer answers: `(n, rows, columns, channels) float32`.

        Raises:
            SettingsError: There is no such layer, or it has no place in the picture.
        """
        self.check_spatial(layer)
        return self._ask(crops_rgb, ("activations", layer), self._tensors[layer][1])

    def gradients(self, crops_rgb: np.ndarray, labels: np.ndarray, layer: str) -> tuple[np.ndarray, np.ndarray]:
        """Return what a spatial layer answers, and by how much each of its numbers moves the logit of a class.

        Args:
            crops_rgb: `(n, s, s, 3)`, 0 to 255.
            labels: `(n,)`, the class for each.
            layer: Which one.

        Returns:
            Activations and gradients, `(n, rows, columns, channels) float32` each.

        Raises:
            SettingsError: There is no such layer, or it has no place in the picture.
        """
        self.check_spatial(layer)
        return self._pieces(self._gradient_function(layer), crops_rgb, labels)

    def input_gradients(self, crops_rgb: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the logit of each crop's class, `(n,) float32`, and its gradient for every pixel, `(n, s, s, 3)`."""
        return self._pieces(self._input_gradient_function(), crops_rgb, labels)

    def ascent(self, layer: str, channel: int) -> Callable[[Any], tuple[Any, Any]]:
        """Return a function from a picture `(1, s, s, 3) float32` to a channel's mean and its gradient (tensors)."""
        import tensorflow as tf

        def build() -> Callable:
            part = self._part(self._tensors[layer][1])

            @tf.function(reduce_retracing=True)
            def answer(picture: Any, which: Any) -> tuple[Any, Any]:
                with tf.GradientTape() as tape:
                    tape.watch(picture)
                    mean = tf.reduce_mean(tf.gather(part(picture, training=False), which, axis=-1))
                return mean, tape.gradient(mean, picture)

            return answer

        compiled = self._once(("ascent", layer), build)
        return lambda picture: compiled(picture, tf.constant(channel))

    def randomised(self, *, seed: int = 0) -> "Network":
        """Return the same network with each layer's learnt numbers shuffled: it has the same build and knows nothing.

        What was never learnt stays: layers that rest, and a kernel that only passes on what it gets.

        For sanity checks (Adebayo et al., "Sanity Checks for Saliency Maps", 2018).
        """
        import keras

        rng = np.random.default_rng(seed)
        copy = keras.models.clone_model(self.model)
        copy.set_weights(self.model.get_weights())
        blind = Network(copy, self.classes)
        for layer in blind._nodes.values():
            weights = layer.get_weights()
            if weights and layer.trainable and not _is_identity(weights[0]):
                layer.set_weights([rng.permutation(one.ravel()).reshape(one.shape) for one in weights])
        return blind

    def check_spatial(self, layer: str) -> None:
        """Raise a `SettingsError` where there is no such layer, or it has no place in the picture."""
        self.layer(layer)
        if layer not in self.spatial_layers:
            raise SettingsError(
                f"The layer {layer} has no place in the picture. Take: {', '.join(self.spatial_layers)}."
            )

    def _ask(self, crops_rgb: np.ndarray, key: Any, tensor: Any) -> np.ndarray:
        import tensorflow as tf

        def build() -> Callable:
            part = self._part(tensor)
            return tf.function(
                lambda x: part(x, training=False), input_signature=[self._signature()]
            ).get_concrete_function()

        if not len(crops_rgb):  # which some operations do not take
            return self._ask(np.zeros((1, *crops_rgb.shape[1:])), key, tensor)[:0]
        function = self._once(key, build)
        pieces = [function(tf.constant(piece, tf.float32)).numpy() for piece in _in_pieces(crops_rgb)]
        return np.concatenate(pieces).astype(np.float32)

    def _gradient_function(self, layer: str) -> Callable:
        import tensorflow as tf

        def build() -> Callable:
            part = self._part([self._tensors[layer][1], self._logits])

            @tf.function(input_signature=[self._signature(), tf.TensorSpec([None], tf.int32)])
            def answer(crops: Any, labels: Any) -> tuple[Any, Any]:
                with tf.GradientTape() as tape:
                    tape.watch(crops)
                    activations, logits = part(crops, training=False)
                    chosen = tf.gather(logits, labels, axis=1, batch_dims=1)
                return activations, tape.gradient(chosen, activations, unconnected_gradients="zero")

            return answer.get_concrete_function()

        return self._once(("gradients", layer), build)

    def _input_gradient_function(self) -> Callable:
        import tensorflow as tf

        def build() -> Callable:
            part = self._part(self._logits)

            @tf.function(input_signature=[self._signature(), tf.TensorSpec([None], tf.int32)])
            def answer(crops: Any, labels: Any) -> tuple[Any, Any]:
                with tf.GradientTape() as tape:
                    tape.watch(crops)
                    chosen = tf.gather(part(crops, training=False), labels, axis=1, batch_dims=1)
                return chosen, tape.gradient(chosen, crops)

            return answer.get_concrete_function()

        return self._once("input_gradients", build)

    def _pieces(self, function: Callable, crops_rgb: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import tensorflow as tf

        if not len(crops_rgb):
            first, second = self._pieces(function, np.zeros((1, *crops_rgb.shape[1:])), np.zeros(1, int))
            return first[:0], second[:0]
        answers = [
            function(tf.constant(crops, tf.float32), tf.constant(which, tf.int32))
            for crops, which in zip(_in_pieces(crops_rgb), _in_pieces(np.asarray(labels)), strict=True)
        ]
        first, second = (np.concatenate([one.numpy() for one in some]) for some in zip(*answers, strict=True))
        return first, second

    def _part(self, answers: Any) -> "keras.Model":
        import keras

        return keras.Model(self._input, answers)

    def _signature(self) -> Any:
        import tensorflow as tf

        return tf.TensorSpec([None, *self._input.shape[1:]], tf.float32)

    def _once(self, key: Any, build: Callable[[], Callable]) -> Callable:
        """Compile a function once; others wait for it."""
        with self._lock:
            if key not in self._compiled:
                self._compiled[key] = build()
            return self._compiled[key]


def _is_identity(kernel: np.ndarray) -> bool:
    return kernel.ndim == 2 and kernel.shape[0] == kernel.shape[1] and bool((kernel == np.eye(len(kernel))).all())


def open_version(version: "Version") -> Network:
    """Return the classifier version's Keras network, opened up.

    Raises:
        ModelError: Its file is missing or damaged, or TensorFlow is.
    """
    path: Path = version.path / "model.keras"
    try:
        import keras
        import tensorflow  # noqa: F401
    except ImportError as error:
        raise ModelError("Explanations need TensorFlow. Install it: pip install -r requirements.txt") from error
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever Keras makes of a damaged file
        raise ModelError(f"{path} is missing, damaged or no Keras model. Restore it or choose another one.") from error
    return Network(model, version.card.classes)


def _in_pieces(values: np.ndarray) -> list[np.ndarray]:
    return [values[start : start + _BATCH] for start in range(0, len(values), _BATCH)]

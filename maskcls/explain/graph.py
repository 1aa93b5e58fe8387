"""A Keras model laid open: networks inside it (a VGG16 as one layer) show their layers, and the softmax its logits."""

from typing import TYPE_CHECKING, Any

from maskcls.errors import ModelError

if TYPE_CHECKING:
    import keras


def laid_open(model: "keras.Model") -> tuple[Any, dict[str, tuple[Any, Any]], list[Any]]:
    """Run a model's layers anew on pictures of floats, and have those inside its layers answer too.

    Returns:
        The input; each layer with what it answers, by name, in order; the model's outputs.
    """
    import keras

    tensors: dict[str, tuple[Any, Any]] = {}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.Model) and len(getattr(layer, "outputs", None) or ()) == 1:
            # All its layers' answers at once: gradients then find their way from its last one back to each.
            start, inner, last = laid_open(layer)
            *answers, answer = keras.Model(start, [tensor for _, tensor in inner.values()] + last)(*args)
            for (name, (part, _)), tensor in zip(inner.items(), answers, strict=True):
                tensors[f"{layer.name}/{name}"] = part, tensor
            return answer
        answer = layer(*args, **kwargs)
        if isinstance(answer, keras.KerasTensor):
            tensors[layer.name] = layer, answer
        return answer

    pictures = keras.Input(model.inputs[0].shape[1:], dtype="float32")
    # A Sequential model as any other.
    plain = keras.Model(model.inputs[0], model.outputs)
    again = keras.models.clone_model(
        plain, input_tensors=pictures, clone_function=lambda layer: layer, call_function=call
    )
    return pictures, tensors, list(again.outputs)


def ends(outputs: list[Any], tensors: dict[str, tuple[Any, Any]], classes: int) -> tuple[Any, Any]:
    """Return the tensors of the probabilities and of the logits they are the softmax of.

    Args:
        outputs: The model's.
        tensors: Its layers with what they answer, as from `laid_open`.
        classes: How many.

    Raises:
        ModelError: The model is no classifier of so many classes, or ends in no softmax.
    """
    import keras

    probabilities = next((one for one in outputs if len(one.shape) == 2 and one.shape[-1] == classes), None)
    if probabilities is None:
        raise ModelError(f"This model does not answer with the probabilities of {classes} classes.")
    layer = next((layer for layer, tensor in tensors.values() if tensor is probabilities), None)
    is_softmax = getattr(layer, "activation", None) is keras.activations.softmax
    if isinstance(layer, keras.layers.Softmax) or (is_softmax and isinstance(layer, keras.layers.Activation)):
        return probabilities, _input_of(probabilities)
    if is_softmax and isinstance(layer, keras.layers.Dense):
        logits = keras.ops.matmul(_input_of(probabilities), layer.kernel.value)
        return probabilities, logits if layer.bias is None else logits + layer.bias.value
    raise ModelError("This model does not end in a softmax, so there are no logits to explain.")


def _input_of(tensor: Any) -> Any:
    """Return what the layer behind a tensor was given."""
    made = tensor._keras_history
    return made.operation._inbound_nodes[made.node_index].input_tensors[0]

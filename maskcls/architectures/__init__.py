"""Networks that people can train, one file each; adding one is a file and a line here."""

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from maskcls.errors import SettingsError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Architecture:
    """A network that can be trained.

    Its module has `build(classes=, input_px=, dropout=)`, which returns the network with a layer `logits` before its
    probabilities, and `head(network)`, the layers that are trained first. Where dividing that layer by a temperature is
    not all there is to it, the module has a `fold_temperature` of its own.

    Attributes:
        module: Its file in this package. Keras, which it needs, is imported only with it.
        title: What people call it.
        about: A sentence for who has to choose.
        input_px: The usual side of its crops.
        dropout: The usual share of its features that training hides.
        parameters: How many numbers it learns, at that size and with three classes.
        from_imagenet: Whether it can start from ImageNet weights, `build(weights=)`.
    """

    module: str
    title: str
    about: str
    input_px: int
    dropout: float
    parameters: int
    from_imagenet: bool = False

    def load(self) -> ModuleType:
        """Return its module."""
        return importlib.import_module(f"maskcls.architectures.{self.module}")

    def fold_temperature(self, network: "keras.Model", temperature: float) -> None:
        """Divide the logits by `temperature` (Guo et al., 2017) for good."""
        own = getattr(self.load(), "fold_temperature", None)
        if own is not None:
            own(network, temperature)
            return
        logits = network.get_layer("logits")
        logits.set_weights([weight / temperature for weight in logits.get_weights()])


ARCHITECTURES = {
    "maskcls": Architecture(
        "maskcls",
        "maskcls",
        "Ours: small, quick, and it shows what it looked at.",
        input_px=128,
        dropout=0.3,
        parameters=592_076,
    ),
    "mobilenet-v2": Architecture(
        "mobilenet_v2",
        "MobileNetV2",
        "Small and well known; starts from ImageNet.",
        input_px=128,
        dropout=0.3,
        parameters=2_261_827,
        from_imagenet=True,
    ),
    "vgg16": Architecture(
        "vgg16",
        "VGG16",
        "Large and slow, the classic; starts from ImageNet.",
        input_px=128,
        dropout=0.5,
        parameters=14_716_239,
        from_imagenet=True,
    ),
    "plain-cnn": Architecture(
        "plain_cnn",
        "Plain CNN",
        "Four convolutions with pooling, from scratch.",
        input_px=128,
        dropout=0.5,
        parameters=1_289_923,
    ),
    "grey-cnn": Architecture(
        "grey_cnn",
        "Grey CNN",
        "Two wide convolutions on grey pictures, as once published.",
        input_px=100,
        dropout=0.5,
        parameters=2_827_306,
    ),
}


def architecture(name: str) -> Architecture:
    """Return the architecture called `name`.

    Raises:
        SettingsError: There is none.
    """
    if name not in ARCHITECTURES:
        raise SettingsError(f"There is no architecture {name[:80]!r}. There are: {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]

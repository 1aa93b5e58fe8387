"""Networks that people can train, one file each; adding one is a file and a line here."""

import importlib
from dataclasses import dataclass
from types import ModuleType

from maskcls.errors import SettingsError


@dataclass(frozen=True)
class Architecture:
    """A network that can be trained.

    Its module has `build(classes=, input_px=, dropout=)`, which returns the network, `INPUT_PX`, the side of its crops,
    and `head(network)`, the layers that are trained first.

    Attributes:
        module: Its file in this package. Keras, which it needs, is imported only with it.
        title: What people call it.
        about: A sentence for who has to choose.
        from_imagenet: Whether it can start from ImageNet weights, `build(weights=)`.
    """

    module: str
    title: str
    about: str
    from_imagenet: bool = False

    def load(self) -> ModuleType:
        """Return its module."""
        return importlib.import_module(f"maskcls.architectures.{self.module}")


ARCHITECTURES = {
    "maskcls": Architecture("maskcls", "maskcls", "Ours: small, quick, and it shows what it looked at."),
    "mobilenet-v2": Architecture(
        "mobilenet_v2", "MobileNetV2", "Small and well known; starts from ImageNet.", from_imagenet=True
    ),
    "vgg16": Architecture("vgg16", "VGG16", "Large and slow, the classic; starts from ImageNet.", from_imagenet=True),
    "plain-cnn": Architecture("plain_cnn", "Plain CNN", "Four convolutions with pooling, from scratch."),
    "grey-cnn": Architecture("grey_cnn", "Grey CNN", "Two wide convolutions on grey pictures, as once published."),
}


def architecture(name: str) -> Architecture:
    """Return the architecture called `name`.

    Raises:
        SettingsError: There is none.
    """
    if name not in ARCHITECTURES:
        raise SettingsError(f"There is no architecture {name[:80]!r}. There are: {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]

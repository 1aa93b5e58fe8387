"""What every method is asked: why does this network give these pictures these classes?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from maskcls.explain.network import Network

# Told how much is done, 0 to 1; whatever it raises stops the method. What it returns is of no interest.
Tell = Callable[[float], Any]


def _tell_nobody(share: float) -> None:
    """Take no notice."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be explained.

    Attributes:
        network: Whose answers.
        crops_rgb: `(n, s, s, 3) uint8`.
        labels: `(n,) int`, the class of each that is asked about; it need not be the likeliest.
        layer: Which layer's maps to use, for methods that use some.
        tell: Is told how much is done.
    """

    network: "Network"
    crops_rgb: np.ndarray
    labels: np.ndarray
    layer: str
    tell: Tell = _tell_nobody

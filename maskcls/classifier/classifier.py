"""A classifier version as one callable: crops in, probabilities and evidence out."""

import numpy as np

from maskcls.cards import Card
from maskcls.classifier.second_look import is_unclear, mean_answer
from maskcls.engines import Engine
from maskcls.errors import ModelError


class Classifier:
    """Says of each crop how likely each class is, and where in the crop the evidence lies; safe between threads.

    Args:
        card: The version's card.
        engine: Runs the network.
    """

    def __init__(self, card: Card, engine: Engine) -> None:
        self.card = card
        self._engine = engine

    @property
    def device(self) -> str:
        """What the network runs on."""
        return self._engine.device

    def classify(self, crops_rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities `(n, classes) float32` and evidence `(n, rows, columns, classes) float32`.

        Where an answer is not clear the mirror image is asked too; probabilities and evidence are then of both, and the
        evidence still adds up to the answer. A network without evidence maps of its own, such as a VGG16, gives maps of
        0 × 0 cells.

        Args:
            crops_rgb: `(n, s, s, 3) uint8` with `s` the card's `input_px`; n may be zero.

        Raises:
            ModelError: The network's outputs do not fit its card.
        """
        if not len(crops_rgb):
            count = len(self.card.classes)
            return np.zeros((0, count), np.float32), np.zeros((0, 1, 1, count), np.float32)
        probabilities, evidence = self._look(crops_rgb)
        unclear = is_unclear(probabilities)
        if unclear.any():
            again, turned = self._look(np.ascontiguousarray(crops_rgb[unclear, :, ::-1]))
            probabilities[unclear] = mean_answer(probabilities[unclear], again)
            evidence[unclear] = (evidence[unclear] + turned[:, :, ::-1]) / 2
        return probabilities, evidence

    def _look(self, crops_rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the network says of crops as they are; the caller's to change."""
        outputs = self._engine.run(crops_rgb)
        if [output.ndim for output in outputs] not in ([2], [2, 4]):
            raise ModelError(
                f"The model {self.card.name} does not answer with probabilities, or with these and evidence. Restore "
                "the version or choose another one."
            )
        probabilities = outputs[0]
        evidence = outputs[1] if len(outputs) == 2 else np.zeros((len(crops_rgb), 0, 0, probabilities.shape[1]))
        if probabilities.shape[-1] != len(self.card.classes):
            raise ModelError(
                f"The model {self.card.name} answers with {probabilities.shape[-1]} classes, but its card lists "
                f"{len(self.card.classes)}. Restore the version or choose another one."
            )
        return np.array(probabilities, np.float32), np.array(evidence, np.float32)

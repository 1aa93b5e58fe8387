"""One map with all that is to be said of it: where it is hot, and whether it can be trusted."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from maskcls import labels
from maskcls.explain import regions, trust
from maskcls.explain.methods import method, timed_map
from maskcls.explain.question import Question, Tell
from maskcls.explain.regions import Regions
from maskcls.explain.trust import Trust

if TYPE_CHECKING:
    from maskcls.explain.network import Network
    from maskcls.face import Face


# Larger maps have a value for each pixel; those are drawn as spots of such a share of the side.
_CELLS, _SPOT = 64, 1 / 50


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a network gave a face a class, by one method.

    Attributes:
        method: The method's name.
        name: The class asked about.
        answered: Whether that is the class that the face was given.
        layer: The layer whose features were used; None for methods that use none.
        heat: `(rows, columns) float32`, spread over the crop; negative where something spoke against the class.
        took_ms: How long the map took.
        trust: How it fares when the network is asked.
        regions: Where on the face it is hot; None for a face without landmarks.
    """

    method: str
    name: str
    answered: bool
    layer: str | None
    heat: np.ndarray
    took_ms: float
    trust: Trust
    regions: Regions | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing speaks for the class."""
        return not (self.heat > 0).any()

    @property
    def visible(self) -> np.ndarray:
        """The map as it can be seen: single pixels, of which a few outshine all others, melt into spots."""
        side = len(self.heat)
        if side <= _CELLS:
            return self.heat
        return cv2.GaussianBlur(np.maximum(self.heat, 0), (0, 0), side * _SPOT)

    @property
    def sentence(self) -> str:
        """What it says and how far to trust it, for people."""
        if self.is_empty:
            return f"No positive evidence for “{labels.look(self.name).words}”."
        where = "" if self.regions is None else f"{self.regions.sentence(self.name, answered=self.answered)} "
        return where + self.trust.sentence

    def as_json(self) -> dict[str, Any]:
        """Return what `explain --json` prints of a face, but its box and files."""
        return {
            "class": self.name,
            "insertion": round(self.trust.insertion_area, 4),
            "deletion": round(self.trust.deletion_area, 4),
            "average_drop": round(self.trust.average_drop, 4),
            "likeness_to_random": None if self.trust.likeness is None else round(self.trust.likeness, 4),
            "regions": None
            if self.regions is None
            else {name: round(share, 4) for name, share in self.regions.shares.items()},
            "sentence": self.sentence,
        }

    def as_npz(self) -> bytes:
        """Return the raw map as a NumPy archive: `heat`, `method`, `class` and `layer`."""
        file = io.BytesIO()
        about = {"method": self.method, "class": self.name, "layer": self.layer or ""}
        np.savez_compressed(file, heat=self.heat, **about)  # type: ignore[arg-type]
        return file.getvalue()


def explain_face(
    network: "Network",
    face: "Face",
    crop_rgb: np.ndarray,
    *,
    name: str,
    by: str,
    layer: str,
    ignorant: "Network | None" = None,
    tell: Tell = lambda _: None,
) -> Explanation:
    """Return why `network` gave, or would give, a face the class `name`.

    Args:
        network: The classifier.
        face: The face, for its landmarks.
        crop_rgb: What the classifier sees of it, `(s, s, 3) uint8`: see `analysis.crop_of`.
        name: The class.
        by: The method's name.
        layer: The layer to look at, for methods that use one.
        ignorant: The network with shuffled weights, for the sanity check; None to leave that out.
        tell: Is told how much is done; whatever it raises stops it.

    Raises:
        SettingsError: There is no such method or layer.
        ModelError: The method needs an evidence map, which this network has not.
    """
    label = network.classes.index(name)
    rounds = 1 if ignorant is None else 2

    def ask(whom: "Network", done: int) -> tuple[np.ndarray, float]:
        labels = np.array([label])
        return timed_map(by, Question(whom, crop_rgb[None], labels, layer, lambda part: tell((done + part) / rounds)))

    maps, took_ms = ask(network, 0)
    likeness = None
    if ignorant is not None:
        blind, _ = ask(ignorant, 1)
        # A map that is the same everywhere is like nothing, and says nothing.
        likeness = trust.alike(maps[0], blind[0]) if np.ptp(blind[0]) else None
    return Explanation(
        by,
        name,
        name == face.label,
        layer if method(by).uses_layer else None,
        maps[0],
        took_ms,
        trust.ask(lambda crops: network.probabilities(crops)[:, label], crop_rgb, maps[0], likeness=likeness),
        None if face.landmarks is None else regions.measure(maps[0], face.landmarks, face.crop_xyxy),
    )

"""Models played by fakes, and what the tests of all commands do with them."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from maskcls import cli, images
from maskcls.cards import Card
from maskcls.errors import ModelError
from maskcls.face import Face


def a_card(name: str, *, kind: str = "classifier") -> Card:
    return Card(name, kind, classes=("with_mask", "without_mask"), input_px=32, threshold=0.5, figures={"test": 0.9})


@dataclass(frozen=True)
class FakeVersion:
    name: str
    card: Card
    shipped: bool = True
    path: Path = Path("nowhere")


@dataclass
class FakeClassifier:
    card: Card

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.tile(np.float32([[0.9, 0.1]]), (len(crops), 1)), np.zeros((len(crops), 2, 2, 2), np.float32)


class FakeRegistry:
    promoted: list[str] = []  # noqa: RUF012

    def versions(self, kind: str = "classifier") -> list[FakeVersion]:
        every = [
            FakeVersion("first", a_card("first")),
            FakeVersion("mine", a_card("mine"), shipped=False),
            FakeVersion("finder", a_card("finder", kind="finder")),
        ]
        return [version for version in every if version.card.kind == kind]

    def at_work(self) -> FakeVersion:
        return self.versions()[0]

    def version(self, name: str) -> FakeVersion:
        self.classifier(name)
        return next(version for version in self.versions() if version.name == name)

    def classifier(self, name: str | None = None) -> FakeClassifier:
        if name not in (None, "first", "mine"):
            raise ModelError(f"There is no model {name}. Look at `models list`.")
        return FakeClassifier(a_card(name or "first"))

    def finder(self) -> str:
        return "finder"

    def promote(self, name: str) -> None:
        self.classifier(name)
        self.promoted.append(name)


def fake_analyse(image_rgb: np.ndarray, _finder, _classifier, settings) -> list[Face]:
    """Find one face in every picture that is not black."""
    if not image_rgb.any():
        return []
    return [
        Face(
            box_xyxy=(1.0, 2.0, 9.0, 9.0),
            score=settings.min_score,
            landmarks=None,
            probabilities={"with_mask": 0.75, "without_mask": 0.25},
            evidence=np.zeros((2, 2, 2), np.float32),
            crop_xyxy=(0.0, 0.0, 10.0, 10.0),
        )
    ]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def picture(path: str, *, value: int = 200, size: tuple[int, int] = (12, 16)) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(images.encode(np.full((*size, 3), value, np.uint8)))
    return target


def lines(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]

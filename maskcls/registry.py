"""Model versions: which there are, which one is at work, and loading them.

A version is a folder with `card.json`, `model.tflite` and `model.keras`. Shipped versions lie in the project's
`models/` and are never written to; what people make lies under `$MASKCLS_HOME/models/`. `models/shipped.json` names the
defaults; `$MASKCLS_HOME/at_work.json` overrides the classifier.
"""

import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskcls.cards import Card, read_card
from maskcls.classifier.classifier import Classifier
from maskcls.engines import load_engine
from maskcls.errors import ModelError
from maskcls.finder.finder import Finder

log = logging.getLogger(__name__)

HOME_VARIABLE = "MASKCLS_HOME"
SHIPPED = Path(__file__).resolve().parent.parent / "models"
# Names become folder names and come from people and web addresses.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def home() -> Path:
    """Return the folder for everything that people make: `$MASKCLS_HOME`, or `.maskcls` in the working folder."""
    return Path(os.environ.get(HOME_VARIABLE) or ".maskcls")


@dataclass(frozen=True)
class Version:
    """A model version on disk.

    Attributes:
        path: Its folder.
        card: What its card says.
        shipped: Whether it came with maskcls.
    """

    path: Path
    card: Card
    shipped: bool

    @property
    def name(self) -> str:
        """The version's name: its folder's."""
        return self.path.name


class Registry:
    """The versions in the project and under a home.

    Args:
        home_folder: Where people's versions lie; `home()` when None.
        shipped_folder: Where shipped versions lie.
    """

    def __init__(self, home_folder: Path | None = None, shipped_folder: Path = SHIPPED) -> None:
        self._home = home_folder or home()
        self._shipped = shipped_folder

    def versions(self, kind: str = "classifier") -> list[Version]:
        """Return the versions of a kind that can be read, shipped ones first; damaged ones are logged and left out."""
        found = []
        for folder, shipped in ((self._shipped, True), (self._home / "models", False)):
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                # A hidden folder is a version still being written.
                if not path.is_dir() or path.name.startswith("."):
                    continue
                try:
                    version = Version(path, read_card(path), shipped)
                except ModelError as error:
                    log.warning("%s", error)
                    continue
                if version.card.kind == kind:
                    found.append(version)
        return found

    def version(self, name: str, kind: str = "classifier") -> Version:
        """Return the version called `name`.

        Raises:
            ModelError: There is none, or its card is damaged.
        """
        if not _NAME.fullmatch(name):
            raise ModelError(_bad_name(name))
        for folder, shipped in ((self._shipped, True), (self._home / "models", False)):
            if (folder / name).is_dir():
                version = Version(folder / name, read_card(folder / name), shipped)
                if version.card.kind == kind:
                    return version
        known = ", ".join(v.name for v in self.versions(kind)) or "none"
        raise ModelError(f"There is no {kind} called {name}. There are: {known}.")

    def shipped_name(self, kind: str = "classifier") -> str:
        """Return the name of the default version.

        Raises:
            ModelError: `models/shipped.json` is missing or damaged.
        """
        path = self._shipped / "shipped.json"
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))[kind])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is missing or damaged. Restore it from the repository.") from error

    def at_work(self) -> Version:
        """Return the classifier at work: the promoted one where its card can be read, else the shipped one."""
        return next(self._candidates())

    def promote(self, name: str) -> Version:
        """Put the classifier `name` to work, for every process that loads one from now on.

        Raises:
            ModelError: There is no such version or it cannot be loaded; the one at work stays.
        """
        version = self.version(name)
        _load(version)
        self._home.mkdir(parents=True, exist_ok=True)
        draft = self._home / f".at_work.{uuid.uuid4().hex}.draft"
        draft.write_text(json.dumps({"classifier": name}) + "\n", encoding="utf-8")
        draft.replace(self._home / "at_work.json")
        return version

    def check_free(self, name: str) -> None:
        """Raise a `ModelError` where a new version cannot be called so."""
        if not _NAME.fullmatch(name):
            raise ModelError(_bad_name(name))
        if any((folder / name).exists() for folder in (self._shipped, self._home / "models")):
            raise ModelError(f"There is a version {name} already. Take another name.")

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Yield a folder to write a version into; it is gone in the end, unless `add` has made one of it."""
        path = self._home / "models" / f".{uuid.uuid4().hex}.draft"
        path.mkdir(parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def add(self, draft: Path, name: str) -> Version:
        """Make a version of what a draft holds, whole or not at all.

        Raises:
            ModelError: The name is taken, or the draft holds no version.
        """
        self.check_free(name)
        read_card(draft)
        path = self._home / "models" / name
        try:
            draft.rename(path)
        except OSError as error:  # somebody took the name this very moment
            raise ModelError(f"The version {name} cannot be made: {error.strerror}. Take another name.") from error
        return Version(path, read_card(path), shipped=False)

    def classifier(self, name: str | None = None) -> Classifier:
        """Load a classifier: the one called `name`, or the one at work.

        Raises:
            ModelError: `name` cannot be loaded; or, without a name, not even the shipped one can.
        """
        if name is not None:
            return _load(self.version(name))
        failure: ModelError | None = None
        for version in self._candidates():
            try:
                return _load(version)
            except ModelError as error:
                log.warning("%s is passed over: %s", version.name, error)
                failure = error
        raise failure or ModelError("No classifier is installed. Restore models/ from the repository.")

    def finder(self) -> Finder:
        """Load the shipped face finder.

        Raises:
            ModelError: It is missing or damaged.
        """
        version = self.version(self.shipped_name("finder"), "finder")
        return Finder(version.card, load_engine(version.path))

    def _candidates(self) -> Iterator[Version]:
        """Yield what may be at work, best first: the promoted version if it can be read, then the shipped one."""
        promoted = self._promoted_name()
        if promoted is not None:
            try:
                yield self.version(promoted)
            except ModelError as error:
                log.warning("The promoted version cannot be used, the shipped one is at work: %s", error)
        yield self.version(self.shipped_name())

    def _promoted_name(self) -> str | None:
        path = self._home / "at_work.json"
        if not path.exists():
            return None
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["classifier"])
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("%s is damaged; the shipped classifier is at work.", path)
            return None


def _bad_name(name: str) -> str:
    return f"{name[:80]!r} cannot be the name of a version: use letters, digits, dots, dashes, underscores."


def _load(version: Version) -> Classifier:
    """Load a classifier and try it, so that one that does not fit its card is noticed here and not at a picture.

    Raises:
        ModelError: Its files are missing or damaged, or the network does not fit the card.
    """
    classifier = Classifier(version.card, load_engine(version.path))
    side_px = version.card.input_px
    classifier.classify(np.zeros((1, side_px, side_px, 3), np.uint8))
    return classifier

"""The models at work, loaded once for every session."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from maskcls.classifier.classifier import Classifier
from maskcls.engines import DEVICE_VARIABLE
from maskcls.errors import MaskclsError, ModelError
from maskcls.finder.finder import Finder
from maskcls.registry import Registry, Version
from maskcls.ui.desk import Models
from maskcls.ui.words import plain

if TYPE_CHECKING:
    from maskcls.explain.network import Network


def at_work() -> Models:
    """Return the models at work; they are loaded anew only when another version, or a changed file, is at work.

    Raises:
        ModelError: Not even the shipped models can be loaded.
        SettingsError: `MASKCLS_DEVICE` makes no sense here.
    """
    registry = Registry()
    finder = registry.version(registry.shipped_name("finder"), "finder")
    classifier = registry.at_work()
    device = os.environ.get(DEVICE_VARIABLE, "")
    stamps = (_stamp(finder, device), _stamp(classifier, device))
    return Models(_finder(stamps[0]), _classifier(stamps[1], classifier.name), " ".join(stamps))


def at_work_or_stop() -> Models:
    """Return the models at work; where there are none, say why and end the page."""
    try:
        return at_work()
    except MaskclsError as error:
        st.error(plain(str(error)), title="The model cannot be loaded", icon=":material/error:")
        st.stop()


@dataclass(frozen=True)
class Opened:
    """A classifier whose layers can be asked, and the same one with shuffled weights, which knows nothing."""

    network: "Network"
    ignorant: "Network"
    stamp: str


def of_version(name: str) -> Models:
    """Return the models with the classifier version `name` in the place of the one at work.

    Raises:
        ModelError: It, or the face finder, cannot be loaded.
    """
    registry = Registry()
    finder = registry.version(registry.shipped_name("finder"), "finder")
    device = os.environ.get(DEVICE_VARIABLE, "")
    stamps = (_stamp(finder, device), _stamp(registry.version(name), device))
    return Models(_finder(stamps[0]), _just(stamps[1], name), " ".join(stamps))


def opened(name: str) -> Opened:
    """Return the classifier version `name` as a Keras network, for explanations.

    Raises:
        ModelError: It cannot be opened.
    """
    return _opened(_stamp(Registry().version(name), ""), name)


def _stamp(version: Version, device: str) -> str:
    """Return the version's folder, the device, and when the version's files last changed."""
    try:
        changed = max((path.stat().st_mtime_ns for path in _files(version.path)), default=0)
    except OSError:  # it is being replaced right now; the next run sees the new one
        changed = 0
    return f"{version.path.resolve()}@{changed}@{device}"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]


# The stamp is the key: nothing else decides which model it is. Two, so that a switch need not drop the one that other
# sessions are still answering with.
@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _classifier(stamp: str, name: str) -> Classifier:  # noqa: ARG001
    # By name, because another version may be promoted between the stamp and this line.
    try:
        return Registry().classifier(name)
    except ModelError:
        return Registry().classifier()


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _just(stamp: str, name: str) -> Classifier:  # noqa: ARG001
    """Return this version, and no other in its place."""
    return Registry().classifier(name)


@st.cache_resource(max_entries=2, show_spinner="Opening the network: TensorFlow takes some seconds to load …")
def _opened(stamp: str, name: str) -> Opened:
    # Only who asks for explanations waits for TensorFlow.
    from maskcls.explain.network import open_version

    network = open_version(Registry().version(name))
    return Opened(network, network.randomised(), stamp)


@st.cache_resource(max_entries=2, show_spinner="Loading the face finder …")
def _finder(stamp: str) -> Finder:  # noqa: ARG001
    return Registry().finder()

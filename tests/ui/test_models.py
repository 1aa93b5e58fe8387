"""A version that was chosen is the one that answers, or nobody does."""

import shutil
from pathlib import Path

import pytest
import streamlit as st

from maskcls import registry
from maskcls.errors import ModelError
from maskcls.ui import models


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(registry.HOME_VARIABLE, str(tmp_path))
    st.cache_resource.clear()
    return tmp_path


@pytest.mark.usefixtures("home")
def test_the_one_at_work():
    at_work = models.at_work()
    assert models.of_version(at_work.classifier.card.name).stamp == at_work.stamp


def test_a_version_of_ones_own(home: Path, two_class_version: Path):
    shutil.copytree(two_class_version, home / "models" / "own-1")
    assert models.of_version("own-1").classifier.card.classes == ("hat", "no_hat")


def test_a_broken_version_is_not_replaced(home: Path, two_class_version: Path):
    broken = Path(shutil.copytree(two_class_version, home / "models" / "own-1"))
    (broken / "model.tflite").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"model\.tflite"):
        models.of_version("own-1")
    with pytest.raises(ModelError, match="There is no classifier called nobody"):
        models.of_version("nobody")

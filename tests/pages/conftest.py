"""The pages with models that answer at once."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskcls.cards import Card
from maskcls.registry import Version
from maskcls.ui import models, sidebar
from tests.pages.fakes import FakeClassifier, FakeFinder, open_app


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return a function that puts a fake model with the given classes to work."""

    def put(*classes: str, name: str = "fake-1") -> None:
        card = Card(name, "classifier", classes=classes, input_px=32, cut_scale=1.2, threshold=0.6)
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)

        class FakeRegistry:
            def version(self, name: str, kind: str = "classifier") -> Version:  # noqa: ARG002
                return Version(tmp_path, FakeFinder.card, shipped=True)

            def shipped_name(self, kind: str = "classifier") -> str:
                return kind

            def versions(self, kind: str = "classifier") -> list[Version]:  # noqa: ARG002
                return [self.at_work()]

            def at_work(self) -> Version:
                return Version(folder, card, shipped=True)

            def classifier(self, name: str | None = None) -> FakeClassifier:  # noqa: ARG002
                return FakeClassifier(card)

            def finder(self) -> FakeFinder:
                return FakeFinder()

        monkeypatch.setattr(models, "Registry", FakeRegistry)
        monkeypatch.setattr(sidebar, "Registry", FakeRegistry)

    st.cache_resource.clear()
    FakeFinder.calls = 0
    put("with_mask", "without_mask", "partial_mask")
    return put


@pytest.fixture
def page(work: Callable[..., None]) -> AppTest:  # noqa: ARG001
    """Return the app, freshly opened."""
    return open_app()

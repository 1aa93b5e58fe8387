"""The Explain page as people use it, with a finder that answers at once and a small network."""

import io
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from maskcls.explain.network import Network
from maskcls.finder.finder import Found
from maskcls.ui import models, pick_face, why
from tests.conftest import tiny_network
from tests.pages.fakes import FakeFinder, open_app, picture, upload
from tests.pages.test_photos import words

CLASSES = ("with_mask", "without_mask", "partial_mask")
EYES_NOSE_MOUTH = np.array([[14, 20], [34, 20], [24, 30], [16, 40], [32, 40]], np.float32)


@pytest.fixture
def network() -> Network:
    return Network(tiny_network(3), CLASSES)


@pytest.fixture
def explain(work: Callable[..., None], network: Network, monkeypatch: pytest.MonkeyPatch) -> AppTest:  # noqa: ARG001
    """Return the app on its Explain page."""
    opened = models.Opened(network, network.randomised(), "tiny")
    monkeypatch.setattr(models, "opened", lambda _: opened)
    monkeypatch.setattr(pick_face, "Registry", models.Registry)
    return open_app().switch_page("pages/explain.py").run()


@pytest.fixture
def landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the finder see eyes, nose and mouth."""
    find = FakeFinder.find

    def with_landmarks(self: FakeFinder, image_rgb: np.ndarray, **options: object) -> list[Found]:
        return [Found(one.box_xyxy, one.score, EYES_NOSE_MOUTH) for one in find(self, image_rgb, **options)]

    monkeypatch.setattr(FakeFinder, "find", with_landmarks)


def tab(app: AppTest, name: str) -> AppTest:
    app.session_state["explain_tabs"] = name
    app.run()
    assert not app.exception
    return app


WHAT_IF, INSIDE = ":material/masks: What if", ":material/account_tree: Inside the network"


def test_empty_page_says_what_to_do_first(explain: AppTest):
    assert not explain.exception
    assert [one.value for one in explain.title] == ["Explain"]
    assert "Or try a sample" in words(explain)


def test_no_face(explain: AppTest):
    upload(explain, nobody__png=picture(0))
    assert "draw a box" in words(explain)
    assert not explain.get("download_button")


def test_a_torn_picture_is_named(explain: AppTest):
    upload(explain, torn__png=b"no picture")
    assert "torn.png" in words(explain)
    assert not explain.get("download_button")


def test_methods_side_by_side(explain: AppTest):
    upload(explain, one__png=picture(1))
    shown = words(explain)
    assert "Evidence map" in shown
    assert "Eigen-CAM" in shown
    assert " ms" in shown
    labels = [one.label for one in explain.get("download_button")]
    assert labels.count("PNG") == labels.count("Raw map")
    assert labels


@pytest.mark.parametrize(("clear", "said"), [(0.95, True), (0.5, False)])
def test_who_was_looked_at_twice(explain: AppTest, monkeypatch: pytest.MonkeyPatch, clear: float, said: bool):
    """The fake classifier is sure by 0.9."""
    monkeypatch.setattr(why, "CLEAR", clear)
    upload(explain, one__png=picture(1))
    assert why.HOW_TO_READ in words(explain)
    assert ("mirror image" in words(explain)) == said


def test_another_class_and_methods(explain: AppTest):
    upload(explain, one__png=picture(1))
    explain.session_state["explain_methods"] = ["occlusion", "integrated-gradients"]
    explain.run()
    assert not explain.exception
    assert "Occlusion" in words(explain)
    assert "Evidence map" not in [one.value for one in explain.subheader]
    explain.session_state["explain_methods"] = []
    explain.run()
    assert "Choose a method" in words(explain)


def test_made_once(explain: AppTest, network: Network, monkeypatch: pytest.MonkeyPatch):
    upload(explain, one__png=picture(1))
    monkeypatch.setattr(type(network), "probabilities", lambda *_: pytest.fail("Asked again."))
    explain.slider(key="explain_opacity").set_value(20).run()
    assert not explain.exception


def test_several_faces(explain: AppTest):
    upload(explain, three__png=picture(3))
    assert not explain.exception
    (chosen,) = [one for one in explain.get("button_group") if one.label == "Face"]
    assert len(chosen.options) == 3


def test_a_mask_needs_landmarks(explain: AppTest):
    upload(explain, one__png=picture(1))
    tab(explain, WHAT_IF)
    assert "nobody looked for" in words(explain)


@pytest.mark.usefixtures("landmarks")
def test_a_mask_slides(explain: AppTest):
    upload(explain, one__png=picture(1))
    tab(explain, WHAT_IF)
    assert len(explain.get("plotly_chart")) == 2
    explain.slider(key="what_if_slid").set_value(80).run()
    assert not explain.exception
    assert "chin alone" in words(explain)


def test_a_patch(explain: AppTest):
    upload(explain, one__png=picture(1))
    explain.session_state["what_if_how"] = "Grey patch"
    tab(explain, WHAT_IF)
    explain.slider(key="what_if_size").set_value(40).run()
    assert not explain.exception
    assert len(explain.get("plotly_chart")) == 1


def test_inside(explain: AppTest):
    upload(explain, three__png=picture(3))
    tab(explain, INSIDE)
    shown = words(explain)
    for part in ("The network", "What it answers to this face", "What a channel looks for", "The first filters"):
        assert part in shown
    assert "channels are" in shown or "channel is" in shown
    assert len(explain.get("vega_lite_chart") or explain.get("arrow_vega_lite_chart")) == 1
    before = len(explain.image)
    (make,) = [one for one in explain.button if one.label == "Make the picture"]
    make.click().run()
    assert not explain.exception
    assert len(explain.image) == before + 1


def test_a_data_set_to_compare_with(explain: AppTest):
    upload(explain, one__png=picture(1))
    tab(explain, INSIDE)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("set/with_mask/two.png", picture(2))
        file.writestr("set/beard/nobody.png", picture(0))
        file.writestr("set/beard/torn.png", b"no picture")
    explain.file_uploader[-1].upload("faces.zip", archive.getvalue()).run()
    assert not explain.exception
    assert "3 faces. 1 picture could not be read." in words(explain)
    # They stay, and are told of once.
    explain.run()
    assert "could not be read" not in words(explain)
    origins = explain.session_state["gallery_set"][1].origins
    assert sorted(origins) == ["set/beard/nobody.png", "set/with_mask/two.png", "set/with_mask/two.png"]
    assert set(explain.session_state["gallery_set"][1].classes) == {"beard", "with_mask"}


def test_no_data_set(explain: AppTest):
    upload(explain, one__png=picture(1))
    tab(explain, INSIDE)
    explain.file_uploader[-1].upload("faces.zip", b"no archive").run()
    assert not explain.exception
    assert "is neither a folder nor a readable ZIP" in words(explain)


def test_a_model_that_cannot_be_opened(explain: AppTest, monkeypatch: pytest.MonkeyPatch):
    from maskcls.errors import ModelError

    def fail(_: str) -> models.Opened:
        raise ModelError("model.keras is missing. Restore it.")

    monkeypatch.setattr(models, "opened", fail)
    upload(explain, one__png=picture(1))
    assert "Restore it" in words(explain)

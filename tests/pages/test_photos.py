"""The Photos page as people use it, with models that answer at once. What only a browser shows is in tests/browser."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from maskcls import samples
from maskcls.errors import ModelError
from maskcls.finder.finder import Found
from maskcls.ui import models
from maskcls.ui.desk import MAX_PICTURES
from tests.pages.fakes import FakeClassifier, FakeFinder, open_app, picture, upload


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label.replace("\\", ""): one.value for one in app.metric}


def words(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.subheader, *app.title, *app.warning, *app.error, *app.info]
    return "\n".join(str(one.value) for one in shown).replace("\\", "")


def cards(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def downloads(app: AppTest) -> list[str]:
    return [one.label for one in app.get("download_button")]


def test_empty_page_says_what_to_do_first(page: AppTest):
    assert [one.value for one in page.title] == ["Photos"]
    assert "Or try a sample" in words(page)
    assert "20 MB and 50 megapixels" in words(page)
    assert "this server's memory" in words(page)
    assert [one.label for one in page.button if "_sample_" in str(one.key)] == [
        samples.title(name) for name in samples.names()
    ]
    assert FakeFinder.calls == 0
    assert not page.metric


def test_camera_starts_only_in_its_tab(page: AppTest):
    assert not page.camera_input


def test_one_picture(page: AppTest):
    upload(page, group__png=picture(2))
    assert "2 faces" in words(page)
    assert metrics(page) == {"✓ mask worn": "2", "✕ no mask": "0", "◐ mask partially worn": "0", "? not sure": "0"}
    assert cards(page) == 2
    assert "Face 1 · 50 px · found with 80% confidence" in words(page)
    assert downloads(page) == ["CSV", "JSON", "Annotated pictures (ZIP)"]
    table = page.dataframe[0].value
    assert list(table["Verdict"]) == ["✓ mask worn"] * 2
    assert table.filter(regex="[✓✕◐]").sum(axis=1).tolist() == [100.0, 100.0]


def test_bad_picture_is_named_and_the_others_are_done(page: AppTest):
    good = {f"{n}__png": picture(1, shade=n) for n in range(1, 20)}
    upload(page, bad__jpg=b"hello", **good)
    (warning,) = page.warning
    assert "bad.jpg is a text file" in warning.value.replace("\\", "")
    assert "19 faces in 19 pictures" in words(page)
    assert len(page.dataframe[0].value) == 19
    assert len(page.selectbox(key="picture").options) == 19


def test_only_bad_pictures(page: AppTest):
    upload(page, bad__jpg=b"hello", empty__png=b"")
    assert "0 faces" in words(page)
    assert "2 pictures were skipped" in str(page.warning[0].proto)
    assert cards(page) == 0


def test_names_are_shown_as_they_are(page: AppTest):
    page.file_uploader[0].upload("*a* [b](http://c) :red[d].png", picture(1))
    page.run()
    assert any(r"\*a\* \[b\]\(http\:" in one.value for one in page.caption)


def test_the_same_picture_twice_is_one(page: AppTest):
    upload(page, a__png=picture(1))
    upload(page, a__png=picture(1))
    assert "1 face" in words(page)
    assert FakeFinder.calls == 1


def test_results_are_not_computed_again(page: AppTest):
    upload(page, a__png=picture(1), b__png=picture(2))
    assert FakeFinder.calls == 2
    next(one for one in page.slider if one.label == "Heatmap opacity").set_value(20).run()
    page.button(key="picture_next").click().run()
    assert FakeFinder.calls == 2
    page.slider(key="min_face_px").set_value(30).run()
    assert FakeFinder.calls == 4
    page.slider(key="min_face_px").set_value(16).run()
    assert FakeFinder.calls == 4


def test_uploaded_files_are_let_go(page: AppTest):
    upload(page, a__png=picture(1))
    assert not page.file_uploader[0].value


def test_more_than_fit_are_named(page: AppTest):
    upload(page, **{f"p{n}__png": picture(1, shade=n) for n in range(MAX_PICTURES + 2)})
    assert f"{MAX_PICTURES} faces in {MAX_PICTURES} pictures" in words(page)
    assert "Left out: p100.png, p101.png" in words(page)
    page.run()
    assert "Left out" not in words(page)


@pytest.mark.parametrize("name", samples.names())
def test_samples(page: AppTest, name: str):
    page.button(key=f"start_sample_{name}").click().run()
    assert not page.exception
    assert samples.title(name) in words(page)


def test_no_face(page: AppTest):
    upload(page, wall__png=picture(0))
    assert "No face found" in str(page.info[0].proto)
    assert cards(page) == 0
    whole = next(one for one in page.button if one.label == "Classify the whole picture as one face")
    whole.click().run()
    assert not page.exception
    assert not page.info
    assert "Face 1 · 128 px · drawn by you" in words(page)
    assert metrics(page)["✓ mask worn"] == "1"
    next(one for one in page.button if one.label == "Remove").click().run()
    assert "No face found" in str(page.info[0].proto)


def test_a_box_drawn_with_the_sliders(page: AppTest):
    upload(page, a__png=picture(1))
    key = page.session_state["photos_desk"].latest[0]
    page.session_state[f"draw_{key}"] = True
    page.run()
    page.slider(key=f"across_{key}").set_range(10, 70)
    page.slider(key=f"down_{key}").set_range(5, 60).run()
    page.button(key=f"add_{key}").click().run()
    assert not page.exception
    assert "Face 2 · 60 px · drawn by you" in words(page)
    assert page.session_state["photos_desk"].drawn[key] == [(10.0, 5.0, 70.0, 60.0)]


def test_fifty_faces(page: AppTest):
    upload(page, crowd__png=picture(50))
    assert metrics(page)["✓ mask worn"] == "50"
    assert cards(page) == 12
    assert len(page.get("pagination")) == 1
    key = page.session_state["photos_desk"].latest[0]
    page.session_state[f"cards_{key}"] = 5
    page.run()
    assert cards(page) == 2
    assert "Face 50" in words(page)


def test_heatmap_of_a_class_without_evidence(page: AppTest):
    upload(page, a__png=picture(1))
    assert "No positive evidence" not in words(page)
    page.get("pills")[0].set_value("without_mask").run()
    assert not page.exception
    assert "No positive evidence for no mask" in words(page)


def test_without_heatmaps(page: AppTest):
    page.toggle(key="show_heatmaps").set_value(False).run()
    upload(page, a__png=picture(1))
    assert "Heatmaps" not in words(page)
    assert not page.get("pills")
    assert cards(page) == 1


def test_two_sessions_see_only_their_own(work: Callable[..., None]):  # noqa: ARG001
    mine, yours = open_app(), open_app()
    upload(mine, mine__png=picture(3))
    upload(yours, yours__png=picture(1))
    mine.run()
    assert "3 faces" in words(mine)
    assert "mine.png" in words(mine)
    assert "yours.png" not in words(mine)
    assert "1 face" in words(yours)
    assert "mine.png" not in words(yours)


@pytest.mark.parametrize(
    "classes",
    [("with_mask", "without_mask"), ("with_mask", "without_mask", "partial_mask", "face_shield", "scarf_*up*")],
)
def test_any_number_of_classes(work: Callable[..., None], classes: tuple[str, ...]):
    work(*classes)
    page = open_app()
    upload(page, a__png=picture(1))
    assert len(page.metric) == len(classes) + 1
    assert page.get("pills")[0].value == "with_mask"
    assert json.loads(page.get("plotly_chart")[0].proto.spec)["data"][1]["x"][0] == 90.0


def test_another_model_answers_anew(work: Callable[..., None]):
    page = open_app()
    upload(page, a__png=picture(1))
    assert "✓ mask worn" in metrics(page)
    work("yes", "no", name="fake-2")
    page.run()
    assert metrics(page) == {"● yes": "1", "● no": "0", "? not sure": "0"}


def test_start_over(page: AppTest):
    upload(page, a__png=picture(1))
    page.button(key="clear").click().run()
    assert "Or try a sample" in words(page)
    assert not page.metric


def test_damaged_model_says_so(page: AppTest, monkeypatch: pytest.MonkeyPatch):
    def damaged() -> None:
        raise ModelError("models/x is damaged. Restore it from the repository.")

    monkeypatch.setattr(models, "at_work", damaged)
    upload(page, a__png=picture(1))
    assert "models/x is damaged. Restore it" in page.error[0].value.replace("\\", "")


def test_settings_survive_a_change_of_page(work: Callable[..., None], tmp_path: Path):  # noqa: ARG001
    photos = Path(__file__).parents[2] / "pages" / "photos.py"
    (tmp_path / "other.py").write_text("import streamlit as st\nst.write('elsewhere')\n")
    (tmp_path / "photos.py").write_text(photos.read_text())
    (tmp_path / "entry.py").write_text(
        "import streamlit as st\nfrom maskcls.ui import entrance\n"
        "page = st.navigation([st.Page('photos.py', default=True), st.Page('other.py')])\n"
        "entrance.note()\npage.run()\n"
    )
    app = AppTest.from_file(str(tmp_path / "entry.py"), default_timeout=300).run()
    app.slider(key="min_score").set_value(0.75)
    app.slider(key="min_face_px").set_value(40)
    app.toggle(key="show_heatmaps").set_value(False).run()
    upload(app, a__png=picture(2))
    app.switch_page("other.py").run()
    assert "elsewhere" in words(app)
    app.switch_page("photos.py").run()
    assert not app.exception
    assert (app.slider(key="min_score").value, app.slider(key="min_face_px").value) == (0.75, 40)
    assert app.toggle(key="show_heatmaps").value is False
    assert "2 faces" in words(app)


def test_settings_beyond_the_sliders_are_held_back(page: AppTest):
    page.session_state["min_score"] = 0.95
    upload(page, a__png=picture(2))
    assert "No face found" in str(page.info[0].proto)


def test_zip_is_made_when_asked_for(page: AppTest):
    from maskcls.ui.desk import Picture
    from maskcls.ui.downloads import annotated_zip

    upload(page, a__png=picture(2))
    one: Picture = next(iter(page.session_state["photos_desk"].pictures.values()))
    with zipfile.ZipFile(io.BytesIO(annotated_zip([(one, ())])())) as archive:
        assert archive.namelist() == ["a.jpg"]


def test_where_the_model_looked(page: AppTest, monkeypatch: pytest.MonkeyPatch):
    landmarks = np.array([[14, 20], [34, 20], [24, 30], [16, 40], [32, 40]], np.float32)
    find = FakeFinder.find

    def with_landmarks(self: FakeFinder, image_rgb: np.ndarray, **options: object) -> list[Found]:
        return [Found(one.box_xyxy, one.score, landmarks) for one in find(self, image_rgb, **options)]

    monkeypatch.setattr(FakeFinder, "find", with_landmarks)
    upload(page, one__png=picture(1))
    assert "The model looked at the " in words(page)


def test_a_model_without_a_heatmap(page: AppTest, monkeypatch: pytest.MonkeyPatch):
    classify = FakeClassifier.classify

    def without(self: FakeClassifier, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return classify(self, crops)[0], np.zeros((len(crops), 0, 0, 3), np.float32)

    monkeypatch.setattr(FakeClassifier, "classify", without)
    upload(page, one__png=picture(1))
    assert "no heatmap of its own" in words(page)

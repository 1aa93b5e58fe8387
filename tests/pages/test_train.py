"""The Train page as people use it: from a ZIP to a version at work, and what can go wrong on the way."""

import io
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from maskcls import images
from maskcls.data.importing import Plan, import_pictures
from maskcls.data.inbox import Inbox
from maskcls.registry import Registry
from maskcls.training.runs import asking
from maskcls.training.runs.run import ACTIVE, FAILED, Run
from maskcls.training.runs.settings import Settings
from maskcls.ui.teach import steps
from tests.pages.fakes import open_app
from tests.pages.test_photos import words
from tests.painted import painted_zip

PATIENCE_S = 240


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted_zip(tmp_path_factory.mktemp("painted") / "faces of mine.zip")


@pytest.fixture
def train(work: Callable[..., None]) -> AppTest:  # noqa: ARG001
    app = open_app().switch_page("pages/train.py").run()
    assert not app.exception
    return app


@pytest.fixture
def brought(painted: Path) -> None:
    """Let there be a data set already."""
    import_pictures(painted, asking.shelf(), Plan("mine", {}))


def tab(app: AppTest, name: str) -> AppTest:
    app.session_state[steps.TABS] = name
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    next(one for one in app.button if one.key == key).click()
    app.run()
    assert not app.exception
    return app


def bring(app: AppTest, data: bytes, name: str = "pictures.zip") -> AppTest:
    app.file_uploader[0].upload(name, data)
    app.run()
    assert not app.exception
    return app


def a_zip(**folders: int) -> bytes:
    file = io.BytesIO()
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(file, "w") as archive:
        for folder, count in folders.items():
            for i in range(count):
                noise = rng.integers(0, 255, (40, 40, 3), np.uint8)
                archive.writestr(f"{folder}/{i}.png", images.encode(noise))
    return file.getvalue()


def a_run(state: str, lines: list[dict] | None = None, **more: str) -> Run:
    run = asking.runs().create("training", "mine-1-1", Settings("mine-1", "mine-1-1", epochs=2).as_json())
    run.say(state, **more)
    for line in lines or []:
        run.progress.tell(**line)
    return run


class TestNothingYet:
    def test_every_step_says_what_to_do_first(self, train: AppTest):
        assert "A ZIP with a folder" in str([one.label for one in train.file_uploader])
        assert "no pictures yet" in words(tab(train, steps.CHECK))
        assert "no pictures yet" in words(tab(train, steps.TEACH))
        assert "Nothing has been taught yet" in words(tab(train, steps.WATCH))

    def test_a_button_leads_there(self, train: AppTest):
        press(tab(train, steps.WATCH), "watch_teach")
        press(train, "pick_bring")
        assert train.file_uploader

    def test_kept_faces_are_counted(self, train: AppTest):
        train.session_state["bring_source"] = "kept"
        train.run()
        assert "0 faces are kept so far" in words(train)


class TestBring:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "readable ZIP"),
            (b"no archive", "readable ZIP"),
            (a_zip(), "holds no pictures in class folders"),
        ],
    )
    def test_what_is_no_data_set_is_named(self, train: AppTest, data: bytes, said: str):
        bring(train, data)
        assert said in words(train)
        assert "tmp" not in words(train)
        assert asking.shelf().names() == []

    def test_an_unclear_folder_is_asked_about(self, train: AppTest):
        bring(train, a_zip(with_mask=2, without_mask=2, group7=2))
        assert "What do these pictures show?" in words(train)
        assert next(one for one in train.button if one.key == "zip_make").disabled
        next(one for one in train.selectbox if "group7" in one.label).select("leave out").run()
        press(train, "zip_make")
        assert asking.shelf().names() == ["pictures-1"]

    def test_one_class_is_not_enough(self, train: AppTest):
        press(bring(train, a_zip(with_mask=3)), "zip_make")
        assert "only one class" in words(train)

    def test_pictures_by_class(self, train: AppTest):
        train.session_state["bring_source"] = "files"
        train.run()
        for box in train.file_uploader[:2]:
            shade = 40 if box is train.file_uploader[0] else 200
            box.upload("one.png", images.encode(np.full((40, 40, 3), shade, np.uint8)))
        train.run()
        press(train, "files_make")
        assert asking.shelf().open("pictures-1").about.classes == ("with_mask", "without_mask")

    @pytest.mark.parametrize("name", ["../climbed-out", "with_mask", "{tmp}/climbed-out"])
    def test_a_class_of_ones_own_names_no_folder_here(self, train: AppTest, name: str):
        train.session_state["bring_source"] = "files"
        train.session_state["bring_own"] = name.format(tmp=tempfile.gettempdir())
        train.run()
        assert not train.exception
        for i, box in enumerate([train.file_uploader[0], train.file_uploader[-1]]):
            box.upload("one.png", images.encode(np.full((40, 40, 3), 40 + 100 * i, np.uint8)))
        train.run()
        press(train, "files_make")
        assert not (Path(tempfile.gettempdir()) / "climbed-out").exists()

    def test_kept_faces_go_when_they_must(self, train: AppTest):
        inbox = Inbox(asking.shelf()._folder.parent / "inbox")
        rng = np.random.default_rng(0)
        for label in ("with_mask", "without_mask"):
            kept = inbox.keep(rng.integers(0, 255, (40, 40, 3), np.uint8), label, consent=True, owner="abcd")
        train.session_state["bring_source"] = "kept"
        train.run()
        press(train, "kept_make")
        assert asking.shelf().open("kept-1").about.expires == kept.expires

    def test_a_handle_that_is_none(self, train: AppTest):
        train.session_state["bring_source"] = "kaggle"
        train.run()
        train.text_input[0].input("../x")
        next(one for one in train.button if one.label == "Download").click()
        train.run()
        assert "no handle of a Kaggle data set" in words(train)

    def test_a_data_set_that_a_run_needs_stays(self, brought: None, train: AppTest):  # noqa: ARG002
        a_run("stopped")
        press(train.run(), "bring_remove_it")
        assert "Cancel it first" in words(train)
        assert asking.shelf().names() == ["mine-1"]

    def test_a_data_set_is_removed(self, brought: None, train: AppTest):  # noqa: ARG002
        press(train.run(), "bring_remove_it")
        assert asking.shelf().names() == []


@pytest.mark.usefixtures("brought")
class TestCheck:
    def test_relabelled_and_dropped_pictures_make_a_new_version(self, train: AppTest):
        train.session_state["check_kind_mine-1"] = "all: mask worn"
        tab(train, steps.CHECK)
        shown = [one for one in train.button_group if str(one.key).startswith("check_label_")]
        before = asking.shelf().open("mine-1")
        rows = [int(str(one.key).rsplit("_", 1)[1]) for one in shown[:2]]
        other = next(name for name in before.about.classes if name != before.rows[rows[0]].label)
        shown[0].set_value(other)
        shown[1].set_value("drop")
        train.run()
        assert "2 changes" in words(train)
        press(train, "check_save")
        after = asking.shelf().open("mine-2")
        assert len(after.rows) == len(before.rows) - 1
        source = before.rows[rows[0]].source
        assert next(row.label for row in after.rows if row.source == source) == other
        assert asking.shelf().open("mine-1").rows == before.rows


@pytest.mark.usefixtures("brought")
class TestTeach:
    def test_a_preview_is_what_training_will_see(self, train: AppTest):
        tab(train, steps.TEACH)
        assert "Some of your faces" in words(train)
        assert "592,076 parameters" in words(train)
        train.toggle(key="augment_on").set_value(False).run()
        assert "Some of your faces" not in words(train)

    def test_a_name_that_cannot_be_one(self, train: AppTest):
        tab(train, steps.TEACH)
        next(one for one in train.text_input if one.label.startswith("Name")).input("../x").run()
        press(train, "teach_start")
        assert "cannot be the name of a version" in words(train)
        assert asking.runs().all() == []

    def test_from_pictures_to_a_version_at_work(self, train: AppTest):
        tab(train, steps.TEACH)
        train.radio(key="teach_architecture").set_value("plain-cnn").run()
        next(one for one in train.slider if one.label == "Epochs").set_value(2).run()
        press(train, "teach_start")
        run = asking.runs().all()[0]
        assert run.state in ACTIVE
        assert "Stop it" in [one.label for one in train.button]
        until = time.monotonic() + PATIENCE_S
        while run.state in ACTIVE and time.monotonic() < until:
            time.sleep(0.2)
        assert (run.state, run.error) == ("finished", "")
        # As whoever comes back later finds it.
        again = open_app().switch_page("pages/train.py").run()
        tab(again, steps.WATCH)
        assert "What came out" in words(again)
        press(again, "result_promote")
        assert Registry().at_work().name == "mine-1-1"
        press(again, "result_back")
        assert Registry().at_work().name == Registry().shipped_name()


class TestWatch:
    def test_a_failure_says_why(self, train: AppTest):
        a_run(FAILED, error="The data set <b>mine</b> is gone.")
        tab(train, steps.WATCH)
        assert "It failed" in str([one.value for one in train.error]) or "is gone" in words(train)

    def test_a_stopped_run_shows_its_curves_and_can_be_cancelled(self, train: AppTest):
        pace = {"per_s": 9.0, "left_s": 100.0, "waited": 0.01}
        a_run(
            "running",  # whose process is gone
            [
                {"kind": "device", "at": -1, "text": "CPU", "pictures": 10},
                {"kind": "batch", "at": 5, "epoch": 0, "loss": 1.0, "accuracy": 0.5, "rate": 0.1, **pace},
                {
                    "kind": "epoch",
                    "at": 10,
                    "epoch": 0,
                    "train": {"loss": 1.0, "accuracy": 0.5},
                    "validation": {"loss": 0.9, "calibrated": 0.9, "accuracy": 0.75, "macro_f1": 0.7},
                    "best": 0,
                    **pace,
                },
            ],
        )
        tab(train, steps.WATCH)
        assert "It can go on where it was" in words(train)
        assert "75.0%" in str([one.value for one in train.metric])
        assert "Go on" in [one.label for one in train.button]
        press(train, "watch_cancel")
        assert asking.runs().all()[0].state == "cancelled"

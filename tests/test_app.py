"""The app as it is shipped: its pages, its look, its start-up."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from streamlit.testing.v1 import AppTest

from maskcls import images
from maskcls.video import reading

ROOT = Path(__file__).parents[1]
IMPORTS_STREAMLIT = re.compile(r"^\s*(import|from) streamlit", re.MULTILINE)
# AppTest runs in the process itself, so that what it imported can be seen.
START_AND_ANSWER = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=300).run()
app.button(key="start_sample_four_faces").click().run()
print(len(app.exception), len(app.metric), [one.value for one in app.error])
from maskcls import analysis, samples
from maskcls.registry import Registry
registry = Registry()
image_rgb = samples.load("four_faces")
faces = analysis.classify_boxes(image_rgb, [(10, 10, 90, 90)], registry.classifier())
print(len(faces))
print(sorted({name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "torch", "jax"}))
"""


def test_starts_and_answers_without_tensorflow(tmp_path: Path):
    run = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", START_AND_ANSWER],
        cwd=ROOT,
        env={"MASKCLS_DEVICE": "cpu", "MASKCLS_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.stdout.splitlines() == ["0 4 []", "1", "[]"], run.stderr


def test_shows_the_model_at_work():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    assert not app.exception
    assert "Model at work" in [one.value for one in app.sidebar.subheader]
    app.button(key="model_card").click().run()
    assert not app.exception
    assert "✓ mask worn" in "".join(one.value for one in app.markdown)


def test_page_opened_by_its_address_comes_with_everything():
    # Streamlit's older rules for a folder called pages would run the page alone.
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    for _ in range(2):
        app.switch_page("pages/photos.py").run()
        assert not app.exception
        assert [one.value for one in app.title] == ["Photos"]
        assert "Model at work" in [one.value for one in app.sidebar.subheader]


def test_upload_limit_lets_in_what_the_library_takes():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] * 10**6 == max(images.MAX_BYTES, reading.MAX_BYTES)
    assert config["browser"]["gatherUsageStats"] is False
    assert {"light", "dark"} <= set(config["theme"])


def test_nothing_below_the_pages_imports_streamlit():
    low = [path for path in (ROOT / "maskcls").rglob("*.py") if "ui" not in path.relative_to(ROOT).parts]
    assert low
    assert [str(path) for path in low if IMPORTS_STREAMLIT.search(path.read_text(encoding="utf-8"))] == []


def test_pages_are_short():
    pages = list((ROOT / "pages").glob("*.py"))
    assert pages
    assert {path.name for path in pages if len(path.read_text(encoding="utf-8").splitlines()) > 150} == set()

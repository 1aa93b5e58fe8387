"""The Train page in a real browser: from a ZIP of painted faces to a version at work, with a reload in the middle."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskcls import benchmark_live
from tests.painted import painted_zip

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_MS = 120_000

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["sync_api.Page"]:
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))
    with benchmark_live.served() as server, sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=benchmark_live.FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{server.address}/train")
        yield page
        browser.close()


def test_from_a_zip_to_a_version_at_work(page: "sync_api.Page", tmp_path: Path):
    page.locator("input[type=file]").first.set_input_files(painted_zip(tmp_path / "mine.zip"))
    page.get_by_role("button", name="Make the data set").click()
    page.get_by_role("button", name="Go on to teaching").click()
    page.get_by_text("Plain CNN", exact=True).click()
    slider = page.get_by_role("slider", name="Epochs")
    slider.press("Home")
    for _ in range(2):
        slider.press("ArrowRight")
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="Stop it").wait_for()
    # Whoever comes back finds it again.
    page.reload()
    page.get_by_role("tab", name="Runs").click()
    page.get_by_role("heading", name="What came out").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    page.get_by_role("button", name="Put to work").click()
    page.get_by_text("is at work.").wait_for()
    page.get_by_test_id("stSidebar").get_by_text("mine-1-1").wait_for()

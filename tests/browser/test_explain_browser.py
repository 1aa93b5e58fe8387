"""The Explain page in a real browser, with the real model: maps come, a slow one can be stopped, a mask slides."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskcls import benchmark_live

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_MS = 300_000

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def page() -> Iterator["sync_api.Page"]:
    """Open the page with a sample on it; TensorFlow, which takes seconds, is loaded once for all tests."""
    with benchmark_live.served() as server, sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=benchmark_live.FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{server.address}/explain")
        page.get_by_role("button", name="Mask below the nose", exact=True).click()
        page.get_by_role("heading", name="Eigen-CAM").wait_for()
        yield page
        browser.close()


def test_maps_with_their_words(page: "sync_api.Page"):
    page.get_by_text(re.compile("The model looked at the (mouth|nose|chin|uncovered nose)")).first.wait_for()
    page.get_by_alt_text("The map by Evidence map").wait_for()
    page.get_by_text("Can you trust this map?").first.click()
    page.get_by_text("Insertion area (higher is better)").first.wait_for()


def test_a_slow_method_can_be_stopped(page: "sync_api.Page"):
    page.get_by_role("button", name="Score-CAM").click()
    page.get_by_role("button", name="Stop Score-CAM").click()
    page.get_by_role("button", name="Stop Score-CAM").wait_for(state="hidden")
    page.get_by_role("heading", name="Eigen-CAM").wait_for()
    assert page.get_by_alt_text("The map by Score-CAM").count() == 0


def test_a_mask_slides_with_the_keyboard(page: "sync_api.Page"):
    page.get_by_role("tab", name="What if").click()
    page.get_by_text("mask partially worn", exact=False).first.wait_for()
    slider = page.get_by_role("slider", name="How far the mask has slid down")
    slider.press("Home")
    page.get_by_role("heading", name="mask worn").wait_for()


def test_layers_and_faces(page: "sync_api.Page"):
    page.get_by_role("tab", name="Inside the network").click()
    page.get_by_alt_text(re.compile("most active feature maps")).wait_for()
    dots = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    dots.scroll_into_view_if_needed()
    dots.wait_for()

"""The real server in a real browser: what AppTest cannot see."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskcls import benchmark_live, images, samples

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
VERDICT = re.compile("^(✓ mask worn|✕ no mask|◐ mask partially worn|\\? not sure)$")
# For a machine that is busy with something else; a quick one never waits that long.
PATIENCE_MS = 300_000

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start the server on a free port; stop it in the end."""
    with benchmark_live.served() as server:
        yield server.address


@pytest.fixture
def page(address: str) -> Iterator["sync_api.Page"]:
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=benchmark_live.FLAGS)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        # The page's own address, on a server that nobody has asked for anything yet.
        page.goto(f"{address}/photos")
        page.get_by_role("heading", name="Photos").wait_for()
        yield page
        browser.close()


def _at_rest(element: "sync_api.Locator") -> dict[str, float]:
    """Return where an element lies once the page has stopped scrolling, which nothing announces."""
    before = None
    for _ in range(60):
        area = element.bounding_box()
        if area is not None and area == before:
            return area
        before = area
        element.page.wait_for_timeout(1000)
    pytest.fail("The page did not come to rest.")


def test_verdict_of_an_uploaded_picture(page: "sync_api.Page", tmp_path: Path):
    portrait = tmp_path / "portrait.png"
    portrait.write_bytes(images.encode(samples.load("mask_worn")))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.locator("input[type=file]").set_input_files(portrait)
    page.get_by_text("portrait.png · 512 × 512 px").wait_for()
    page.get_by_text(re.compile("^Face 1 ·")).wait_for()
    verdicts = page.get_by_role("heading", level=3).filter(has_text=VERDICT)
    verdicts.first.wait_for()
    assert verdicts.all_text_contents() == ["✓ mask worn"]
    numbers = page.locator("[data-testid=stPlotlyChart]").first.get_by_text(re.compile(r"^[\d.]+ %$"))
    numbers.nth(2).wait_for()
    shares = [float(str(text).removesuffix(" %")) for text in numbers.all_text_contents()]
    assert len(shares) == 3
    assert round(sum(shares), 6) == 100.0
    assert [url for url in requests if not url.startswith(("http://127.0.0.1", "data:", "blob:"))] == []


def test_a_box_drawn_with_the_mouse(page: "sync_api.Page"):
    page.get_by_role("button", name="Four faces", exact=True).click()
    page.get_by_text(re.compile("raw a box around")).last.click()
    page.get_by_role("button", name="Add this face").scroll_into_view_if_needed()
    chart = page.locator("[data-testid=stPlotlyChart]").last
    chart.locator(".draglayer").first.wait_for(state="attached")
    area = _at_rest(chart)
    x, y = area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 20, steps=5)
    page.mouse.move(x + 80, y + 50, steps=5)
    page.mouse.up()
    # The slider starts at 448 px, 35 % of the picture; the drag began at about 30 %.
    page.get_by_text(re.compile("^3[6-9][0-9] px$")).first.wait_for()
    page.get_by_role("button", name="Add this face").click()
    page.get_by_text(re.compile("drawn by you")).wait_for()

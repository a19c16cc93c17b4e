"""A real browser before the page; whatever its console complains of fails the test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from page.pretend_gallery import PretendGallery
from page.pretend_people import painted
from page.pretend_server import Pretended, serving

CHROMIUM = shutil.which("chromium")
SHAPE = {"viewport": {"width": 1000, "height": 700}, "reduced_motion": "reduce"}


@contextmanager
def chromium() -> Iterator[object]:
    """A browser, or a skipped test where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the PATH")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--in-process-gpu", "--renderer-process-limit=1"],
        )
        browser.new_context(**SHAPE).new_page()
        yield browser
        browser.close()


@contextmanager
def pretending(**changes) -> Iterator[Pretended]:
    """A server of painted people; `people` and `calibrated` are of its gallery, the rest of `Pretended`."""
    people = changes.pop("people", None)
    gallery = PretendGallery(painted() if people is None else people, calibrated=changes.pop("calibrated", True))
    with serving(Pretended(gallery, **changes)) as pretended:
        yield pretended


@contextmanager
def looking(browser, url, *, ready=True, expected=(), **context) -> Iterator[object]:
    """The page at an address, as a new tab has it; `expected` are beginnings of complaints that belong to the test.

    A test that wants another shape of the window, or another state of the browser, has a browser context of its own;
    all others share one tab, since a new one takes longer than most tests.
    """
    opened = browser.new_context(**SHAPE | context) if context else browser.contexts[0]
    opened.set_default_timeout(30_000)
    page = opened.new_page() if context else opened.pages[0]
    complaints = []

    def told(said):
        if said.type in ("error", "warning"):
            complaints.append(said.text)

    def failed(error):
        complaints.append(str(error))

    page.on("console", told)
    page.on("pageerror", failed)
    try:
        page.goto(url)
        if ready:
            page.wait_for_selector("html[data-state=ready]")
            page.wait_for_selector("#gallery .tile .thumb[src], #gallery .empty")
        yield page
    finally:
        if context:
            opened.close()
        else:
            page.evaluate("sessionStorage.clear()")
            page.goto("about:blank")
            page.remove_listener("console", told)
            page.remove_listener("pageerror", failed)
    unexpected = [said for said in complaints if not said.startswith(tuple(expected))]
    assert not unexpected, unexpected


def search_by_red(page, red) -> None:
    """Search by the picture of the first person."""
    page.set_input_files("#choose", {"name": "red.jpg", "mimeType": "image/jpeg", "buffer": red})
    page.click("#search:enabled")
    page.wait_for_selector("#results .tile .open")

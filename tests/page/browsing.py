"""A real browser before the page; whatever its console complains of fails the test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from page.pretend_gallery import PretendGallery
from page.pretend_people import painted
from page.pretend_server import Pretended, serving

CHROMIUM = shutil.which("chromium")


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
    """The page at an address; `expected` are beginnings of complaints that belong to the test."""
    opened = browser.new_context(**{"viewport": {"width": 1000, "height": 700}, "reduced_motion": "reduce"} | context)
    opened.set_default_timeout(30_000)
    page = opened.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    if ready:
        page.wait_for_selector("html[data-state=ready]")
        page.wait_for_selector("#gallery .tile .thumb[src], #gallery .empty")
    yield page
    opened.close()
    unexpected = [said for said in complaints if not said.startswith(tuple(expected))]
    assert not unexpected, unexpected


def search_by_red(page, red) -> None:
    """Search by the picture of the first person."""
    page.set_input_files("#choose", {"name": "red.jpg", "mimeType": "image/jpeg", "buffer": red})
    page.click("#search:enabled")
    page.wait_for_selector("#results .tile .open")

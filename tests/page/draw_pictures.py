"""Draws the pictures of docs/page.md: the page before a pretended gallery of drawn people.

passerby synth DIR --train-ids 40 --test-ids 40
PYTHONPATH=tests python -m page.draw_pictures --world DIR --into docs
"""

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from page.browsing import chromium, looking, pretending
from page.pretend_people import Seen, drawn, jpeg, scene

CASE = "Lost child, hall 2"
BOX = (238, 78, 134, 264)
"""Round the second of a scene."""
COLOURS = 256
SAID_MS = 12_000
"""So long what was marked can be undone, at the bottom of the page."""
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}


def draw(browser: Browser, world: Path, into: Path) -> None:
    """Write page_results.png, page_case.png, page_box.png and page_phone.png."""
    people = drawn(world)
    pid = _most_travelled(people)
    with pretending(people=people) as pretended:
        with looking(browser, pretended.url, viewport=WIDE) as page:
            _search(page, people, pid)
            _mark(page, [one.id for one in people if one.pid == pid])
            page.locator("#results .tile .unfold").first.click()
            _save(page, into / "page_results.png")
            page.click("#to-case")
            page.wait_for_selector(".chart .dot img[src]")
            _save(page, into / "page_case.png")
            several = [Image.open(io.BytesIO(one.picture)) for one in {one.pid: one for one in people}.values()][:3]
            page.set_input_files("#choose", _file("hall.jpg", jpeg(scene(several))))
            page.get_by_role("button", name="Start in the middle").click()
            for field, value in zip(page.locator("dialog[open] input").all(), BOX, strict=True):
                field.fill(str(value))
                field.press("Tab")
            _save(page, into / "page_box.png")
        with looking(browser, pretended.url, viewport=PHONE, color_scheme="dark", has_touch=True) as page:
            page.click("#case-button")
            _open_case(page)
            _search(page, people, pid)
            _save(page, into / "page_phone.png")


def _most_travelled(people: list[Seen]) -> int:
    """Who was seen by most cameras."""
    cameras: dict[int, set[int]] = {}
    for one in people:
        cameras.setdefault(one.pid, set()).add(one.camid)
    return max(sorted(cameras), key=lambda pid: len(cameras[pid]))


def _file(name: str, content: bytes) -> dict[str, str | bytes]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def _search(page: Page, people: list[Seen], pid: int) -> None:
    """By a picture of the person from each of two cameras."""
    side, back = list({one.camid: one for one in people if one.pid == pid}.values())[:2]
    page.set_input_files("#choose", [_file("side.jpg", side.picture), _file("back.jpg", back.picture)])
    page.click("#search:enabled")
    page.wait_for_selector("#results .tile .thumb[src]")


def _open_case(page: Page) -> None:
    page.fill("#case-field", CASE)
    page.click("text=Open this case")


def _mark(page: Page, ids: list[str]) -> None:
    """Mark as right what is found of these, a track for each tile, and wait until nothing is said of it any more."""
    tiles = page.locator("#results .tile:not(.of-track)")
    right = [id for id in tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)") if id in ids]
    for number, id in enumerate(right):
        page.locator(f"#results .tile[data-id='{id}'] .act.right").click()
        if not number:
            _open_case(page)
        expect(page.locator(f"#results .tile[data-id='{id}']")).to_have_attribute("data-mark", "right")
    page.wait_for_timeout(SAID_MS)


def _save(page: Page, path: Path) -> None:
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    shot = Image.open(io.BytesIO(page.screenshot()))
    shot.convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    given = parser.parse_args()
    with chromium() as browser:
        draw(browser, given.world, given.into)


if __name__ == "__main__":
    main()

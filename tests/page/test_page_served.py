"""The page before the server itself, with a network that looks at colours: from a picture to a case."""

import csv

import numpy as np

from page.browsing import looking
from passerby.serve.inside import Inside
from serve.served import BLUE, EMBEDDER, GREEN, MODEL, RED, ListLedger, encoded, filled, image, listening

LOAD = ["Failed to load resource"]


class LineAt:
    """Stands for a calibration: likely above a similarity, nobody below it."""

    rates = (0.001, 0.01)
    model = MODEL

    def __init__(self, line):
        self.line = line

    def probability(self, similarity, **_):
        return 1 / (1 + np.exp(-20 * (np.asarray(similarity, dtype=np.float64) - self.line)))

    def top1(self, similarity, **_):
        return float(self.probability(similarity))

    def nobody_below(self, rate, **_):
        return self.line

    def nobody_misses(self, rate, **_):
        return 0.25

    def measured(self, rate, **_):
        return True


def test_from_a_picture_with_two_people_to_a_case_with_the_server_itself(browser, expect, tmp_path):
    both = image(GREEN, (200, 100))
    both.paste(RED, (120, 0, 200, 100))
    inside = Inside(gallery=filled(), embedder=EMBEDDER, ledger=ListLedger(), calibration=LineAt(0.8), rate=0.01)
    with listening(inside) as (host, port), looking(browser, f"http://{host}:{port}/") as page:
        expect(page.locator("#gallery .tile")).to_have_count(9)
        page.set_input_files("#choose", {"name": "both.png", "mimeType": "image/png", "buffer": encoded(both)})
        page.click("text=Start in the middle")
        for place, value in enumerate((125, 0, 60, 100)):
            page.locator(".numbers input").nth(place).fill(str(value))
            page.keyboard.press("Tab")
        page.click("text=Use this box")
        page.check("[name=camera][value='1']")
        page.check("[name=camera][value='3']")
        page.click("#search:enabled")
        tiles = page.locator("#results .tile")
        expect(tiles).to_have_count(6)
        expect(page.locator(".verdict h3")).to_have_text("2 tracks to look at")
        expect(page.locator(".line")).to_be_visible()
        expect(tiles.locator(".thumb[src^=blob]").first).to_be_visible()
        for place in (0, 1):
            tiles.nth(place).locator(".act.right").click()
            if place == 0:
                page.fill("#case-field", "Red: who, where? <1>")
                page.click("text=Open this case")
            expect(page.locator("#marked-count")).to_have_text(f"{place + 1} right")
        tiles.nth(2).locator(".act.wrong").click()
        expect(tiles.nth(2)).to_have_attribute("data-mark", "wrong")
        page.click("text=Undo")
        expect(tiles.nth(2)).to_have_attribute("data-mark", "")
        tiles.nth(0).locator(".act.search").click()
        expect(page.locator(".verdict")).to_be_visible()
        expect(page.locator("#results .tile")).to_have_count(5)
        page.click("#to-case")
        lanes = page.locator(".chart .lane:not(.axis) .lane-name")
        expect(lanes).to_have_text(["Camera 1", "Camera 3"])
        expect(page.locator(".gap")).to_have_text("2 h later")
        page.locator(".chart .dot").first.click()
        expect(page.locator("dialog.detail .facts-list")).to_contain_text("red_c1.png")
        page.keyboard.press("Escape")
        with page.expect_download() as started:
            page.click("text=Save manifest")
        started.value.save_as(tmp_path / "manifest.csv")
        rows = list(csv.DictReader((tmp_path / "manifest.csv").read_text().splitlines()))
        assert [row["path"] for row in rows] == ["red_c1.png", "red_c3.png"]


def test_nobody_an_error_and_a_key_with_the_server_itself(browser, expect):
    keys = [("a-key-of-many-signs", "anna", "search")]
    inside = Inside(gallery=filled(), embedder=EMBEDDER, ledger=ListLedger(keys), calibration=LineAt(0.99), rate=0.01)
    with (
        listening(inside) as (host, port),
        looking(browser, f"http://{host}:{port}/", ready=False, expected=LOAD) as page,
    ):
        page.fill("#key", "not-the-key")
        page.keyboard.press("Enter")
        expect(page.locator("dialog .wrong-words")).to_be_visible()
        page.fill("#key", "a-key-of-many-signs")
        page.keyboard.press("Enter")
        expect(page.locator("#gallery .thumb[src^=blob]").first).to_be_visible()
        half = image(BLUE, (60, 120))
        half.paste((200, 180, 20), (0, 0, 60, 60))
        page.set_input_files("#choose", {"name": "who.png", "mimeType": "image/png", "buffer": encoded(half)})
        page.click("#search:enabled")
        expect(page.locator(".verdict.nobody h3")).to_have_text("Probably nobody here")
        page.locator(".picture .out").click()
        page.set_input_files(
            "#choose", {"name": "no.png", "mimeType": "image/png", "buffer": encoded(half, kind="GIF")}
        )
        page.click("#search:enabled")
        expect(page.locator(".trouble p")).to_contain_text("no.png is no JPEG, PNG or WebP picture")

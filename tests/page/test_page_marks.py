"""What is marked right or wrong is kept under a case, taken back, lined up and handed over."""

import csv
import dataclasses
from datetime import datetime

import pytest

from page.browsing import looking, pretending, search_by_red
from page.pretend_people import jpeg, painted, person
from page.pretend_server import Refusal

RED = jpeg(person("red", "black", wall=150))

TICKS = """async () => {
  const { tickNames, timeAxis } = await import("/static/time_axis.js");
  const at = (iso) => Date.parse(iso) / 1000;
  const every = (first, step, count) => Array.from({ length: count }, (_, i) => at(first) + i * step);
  const ticks = [every("2026-01-01T12:00:00Z", 43200, 4), every("2026-12-31T23:30:00Z", 1800, 3),
    every("2026-12-31T00:00:00Z", 86400, 3), []];
  const made = ticks.map((some) => tickNames(some, some[0] ?? at("2026-01-01T08:00:00Z")));
  const named = ([first, last, most]) => {
    const axis = timeAxis([at(first), at(last)], most);
    return tickNames(axis.ticks, axis.from);
  };
  const far = ["2026-01-01T19:07:00Z", "2026-01-03T04:31:00Z"];
  return [...made, ...[[...far, 3], [...far, 6], ["2026-01-01T00:05:00Z", "2026-01-01T20:00:00Z", 3]].map(named)];
}"""
STAYS = """async () => {
  const { stays } = await import("/static/stays.js");
  const found = (...seen) => stays(seen.map(([camid, at]) => ({ camid, at }))).map((stay) => stay.length);
  return [found(), found([1, 0]), found([1, 0], [1, 1800], [1, 3600]), found([1, 0], [1, 1801]),
    found([1, 0], [2, 1], [1, 2]), found([null, 0], [null, 0], [1, 0])];
}"""


@pytest.fixture
def pretended():
    with pretending() as served:
        yield served


def open_case(page, name):
    page.fill("#case-field", name)
    page.click("text=Open this case")


def test_marks_are_kept_under_a_case_and_taken_back_one_by_one(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        search_by_red(page, RED)
        first, second = page.locator("#results .tile").nth(0), page.locator("#results .tile").nth(1)
        ids = [one.get_attribute("data-id") for one in (first, second)]
        first.locator(".act.right").click()
        page.fill("#case-field", "a/b")
        page.click("text=Open this case")
        assert page.locator("#case-field").evaluate("field => field.validationMessage") != ""
        open_case(page, "Lost & found <1>")
        expect(first).to_have_attribute("data-mark", "right")
        assert pretended.gallery.marks == {"Lost & found <1>": {ids[0]: True}}
        expect(page.locator("#marked-count")).to_have_text("1 right")
        second.locator(".open").focus()
        page.keyboard.press("w")
        expect(second).to_have_attribute("data-mark", "wrong")
        expect(second.locator(".act.wrong")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("r")
        expect(second).to_have_attribute("data-mark", "right")
        page.keyboard.press("z")
        expect(second).to_have_attribute("data-mark", "wrong")
        page.keyboard.press("z")
        expect(second).to_have_attribute("data-mark", "")
        page.keyboard.press("z")
        expect(first).to_have_attribute("data-mark", "")
        assert pretended.gallery.marks == {"Lost & found <1>": {}}
        expect(page.locator("#said")).to_contain_text("taken back")
        page.click("#to-gallery")
        expect(page.locator("#said")).to_be_empty(timeout=2000)


def test_a_whole_track_is_marked_with_shift_and_undone_at_once(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        page.click("#case-button")
        open_case(page, "one")
        expect(page.locator("#case-name")).to_have_text("one")
        search_by_red(page, RED)
        many = page.locator("#results .tile:has(.unfold)").first
        count = 1 + int(many.locator(".unfold").inner_text().removeprefix("+"))
        many.locator(".open").focus()
        page.keyboard.press("Shift+R")
        expect(page.locator("#marked-count")).to_have_text(f"{count} right")
        assert sum(pretended.gallery.marks["one"].values()) == count
        page.click("text=Undo")
        expect(page.locator("#marked-count")).to_be_hidden()
        assert pretended.gallery.marks["one"] == {}
        many.locator(".unfold").click()
        page.click(f"text=All {count} right")
        expect(page.locator("#results .tile[data-mark=right]")).to_have_count(count)


def test_marks_come_back_with_the_page_and_a_mark_that_failed_is_not_shown(browser, pretended, expect):
    with looking(browser, pretended.url, expected=["Failed to load resource"]) as page:
        page.click("#case-button")
        open_case(page, "kept")
        tile = page.locator("#gallery .tile").first
        tile.locator(".act.right").click()
        expect(tile).to_have_attribute("data-mark", "right")
        page.reload()
        expect(page.locator("#gallery .tile").first).to_have_attribute("data-mark", "right")
        pretended.fails["marks"] = Refusal(503, "The database is away; ask again in a moment.")
        page.locator("#gallery .tile").nth(1).locator(".act.right").click()
        expect(page.locator(".trouble")).to_contain_text("not marked: The database is away")
        expect(page.locator("#gallery .tile").nth(1)).to_have_attribute("data-mark", "")


def test_the_timeline_lines_up_the_right_ones_by_camera_and_time(browser, pretended, expect, tmp_path):
    right = [one.id for one in pretended.gallery.people.values() if one.pid == 1 and one.camid in (1, 3)]
    lone = next(one.id for one in pretended.gallery.people.values() if one.time is None)
    wrong = next(one.id for one in pretended.gallery.people.values() if one.pid == 2)
    pretended.gallery.marks["way"] = {id: True for id in [*right, lone]} | {wrong: False}
    with looking(browser, pretended.url) as page:
        page.click("#to-case")
        expect(page.locator("#case .empty")).to_be_visible()
        page.click("text=Open a case")
        open_case(page, "way")
        lanes = page.locator(".chart .lane:not(.axis)")
        expect(lanes).to_have_count(2)
        assert lanes.locator(".lane-name").all_inner_texts() == ["Camera 1", "Camera 3"]
        boxes = [lane.locator(".dot").first.bounding_box() for lane in lanes.all()]
        assert boxes[0]["x"] < boxes[1]["x"]
        expect(lanes.first.locator(".dot .count")).to_have_text("2")
        stops = page.locator(".route .stop strong")
        assert stops.all_inner_texts() == ["Camera 1", "Camera 3", "Camera 4"]
        expect(page.locator(".gap")).to_have_text("19 min 58 s later")
        expect(page.locator(".axis .lane-name")).to_have_text("1 Jan 2026")
        assert page.evaluate(TICKS) == [
            {"before": "1 Jan 2026", "names": ["12:00", "2 Jan", "12:00", "3 Jan"]},
            {"before": "31 Dec 2026", "names": ["23:30", "1 Jan 2027", "00:30"]},
            {"before": "31 Dec 2026", "names": ["31 Dec", "1 Jan 2027", "2 Jan"]},
            {"before": "1 Jan 2026", "names": []},
            {"before": "1 Jan 2026", "names": ["2 Jan", "3 Jan"]},
            {"before": "1 Jan 2026", "names": ["2 Jan", "12:00", "3 Jan"]},
            {"before": "31 Dec 2025", "names": ["1 Jan 2026", "12:00"]},
        ]
        assert page.evaluate(STAYS) == [[], [1], [3], [1, 1], [1, 1, 1], [1, 1, 1]]
        lanes.nth(1).locator(".dot").click()
        expect(page.locator("dialog.detail h2")).to_have_text("Camera 3")
        expect(page.locator("dialog.detail .facts-list")).to_contain_text("upper")
        page.keyboard.press("w")
        expect(page.locator("dialog.detail .act.wrong")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        expect(page.locator("#marked-count")).to_have_text("4 right")
        with page.expect_download() as started:
            page.click("text=Save manifest")
        started.value.save_as(tmp_path / "manifest.csv")
        rows = list(csv.DictReader((tmp_path / "manifest.csv").read_text().splitlines()))
        assert len(rows) == 4
        assert {row["camid"] for row in rows} == {"1", "3", "4"}


@pytest.mark.parametrize("width", [390, 1280])
def test_the_axis_names_the_day_it_begins_in_and_a_stay_ends_where_nobody_saw_them_for_long(browser, expect, width):
    times = ["01T19:07:00", "01T19:08:39", "01T23:59:00", "02T00:10:30", "03T04:31:10"]
    people = [
        dataclasses.replace(one, camid=1, time=datetime.fromisoformat(f"2026-01-{time}Z").timestamp())
        for one, time in zip(painted(), times, strict=False)
    ]
    with (
        pretending(people=people) as served,
        looking(browser, served.url, viewport={"width": width, "height": 800}) as page,
    ):
        served.gallery.marks["way"] = {one.id: True for one in people}
        page.click("#case-button")
        open_case(page, "way")
        page.click("#to-case")
        expect(page.locator(".axis .lane-name")).to_have_text("1 Jan 2026")
        expect(page.locator(".axis .lane-name")).to_be_in_viewport()
        expect(page.locator(".route .stop > p")).to_have_text(
            [
                "Camera 1 1 Jan 2026, 19:07:00 UTC to 19:08:39, 1 min 39 s",
                "Camera 1 1 Jan 2026, 23:59:00 UTC to 2 Jan 2026, 00:10:30 UTC, 11 min 30 s",
                "Camera 1 3 Jan 2026, 04:31:10 UTC",
            ]
        )
        expect(page.locator(".gap")).to_have_text(["4 h 50 min later", "1 d 4 h later"])


def test_a_sighting_opens_beside_whom_is_looked_for_and_the_keys_go_on(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        search_by_red(page, RED)
        page.locator("#results .tile .open").first.click()
        dialog = page.locator("dialog.detail")
        expect(dialog.locator(".asked canvas")).to_be_visible()
        expect(dialog.locator(".facts-list")).to_contain_text("probability")
        page.keyboard.press("ArrowRight")
        expect(dialog).to_contain_text("2 of 25")
        page.keyboard.press("r")
        open_case(page, "from detail")
        expect(dialog.locator(".act.right")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("z")
        expect(dialog.locator(".act.right")).to_have_attribute("aria-pressed", "false")
        expect(dialog.locator("#said")).to_contain_text("taken back")
        page.keyboard.press("s")
        expect(dialog).to_be_hidden()
        expect(page.locator(".picture")).to_have_count(1)
        expect(page.locator("#results-title")).to_be_focused()
        assert pretended.asked[-1][0] == "POST search/records"

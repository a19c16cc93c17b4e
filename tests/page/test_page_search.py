"""Whoever looks for a person gets from a picture to an answer."""

import dataclasses

import pytest

from page.browsing import looking, pretending, search_by_red
from page.pretend_people import jpeg, painted, person, scene

RED = jpeg(person("red", "black", wall=150))


@pytest.fixture
def pretended():
    with pretending() as served:
        yield served


def asked(pretended, route):
    return [body for name, body in pretended.asked if name == route][-1]


def test_an_upload_finds_its_person_first_grouped_by_track_with_the_line_where_it_falls(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        expect(page.locator("#search")).to_be_disabled()
        search_by_red(page, RED)
        expect(page.locator(".verdict h3")).to_have_text("3 tracks and 1 single sighting to look at")
        expect(page.locator(".verdict .facts")).to_contain_text(
            "25 sightings in 12 tracks and 1 single sighting, of 25"
        )
        tiles = page.locator("#results .tile")
        fronts = tiles.evaluate_all("all => all.map((one) => one.dataset.id)")
        assert [pretended.gallery.people[id].pid for id in fronts[:4]] == [1] * 4
        tracks = [(pretended.gallery.people[id].camid, pretended.gallery.people[id].trackid) for id in fronts]
        assert len(set(tracks)) == len(tracks)
        above = page.locator(".line").evaluate("line => line.previousElementSibling.children.length")
        shown = [float(text.split()[-1]) for text in tiles.locator(".value .soft").all_inner_texts()]
        assert above == sum(similarity >= 0.6 for similarity in shown)
        assert shown == sorted(shown, reverse=True)
        expect(tiles.first.locator(".value strong")).to_contain_text("%")


def test_a_track_unfolds_and_folds(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        search_by_red(page, RED)
        many = page.locator("#results .tile:has(.unfold)").first
        count = page.locator("#results .tile").count()
        more = int(many.locator(".unfold").inner_text().removeprefix("+"))
        many.locator(".unfold").click()
        expect(page.locator("#results .tile")).to_have_count(count + more)
        expect(page.locator("#results .tile.of-track").first.locator(".open")).to_be_focused()
        many.locator(".unfold").click()
        expect(page.locator("#results .tile")).to_have_count(count)


def test_an_uncalibrated_model_shows_similarities_and_pictures_without_tracks_are_no_tracks(browser, expect):
    trackless = [dataclasses.replace(one, trackid=None) for one in painted()]
    with pretending(calibrated=False, people=trackless) as served, looking(browser, served.url) as page:
        expect(page.locator("#rate")).to_have_count(0)
        search_by_red(page, RED)
        expect(page.locator(".verdict")).to_contain_text("not calibrated")
        expect(page.locator(".verdict .facts")).to_contain_text("25 sightings, of 25 records")
        expect(page.locator("#results .value").first).to_contain_text("similarity")
        expect(page.locator("#results .value", has_text="%")).to_have_count(0)
        expect(page.locator(".line")).to_have_count(0)


def test_an_order_that_is_not_of_similarity_has_no_line_but_each_below_says_so(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        page.click("#how summary")
        page.check("#rerank")
        page.select_option("#way", "exact")
        page.select_option("#expand", "3")
        page.select_option("#count", "100")
        search_by_red(page, RED)
        expect(page.locator(".line")).to_have_count(0)
        told = page.locator("#results .tile.below .open").first.get_attribute("aria-label")
        assert "below the line" in told
        _, how = asked(pretended, "POST search")
        assert (how["rerank"], how["way"], how["expand"], how["k"]) == (True, "exact", 3, 100)


def test_the_filters_are_what_the_server_gets(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        page.check("[name=camera][value='2']")
        page.fill("#since", "2026-01-01T08:00:00")
        page.fill("#until", "2026-01-01T08:25:00")
        page.select_option("#label-upper", "red")
        expect(page.locator("#filter-count")).to_have_text("4 set")
        expect(page.locator("#gallery .tile")).to_have_count(4)
        page.click("#how summary")
        page.select_option("#not-camera", "3")
        page.select_option("#rate", "0.001")
        search_by_red(page, RED)
        _, how = asked(pretended, "POST search")
        assert how["filters"] == {
            "cameras": [2],
            "since": "2026-01-01T08:00:00Z",
            "until": "2026-01-01T08:25:00Z",
            "labels": {"upper": "red"},
        }
        assert (how["not_camera"], how["rate"], how["boxes"]) == (3, 0.001, [None])
        expect(page.locator(".stale")).to_have_count(0)
        page.click("text=Clear filters")
        expect(page.locator("#filter-count")).to_be_hidden()
        expect(page.locator(".stale")).to_contain_text("Press Search to apply it")
        expect(page.locator("#filter-stale")).to_have_text("press Search to apply")
        page.click("#to-gallery")
        expect(page.locator("#filter-stale")).to_be_hidden()
        page.click("#to-results")
        page.click("text=Search again")
        expect(page.locator("#results .tile").nth(4)).to_be_visible()
        expect(page.locator(".stale")).to_have_count(0)
        expect(page.locator("#filter-stale")).to_be_hidden()
        assert asked(pretended, "POST search")[1]["filters"] == {}
        page.select_option("#count", "20")
        expect(page.locator(".stale")).to_be_visible()
        expect(page.locator("#filter-stale")).to_be_hidden()
        page.select_option("#count", "50")
        expect(page.locator(".stale")).to_have_count(0)


def test_a_time_range_backwards_is_told_and_not_sent(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        page.set_input_files("#choose", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": RED})
        page.fill("#since", "2026-01-02T08:00:00")
        page.fill("#until", "2026-01-01T08:00:00")
        page.click("#search:enabled")
        expect(page.locator("#time-wrong")).to_contain_text("must come after")
        assert not [name for name, _ in pretended.asked if name == "POST search"]


def test_a_click_in_the_gallery_searches_by_that_sighting_without_its_own_track(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        first = page.locator("#gallery .tile").first
        id = first.get_attribute("data-id")
        first.locator(".act.search").click()
        expect(page.locator("#results .tile").first).to_be_visible()
        body = asked(pretended, "POST search/records")
        assert body["ids"] == [id]
        assert "boxes" not in body
        page.click("#how summary")
        page.check("#others")
        page.click("#search:enabled")
        expect(page.locator(".verdict")).to_be_visible()
        assert asked(pretended, "POST search/records")["other_cameras_only"] is True


def test_the_box_says_who_is_meant_by_mouse_and_by_keys(browser, pretended, expect):
    several = jpeg(scene([person("green", "black"), person("red", "black"), person("blue", "black")]))
    with looking(browser, pretended.url) as page:
        page.set_input_files("#choose", {"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": several})
        stage = page.locator(".stage").bounding_box()
        scale = stage["width"] / 640
        page.mouse.move(stage["x"] + 245 * scale, stage["y"] + 85 * scale)
        page.mouse.down()
        page.mouse.move(stage["x"] + 365 * scale, stage["y"] + 335 * scale)
        page.mouse.up()
        fields = page.locator(".numbers input")
        drawn = [int(one.input_value()) for one in fields.all()]
        assert drawn == pytest.approx([245, 85, 120, 250], abs=3)
        expect(page.locator(".box")).to_be_focused()
        page.keyboard.press("Control+ArrowLeft")
        page.keyboard.press("Control+Shift+ArrowDown")
        expect(fields.nth(0)).to_have_value(str(drawn[0] - 1))
        expect(fields.nth(3)).to_have_value(str(drawn[3] + 1))
        fields.nth(0).fill("9999")
        fields.nth(0).press("Tab")
        expect(fields.nth(0)).to_have_value("632")
        fields.nth(0).fill("240")
        fields.nth(2).fill("130")
        fields.nth(2).press("Tab")
        page.click("text=Use this box")
        page.click("#search:enabled")
        expect(page.locator(".verdict.some")).to_be_visible()
        _, how = asked(pretended, "POST search")
        assert how["boxes"] == [[240, drawn[1], 130, drawn[3] + 1]]
        first = page.locator("#results .tile").first.get_attribute("data-id")
        assert pretended.gallery.people[first].pid == 1


def test_boxes_stay_within_the_picture(browser, pretended):
    code = """async () => {
      const { between, moved, resized, within } = await import("/static/box_geometry.js");
      const picture = { width: 100, height: 50 };
      return [between({ x: 90, y: 60 }, { x: -5, y: 10 }, picture), moved([10, 10, 20, 20], 500, -500, picture),
        resized([10, 10, 20, 20], "nw", 500, 500, picture), resized([10, 10, 20, 20], "se", 500, 500, picture),
        within([-5, -5, 0, 0], picture), within([0, 0, 9, 9], { width: 4, height: 3 })];
    }"""
    with looking(browser, pretended.url) as page:
        assert page.evaluate(code) == [
            [0, 10, 90, 40],
            [80, 0, 20, 20],
            [22, 22, 8, 8],
            [10, 10, 90, 40],
            [0, 0, 8, 8],
            [0, 0, 4, 3],
        ]


def test_pictures_are_dropped_and_pasted_and_more_than_eight_are_refused(browser, pretended, expect):
    hand_over = """([kind, bytes, name, count]) => {
      const held = new DataTransfer();
      const file = () => new File([new Uint8Array(bytes)], name, { type: "image/jpeg" });
      for (let i = 0; i < count; i += 1) held.items.add(file());
      const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: held, bubbles: true })
        : new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
    }"""
    with looking(browser, pretended.url) as page:
        page.evaluate(hand_over, ["drop", list(RED), "dropped.jpg", 1])
        expect(page.locator(".picture")).to_have_count(1)
        page.evaluate(hand_over, ["paste", list(RED), "pasted.jpg", 1])
        expect(page.locator(".picture")).to_have_count(2)
        page.evaluate(hand_over, ["drop", list(RED), "many.jpg", 7])
        expect(page.locator(".picture")).to_have_count(8)
        expect(page.locator(".trouble")).to_contain_text("up to 8")
        page.locator(".picture .out").first.click()
        page.click("#search:enabled")
        expect(page.locator(".verdict")).to_be_visible()
        pictures, how = asked(pretended, "POST search")
        assert (len(pictures), how["boxes"]) == (7, [None] * 7)


def test_the_gallery_comes_page_by_page(browser, expect):
    with pretending(people=painted(6, cameras=4, steps=3)) as served, looking(browser, served.url) as page:
        expect(page.locator("#gallery .tile")).to_have_count(60)
        page.click("text=Show earlier sightings")
        expect(page.locator("#gallery .tile")).to_have_count(73)
        expect(page.locator("#gallery .tile").nth(60).locator(".open")).to_be_focused()
        expect(page.locator("#gallery h3").last).to_have_text("Time not known")
        expect(page.locator("text=Show earlier sightings")).to_be_hidden()

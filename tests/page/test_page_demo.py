"""What `passerby demo` leaves, served by `passerby serve`: pictures of the drawn world in, its sightings out."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page.browsing import looking
from page.demo_server import served_demo, without_a_database
from passerby import cli

STARTS = "2026-01-01T08:00:00Z"
LOAD = ["Failed to load resource"]


@pytest.fixture(scope="module")
def world(demo_made):
    """The pictures that were searched, and the queries, which are added with a label as a user would."""
    command = ["index", demo_made.gallery, demo_made.run, demo_made.world / "query"]
    assert cli.exit_code([*map(str, command), "--each", "--start", STARTS, "--label", "backpack=yes"]) == 0
    return demo_made.world


@pytest.fixture(scope="module")
def url(world, demo_made):
    with served_demo(demo_made) as address:
        yield address


def crops(world, folder="bounding_box_test"):
    return [path for path in sorted((world / folder).glob("*.jpg")) if path.name[0] != "-" and path.name[:4] != "0000"]


def upload(page, path, *, content=None):
    page.set_input_files(
        "#choose", {"name": Path(path).name, "mimeType": "image/png", "buffer": content or Path(path).read_bytes()}
    )


def search(page):
    """Press the button; what the server answered."""
    with page.expect_response(lambda answer: "/api/v1/search" in answer.url) as answered:
        page.click("#search:enabled")
    page.wait_for_selector("#results .tile .open")
    return answered.value.json()


def png(picture):
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def path_of(page):
    return page.locator("dialog.detail .facts-list div", has=page.get_by_text("Picture", exact=True)).locator("dd")


def test_an_uploaded_crop_is_found_with_camera_time_probability_and_the_line_and_a_click_searches_by_it(
    browser, expect, world, url
):
    crop = crops(world)[0]
    with looking(browser, url) as page:
        expect(page.locator("#gallery-facts")).to_contain_text("records of 3 cameras")
        expect(page.locator("#gallery-facts")).to_contain_text("; calibrated.")
        upload(page, crop)
        answer = search(page)
        first = page.locator("#results .tile").first
        best = answer["answers"][0]
        assert (best["path"], best["similarity"]) == (str(crop), pytest.approx(1, abs=1e-4))
        assert not answer["probably_nobody"]
        expect(page.locator(".verdict.some h3")).to_contain_text("to look at")
        expect(first.locator(".where")).to_have_text(f"Camera {best['camid']}")
        expect(first.locator("time")).to_have_attribute("datetime", best["time"])
        expect(first.locator(".value strong")).to_contain_text("%")
        expect(first.locator(".thumb[src^=blob]")).to_be_visible()
        expect(page.locator(".line")).to_contain_text(f"similarity {answer['nobody_below']:.2f}")
        above = [one for one in answer["answers"] if one["similarity"] >= answer["nobody_below"]]
        assert page.locator("#results .tile:not(.below)").count() == len(above)
        assert page.locator("#results .tile").count() == len(answer["answers"]) == 50
        with page.expect_response(lambda answered: answered.url.endswith("/search/records")) as answered:
            first.locator(".act.search").click()
        others = answered.value.json()["answers"]
        assert best["id"] not in {one["id"] for one in others}
        expect(page.locator("#results .tile").first).to_have_attribute("data-id", others[0]["id"])


def test_a_picture_of_nothing_is_nobody_as_far_as_the_line_can_tell_and_the_page_says_whom_it_hides(
    browser, expect, url
):
    nothing = np.random.default_rng(0).integers(0, 256, (128, 64, 3), dtype=np.uint8)
    with looking(browser, url) as page:
        upload(page, "nothing.png", content=png(Image.fromarray(nothing)))
        page.click("#how summary")
        page.select_option("#rate", index=0)  # the fewest false answers
        answer = search(page)
        assert answer["probably_nobody"]
        assert answer["answers"][0]["similarity"] < answer["nobody_below"]
        assert 0 < answer["nobody_misses"] < 1
        sure = answer["nobody_misses"] < 0.5 and answer["answers"][0]["probability"] <= 0.5
        said = "Probably nobody here" if sure else "No sure answer: look yourself"
        expect(page.locator(".verdict h3")).to_have_text(said)
        expect(page.locator(".verdict")).to_contain_text("Of the people who are there, ")
        assert page.locator("#results .tile:not(.below)").count() == 0


def test_the_box_says_who_of_several_people_is_meant(browser, expect, world, url):
    three = [next(path for path in crops(world) if path.name.startswith(f"{pid:04d}")) for pid in pids(world)[:3]]
    scene = Image.new("RGB", (640, 360), (128, 130, 132))
    places = []
    for place, path in enumerate(three):
        with Image.open(path) as crop:
            scene.paste(crop, (60 + 200 * place, 100))
            places.append([60 + 200 * place, 100, *crop.size])
    with looking(browser, url) as page:
        upload(page, "scene.png", content=png(scene))
        stage = page.locator(".stage").bounding_box()
        scale = stage["width"] / scene.width
        left, top, width, height = places[1]
        page.mouse.move(stage["x"] + left * scale, stage["y"] + top * scale)
        page.mouse.down()
        page.mouse.move(stage["x"] + (left + width) * scale, stage["y"] + (top + height) * scale)
        page.mouse.up()
        fields = page.locator(".numbers input")
        assert [int(one.input_value()) for one in fields.all()] == pytest.approx(places[1], abs=3)
        for field, value in zip(fields.all(), places[1], strict=True):  # to the pixel, so that it is the crop itself
            field.fill(str(value))
            page.keyboard.press("Tab")
        page.click("text=Use this box")
        answer = search(page)
        assert answer["answers"][0]["path"] == str(three[1])
        page.locator("#results .tile .open").first.click()
        expect(path_of(page)).to_have_text(str(three[1]))


def test_filters_of_camera_time_and_label_hold_for_the_gallery_and_the_search(browser, expect, world, url):
    queries = crops(world, "query")
    with looking(browser, url) as page:
        page.select_option("#label-backpack", "yes")
        expect(page.locator("#gallery .tile")).to_have_count(len(queries))
        page.check("[name=camera][value='2']")
        here = [path for path in queries if "_c2s" in path.name]
        expect(page.locator("#gallery .tile")).to_have_count(len(here))
        times = sorted(page.locator("#gallery .tile time").evaluate_all("all => all.map((one) => one.dateTime)"))
        middle = times[len(times) // 2]
        page.fill("#until", middle[:19])
        page.locator("#until").press("Tab")
        before = [time for time in times if time[:19] < middle[:19]]
        assert 0 < len(before) < len(here)
        expect(page.locator("#gallery .tile")).to_have_count(len(before))
        upload(page, crops(world)[0])
        answer = search(page)
        assert answer["gallery_size"] == len(before)
        assert {(one["camid"], one["labels"]["backpack"]) for one in answer["answers"]} == {(2, "yes")}
        assert sorted(one["time"] for one in answer["answers"]) == before


def test_marks_make_a_timeline_and_a_table_that_can_be_trained_on(browser, expect, world, url, tmp_path):
    pid, cameras = seen_twice(world)
    with looking(browser, url) as page:
        page.click("#case-button")
        page.fill("#case-field", f"person {pid}")
        page.click("text=Open this case")
        marked = []
        for camera in cameras:
            crop = next(path for path in crops(world) if path.name.startswith(f"{pid:04d}_c{camera}s"))
            if page.locator(".picture").count():
                page.locator(".picture .out").first.click()
            upload(page, crop)
            search(page)
            page.locator("#results .tile .act.right").first.click()
            marked.append(str(crop))
            expect(page.locator("#marked-count")).to_have_text(f"{len(marked)} right")
        wrong = page.locator("#results .tile").last
        wrong.locator(".act.wrong").click()
        expect(wrong).to_have_attribute("data-mark", "wrong")
        page.click("#to-case")
        lanes = page.locator(".chart .lane:not(.axis) .lane-name")
        expect(lanes).to_have_text([f"Camera {camera}" for camera in cameras])
        expect(page.locator(".chart .dot .thumb[src^=blob]")).to_have_count(len(cameras))
        page.reload()
        expect(lanes).to_have_count(len(cameras))
        with page.expect_download() as started:
            page.click("text=Save manifest")
        started.value.save_as(tmp_path / "manifest.csv")
        rows = list(csv.DictReader((tmp_path / "manifest.csv").read_text().splitlines()))
        assert sorted(row["path"] for row in rows) == sorted(marked)


def test_a_dead_database_says_so_and_what_was_asked_can_be_asked_again_when_it_is_back(
    browser, expect, world, url, demo_made
):
    with looking(browser, url, expected=LOAD) as page:
        upload(page, crops(world)[0])
        with without_a_database(demo_made.gallery):
            page.click("#search:enabled")
            expect(page.locator(".trouble p")).to_contain_text("database")
            expect(page.locator("#results .tile .open")).to_have_count(0)
        page.click("text=Try again")
        expect(page.locator("#results .tile .open")).to_have_count(50)
        expect(page.locator(".trouble")).to_have_count(0)


def pids(world):
    return sorted({int(path.name[:4]) for path in crops(world)})


def seen_twice(world):
    """Somebody whom two cameras saw, and these cameras."""
    for pid in pids(world):
        cameras = sorted({int(path.name[6]) for path in crops(world) if path.name.startswith(f"{pid:04d}_")})
        if len(cameras) > 1:
            return pid, cameras
    raise AssertionError("Nobody is seen by two cameras.")

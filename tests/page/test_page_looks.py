"""What stands where: views from their top, pictures in one size, no words over a picture that is still to come."""

import dataclasses
import re

import pytest

from page.browsing import looking, pretending, search_by_red
from page.pretend_people import jpeg, painted, person, scene
from page.pretend_server import Refusal

RED = jpeg(person("red", "black", wall=150))
TALL = jpeg(person("red", "black", wall=150).resize((200, 400)))
SCENE = jpeg(scene([person("green", "black"), person("red", "black")]))
LOAD = ["Failed to load resource"]
WIDTHS = [(400, 850), (900, 800), (1400, 900)]
THUMBS = """(room) => [...room.querySelectorAll(".figures .thumb")].map((one) => {
  const [place, around] = [one.getBoundingClientRect(), room.getBoundingClientRect()];
  return { height: Math.round(place.height), width: Math.round(place.width),
    within: place.left >= around.left && place.right <= around.left + room.clientWidth };
})"""

HELD = """(() => {
  const real = window.fetch;
  const freed = new Promise((resolve) => { window.free = resolve; });
  window.fetch = async (url, how) => {
    if (String(url).endsWith("/thumbnail")) await freed;
    return real(url, how);
  };
})()"""


def file(name, content=RED):
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


@pytest.mark.parametrize(("width", "height"), WIDTHS, ids=str)
def test_a_view_opens_at_its_title_wherever_the_one_before_was_scrolled_to(browser, expect, width, height):
    with (
        pretending(people=painted(6, cameras=4, steps=3)) as served,
        looking(browser, served.url, viewport={"width": width, "height": height}) as page,
    ):
        for view in ("case", "results", "gallery"):
            page.evaluate("scrollTo(0, 2000)")
            page.click(f"#to-{view}")
            title = page.locator(f"#{view}-title")
            expect(title).to_be_in_viewport(ratio=1)
            bar = page.locator(".bar").bounding_box()
            assert title.bounding_box()["y"] >= bar["y"] + bar["height"]
            if width >= 960:
                assert page.evaluate("scrollY") == 0


def test_until_a_picture_comes_nothing_is_written_in_its_place_and_a_screen_reader_gets_its_name(browser, expect):
    with (
        pretending() as served,
        looking(browser, served.url, ready=False, expected=LOAD, reduced_motion="reduce") as page,
    ):
        page.add_init_script(HELD)
        page.reload()
        page.wait_for_selector("#gallery .tile")
        one = page.locator("#gallery .thumb").first
        expect(one).to_have_attribute("aria-label", re.compile("^Camera .*UTC$"))
        expect(one).to_have_css("opacity", "0")
        assert (one.get_attribute("alt"), one.get_attribute("src")) == ("", None)
        expect(page.get_by_role("img", name=re.compile(r"^Camera \d, .* UTC$")).first).to_be_attached()
        expect(page.get_by_role("button", name=re.compile(r"^Camera \d, .* UTC$")).first).to_be_visible()
        page.evaluate("free()")
        page.wait_for_selector("#gallery .thumb[src^=blob]")
        expect(one).to_have_attribute("alt", re.compile("^Camera .*UTC$"))
        expect(one).to_have_css("opacity", "1")
        expect(page.locator("#gallery .thumb[src^=blob][aria-label]")).to_have_count(0)
        served.fails["records/"] = Refusal(503, "The database is away; ask again in a moment.")
        page.reload()
        page.wait_for_selector("#gallery .tile")
        page.evaluate("free()")
        lost = page.locator("#gallery .thumb.none").first
        expect(lost).to_have_attribute("aria-label", re.compile("^No picture: Camera "))
        expect(lost).to_have_css("opacity", "1")


@pytest.mark.parametrize("count", [2, 4, 8])
@pytest.mark.parametrize(("width", "height"), WIDTHS, ids=str)
def test_a_sighting_stands_beside_all_pictures_searched_by_in_one_size(browser, expect, width, height, count):
    with (
        pretending() as served,
        looking(browser, served.url, viewport={"width": width, "height": height}) as page,
    ):
        page.set_input_files("#choose", [file(f"{i}.jpg", TALL if i % 2 else RED) for i in range(count)])
        page.click("#search:enabled")
        page.locator("#results .tile .open").first.click()
        dialog = page.locator("dialog.detail")
        expect(dialog.locator("figure:last-child .thumb[src]")).to_be_visible()
        shown = dialog.evaluate(THUMBS)
        assert len(shown) == count + 1
        assert all(one["within"] for one in shown), shown
        assert len({(one["width"], one["height"]) for one in shown}) == 1, shown
        assert shown[0]["height"] >= 96
        assert dialog.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
        expect(dialog.locator("figure:last-child")).to_be_in_viewport(ratio=1)


def test_that_probabilities_are_rougher_is_said_of_several_pictures_only(browser, expect):
    with pretending() as served, looking(browser, served.url) as page:
        search_by_red(page, RED)
        expect(page.locator(".verdict")).not_to_contain_text("rougher guide")
        page.set_input_files("#choose", file("more.jpg"))
        page.click("#search:enabled")
        expect(page.locator(".verdict")).to_contain_text("several at once")
        expect(page.locator(".verdict")).to_contain_text("the probabilities and the line are a rougher guide")


def test_that_sightings_were_taken_out_is_said_once_no_dialog_hides_it(browser, expect):
    with pretending() as served, looking(browser, served.url) as page:
        page.locator("#gallery .act.search").first.click()
        page.wait_for_selector("#results .tile .open")
        page.set_input_files("#choose", file("scene.jpg", SCENE))
        expect(page.locator("dialog.wide")).to_be_visible()
        expect(page.locator("#said")).to_be_empty()
        page.click("dialog >> text=Cancel")
        expect(page.locator("#said")).to_contain_text("cannot be mixed: the sightings were taken out")
        expect(page.locator("dialog[open]")).to_have_count(0)


def test_the_box_opens_at_its_title_in_a_low_window(browser, expect):
    with (
        pretending() as served,
        looking(browser, served.url, viewport={"width": 850, "height": 400}) as page,
    ):
        page.set_input_files("#choose", file("scene.jpg", SCENE))
        expect(page.locator("#box-title")).to_be_in_viewport(ratio=1)
        expect(page.locator("dialog.wide button", has_text="Start in the middle")).to_be_focused()


def test_a_search_that_failed_is_not_called_none_and_its_message_stays_together_on_a_phone(browser, expect):
    with (
        pretending() as served,
        looking(browser, served.url, expected=LOAD, viewport={"width": 400, "height": 850}) as page,
    ):
        expect(page.locator("#case-button")).to_have_text("Case no name yet")
        expect(page.locator("#case-button .soft")).to_be_in_viewport(ratio=1)
        served.fails["search"] = Refusal(
            503, "64 searches wait already; ask again in a moment, or ask whoever runs it."
        )
        page.set_input_files("#choose", file("a.jpg"))
        page.click("#search:enabled")
        expect(page.locator("#results")).to_contain_text("The last search brought no answer.")
        expect(page.locator("#results")).not_to_contain_text("Nothing searched yet")
        words, shut = (page.locator(f".trouble {one}").bounding_box() for one in ("p", ".shut"))
        assert words["y"] - 10 < shut["y"] < words["y"] + words["height"]
        assert words["width"] > 220


def test_words_fit_what_they_count_and_name_commands_without_marks(browser, expect):
    lone = [dataclasses.replace(painted()[0], camid=3)]
    with pretending(people=lone, calibrated=False) as served, looking(browser, served.url) as page:
        expect(page.locator("#gallery-facts")).to_contain_text("1 record of 1 camera;")
        page.click("#to-case")
        expect(page.locator("#case-title")).to_have_text("No case yet")
        page.click("text=Open a case")
        page.fill("#case-field", "a/b")
        page.click("text=Open this case")
        assert "slash (/)" in page.locator("#case-field").evaluate("field => field.validationMessage")
        page.fill("#case-field", "one")
        page.click("text=Open this case")
        expect(page.locator("#case button", has_text="Change case")).to_be_visible()
        search_by_red(page, RED)
        expect(page.locator(".verdict code")).to_have_text("passerby calibrate")
        page.click("#help-button")
        expect(page.locator(".steps")).to_contain_text("Nothing checks whether anybody is in a picture")
    with (
        pretending(people=[], key="right-key") as served,
        looking(browser, served.url, ready=False, expected=LOAD) as page,
    ):
        expect(page.locator("#key-note code")).to_have_text("passerby keys")
        page.fill("#key", "right-key")
        page.keyboard.press("Enter")
        expect(page.locator("#gallery .empty code")).to_have_text("passerby index")
        fields = page.locator(".chips").bounding_box()
        assert page.locator(".chips p").bounding_box()["width"] > fields["width"] - 10
        assert "`" not in page.locator("body").inner_text()

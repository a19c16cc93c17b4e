"""Everybody gets at all of it: by keys alone, by ear, on a phone, in the dark."""

import pytest

from page.browsing import looking, pretending, search_by_red
from page.pretend_people import jpeg, person, scene

RED = jpeg(person("red", "black", wall=150))
NAMELESS = """() => [...document.querySelectorAll("button, input, select, a, summary, [tabindex], img, canvas")]
  .filter((one) => one.checkVisibility())
  .filter((one) => {
    const labels = [...(one.labels ?? [])].map((label) => label.innerText).join("");
    const pictures = [...one.querySelectorAll("img")].map((image) => image.alt).join("");
    const quiet = one.tagName === "IMG" && one.getAttribute("alt") === "" && one.closest(".brand, .stage");
    const name = one.getAttribute("aria-label") || one.alt || labels || one.innerText || pictures;
    return !name?.trim() && !quiet && one.id !== "main";
  }).map((one) => one.outerHTML.slice(0, 200))"""
# the contrast of every text that can be seen, against the nearest ground that is painted
FAINT = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const read = (colours) => {
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  const walk = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !one.checkVisibility()) continue;
    if (one.closest(".hidden, .skip, option, :disabled, noscript, script")) continue;
    if (one.closest("[data-mark=wrong] .picture-room")) continue;
    const grounds = [];
    for (let up = one; up; up = up.parentElement) grounds.unshift(getComputedStyle(up).backgroundColor);
    const ground = light(read(grounds));
    const ink = light(read([...grounds, getComputedStyle(one).color]));
    const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${one.className} ${walk.currentNode.data.slice(0, 40)}`);
  }
  return found;
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
PRESSED = "button, input:not([type=checkbox]):not(.hidden), select, summary, nav a"
SMALL = f"""() => [...document.querySelectorAll("{PRESSED}")]
  .filter((one) => one.checkVisibility()).map((one) => [one, one.getBoundingClientRect()])
  .filter(([, room]) => room.width < 24 || room.height < 24).map(([one]) => one.outerHTML.slice(0, 120))"""


def sound(page):
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(FAINT) == []
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (800, "dark"), (1400, "light")], ids=["phone", "tablet-dark", "desk"]
)
def test_every_view_fits_and_can_be_read_and_named(browser, expect, width, scheme):
    shape = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "has_touch": width < 500}
    with pretending() as served, looking(browser, served.url, **shape) as page:
        for fold in ("#filters", "#how"):
            if not page.locator(fold).evaluate("fold => fold.open"):
                page.click(f"{fold} summary")
        sound(page)
        search_by_red(page, RED)
        change = page.locator("#unfold-ask")
        if width < 960:  # the form gives way to what was found
            expect(change).to_have_text("1 pictureChange the search")
            expect(page.locator("#drop")).to_be_hidden()
            tops = [page.locator(one).first.bounding_box()["y"] for one in (".bar", "#results-title", "#results .tile")]
            assert tops == sorted(tops)
            assert tops[2] < 700
        else:
            expect(change).to_be_hidden()
        page.locator("#results .unfold").first.click()
        page.locator("#results .act.right").first.click()
        sound(page)
        page.click("text=Open this case")
        page.locator("#results .act.wrong").nth(1).click()
        expect(page.locator("#results .tile[data-mark=wrong]")).to_have_count(1)
        sound(page)
        page.locator("#results .tile .open").first.click()
        sound(page)
        for judged in ("right", "wrong"):  # also what is pressed and pointed at
            button = page.locator(f"dialog.detail .act.{judged}")
            if button.get_attribute("aria-pressed") == "false":
                button.click()
            expect(button).to_have_attribute("aria-pressed", "true")
            button.hover()
            sound(page)
        page.locator("dialog.detail .act.right").click()
        expect(page.locator("dialog.detail .act.right")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        page.click("#to-case")
        expect(page.locator(".chart .thumb[src]").first).to_be_visible()
        sound(page)
        page.click("#help-button")
        sound(page)
        page.keyboard.press("Escape")
        if width < 960:
            change.click()
            expect(page.locator("#choose")).to_be_focused()
            page.locator("#until").fill("2020-01-01T00:00:00")
            page.click("#to-results")
            expect(page.locator(".stale")).to_be_visible()
            sound(page)
        page.locator(".picture .draw").click()
        page.click("text=Start in the middle")
        sound(page)


def test_a_person_is_found_marked_and_lined_up_with_the_keyboard_alone(browser, expect):
    several = jpeg(scene([person("green", "black"), person("red", "black")]))
    with pretending() as served, looking(browser, served.url) as page:

        def tab_to(selector):
            for _ in range(60):
                page.keyboard.press("Tab")
                if page.evaluate("s => document.activeElement.matches(s)", selector):
                    return
            raise AssertionError(f"Tab does not lead to {selector}.")

        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        tab_to("#choose")
        page.set_input_files("#choose", {"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": several})
        expect(page.locator("dialog.wide button", has_text="Start in the middle")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".box")).to_be_focused()
        for key, times in (("ArrowLeft", 1), ("ArrowDown", 2), ("Shift+ArrowDown", 1)):
            for _ in range(times):
                page.keyboard.press(key)
        tab_to("dialog .primary")
        page.keyboard.press("Enter")
        expect(page.locator("#search")).to_be_focused()
        outline = page.locator("#search").evaluate("one => getComputedStyle(one).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Enter")
        expect(page.locator("#results-title")).to_be_focused()
        expect(page.locator(".verdict.some")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator(".verdict .why")).to_be_focused()
        page.keyboard.press("Tab")
        tiles = page.locator("#results .tile")
        expect(tiles.first.locator(".open")).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(tiles.nth(1).locator(".open")).to_be_focused()
        page.keyboard.press("ArrowDown")
        here, there = tiles.nth(1).bounding_box(), page.locator("#results .tile.current").bounding_box()
        assert there["y"] > here["y"]
        page.keyboard.press("Home")
        page.keyboard.press("r")
        expect(page.locator("#case-field")).to_be_focused()
        page.keyboard.press("Enter")
        expect(tiles.first).to_have_attribute("data-mark", "right")
        expect(tiles.first.locator(".open")).to_be_focused()
        told = tiles.first.locator(".open").get_attribute("aria-label")
        assert told.startswith("Marked right. Rank 1. Camera ")
        assert "UTC" in told
        assert "probability" in told
        # the rest of the tiles are left with one tile's buttons
        tab_to("footer a")
        page.keyboard.press("?")
        expect(page.locator("#help-title")).to_be_focused()
        page.keyboard.press("Escape")
        page.locator("#to-case").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".chart .dot")).to_have_count(1)


def test_single_keys_can_be_switched_off_and_never_act_while_somebody_types(browser, expect):
    with pretending() as served, looking(browser, served.url) as page:
        page.locator("#since").press("?")
        expect(page.locator("#help-title")).to_be_hidden()
        page.click("#help-button")
        page.uncheck("dialog [type=checkbox]")
        page.keyboard.press("Escape")
        page.locator("#gallery .open").first.focus()
        for key in ("r", "s", "?"):
            page.keyboard.press(key)
        assert [name for name, _ in served.asked if name.startswith("POST")] == []
        expect(page.locator("dialog[open]")).to_have_count(0)


def test_pictures_say_camera_and_time_and_the_page_has_landmarks(browser, expect):
    with pretending() as served, looking(browser, served.url, forced_colors="active") as page:
        alt = page.locator("#gallery .tile img").first.get_attribute("alt")
        assert alt.startswith("Camera ")
        assert alt.endswith(" UTC")
        for role in ("banner", "main", "contentinfo", "navigation", "form"):
            expect(page.get_by_role(role)).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        page.click("text=how to use this responsibly")
        expect(page.locator("h1")).to_have_text("Responsible use")
        assert page.evaluate(TOO_WIDE) <= 0

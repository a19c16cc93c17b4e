"""What goes wrong is said in plain words, and nothing that comes from outside is taken for more than text."""

import dataclasses

from page.browsing import looking, pretending, search_by_red
from page.pretend_people import jpeg, painted, person
from page.pretend_server import Refusal

RED = jpeg(person("red", "black", wall=150))
LOAD = ["Failed to load resource"]


def test_a_key_is_asked_for_once_kept_for_the_tab_and_sent_with_every_picture(browser, expect):
    with (
        pretending(key="right-key") as served,
        looking(browser, served.url, ready=False, expected=LOAD) as page,
    ):
        page.fill("#key", "wrong-key")
        page.keyboard.press("Enter")
        expect(page.locator("dialog .wrong-words")).to_contain_text("does not know this key")
        page.fill("#key", "two words")
        page.keyboard.press("Enter")
        expect(page.locator("#key")).to_be_visible()
        page.fill("#key", "right-key")
        page.keyboard.press("Enter")
        expect(page.locator("#gallery .tile .thumb[src^=blob]").first).to_be_visible()
        page.reload()
        expect(page.locator("#gallery .tile .thumb[src^=blob]").first).to_be_visible()
        expect(page.locator("dialog[open]")).to_have_count(0)
        page.wait_for_load_state("networkidle")  # a small picture that is still asked for would want the next key
        served.key = "another-key"
        page.set_input_files("#choose", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": RED})
        page.click("#search:enabled")
        page.fill("#key", "another-key")
        page.keyboard.press("Enter")
        expect(page.locator(".verdict")).to_be_visible()


def test_an_error_of_the_server_is_shown_and_can_be_tried_again(browser, expect):
    with pretending() as served, looking(browser, served.url, expected=LOAD) as page:
        served.fails["search"] = Refusal(503, "64 searches wait already; ask again in a moment.")
        page.set_input_files("#choose", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": RED})
        page.click("#search:enabled")
        expect(page.locator("#trouble[role=alert] .trouble p")).to_have_text(
            "64 searches wait already; ask again in a moment."
        )
        served.fails.clear()
        page.click("text=Try again")
        expect(page.locator(".verdict")).to_be_visible()
        expect(page.locator(".trouble")).to_have_count(0)
        served.fails["records"] = Refusal(403, "This key may not look at the gallery.")
        page.click("#to-gallery")
        page.check("[name=camera][value='1']")
        expect(page.locator(".trouble p")).to_have_text("This key may not look at the gallery.")


def test_a_server_that_is_gone_is_told_in_words(browser, expect):
    with pretending() as served, looking(browser, served.url, expected=LOAD, offline=False) as page:
        page.context.set_offline(True)
        page.set_input_files("#choose", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": RED})
        page.click("#search:enabled")
        expect(page.locator(".trouble p")).to_contain_text("cannot be reached")
        expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def test_what_is_no_picture_is_told_by_its_name_at_once_and_what_the_server_refuses_too(browser, expect):
    def file(name, kind, content):
        return {"name": name, "mimeType": kind, "buffer": content}

    with pretending() as served, looking(browser, served.url, expected=LOAD) as page:
        page.set_input_files("#choose", [file("a.txt", "text/plain", b"hello"), file("b.gif", "image/gif", b"GIF89a")])
        expect(page.locator(".trouble p")).to_contain_text("a.txt, b.gif: not a picture")
        expect(page.locator("#search")).to_be_disabled()
        broken = [file(f"broken{i}.jpg", "image/jpeg", b"hello") for i in range(5)]
        page.set_input_files(
            "#choose", [*broken[:2], file("one.jpg", "image/jpeg", RED), file("cut.jpg", "image/jpeg", RED[:99])]
        )
        expect(page.locator(".trouble p")).to_contain_text(
            "broken0.jpg, broken1.jpg, cut.jpg: left out, since it cannot be"
        )
        expect(page.locator(".picture-name")).to_have_text(["one.jpg"])
        page.set_input_files("#choose", [*broken, file("two.jpg", "image/jpeg", RED)])
        expect(page.locator(".trouble p")).to_contain_text("broken2.jpg and 2 more: left out")
        expect(page.locator(".picture-name")).to_have_text(["one.jpg", "two.jpg"])
        served.fails["search"] = Refusal(415, "Picture 2 is no JPEG, PNG or WebP; give one of these.")
        page.click("#search:enabled")
        expect(page.locator(".trouble p")).to_have_text("two.jpg is no JPEG, PNG or WebP; give one of these.")


def test_an_empty_gallery_and_a_filter_that_nothing_passes_say_so(browser, expect):
    with pretending(people=[]) as served, looking(browser, served.url) as page:
        expect(page.locator("#gallery .empty h3")).to_have_text("This gallery is empty")
        page.set_input_files("#choose", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": RED})
        page.click("#search:enabled")
        expect(page.locator("#results .empty h3")).to_have_text("This gallery is empty")
        expect(page.locator("#results .empty p")).to_contain_text("passerby index")
    with pretending(people=painted()[:4]) as served, looking(browser, served.url, expected=LOAD) as page:
        page.fill("#since", "2030-01-01T00:00:00")
        page.locator("#since").press("Tab")
        expect(page.locator("#gallery .empty h3")).to_have_text("No sighting passes these filters")
        search_by_nothing = page.locator("#results .empty h3")
        listed = sum(what == "GET records" for what, _ in served.asked)
        served.fails["about"] = Refusal(503, "busy")  # the answer itself has come
        page.set_input_files("#choose", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": RED})
        page.click("#search:enabled")
        expect(search_by_nothing).to_have_text("No sighting passes these filters")
        expect(page.locator("#results .empty p")).to_contain_text("Take away a filter")
        expect(page.locator(".trouble")).to_have_count(0)
        assert sum(what == "GET records" for what, _ in served.asked) == listed  # which an audit would tell


def test_what_the_server_tells_stays_text(browser, expect):
    nasty = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
    people = [dataclasses.replace(one, path=nasty, labels={nasty: nasty}) for one in painted()[:6]]
    with pretending(people=people) as served, looking(browser, served.url, expected=LOAD) as page:
        served.fails["search"] = Refusal(422, nasty)
        page.set_input_files("#choose", {"name": nasty, "mimeType": "image/jpeg", "buffer": RED})
        page.click("#search:enabled")
        expect(page.locator(".trouble p")).to_have_text(nasty)
        served.fails.clear()
        search_by_red(page, RED)
        page.locator("#results .tile .open").first.click()
        expect(page.locator("dialog.detail dd", has_text=nasty).first).to_be_visible()
        page.keyboard.press("r")
        page.fill("#case-field", nasty.replace("/", "").replace("<img src=x", "<b>"))
        page.click("text=Open this case")
        expect(page.locator("dialog.detail .act.right")).to_have_attribute("aria-pressed", "true")
        assert page.locator("img[src=x], b").count() == 0

"""What the answers of a search amount to, in words that take no more for sure than they may."""

import pytest

from page.browsing import looking, pretending, search_by_red
from page.pretend_people import jpeg, person

RED = jpeg(person("red", "black", wall=150))
STRANGER = jpeg(person("yellow", "yellow", wall=60))
WORDS = """async () => {
  const { fallBelow, howOften } = await import("/static/how_often.js");
  const shares = [0, 0.01, 0.1, 0.9, 0.96, 1];
  const many = (one) => fallBelow({ nobody_misses: one }, "it").replace(/.*there, (.*) fall.*/, "$1");
  return [shares.map(howOften), shares.map(many)];
}"""
NOBODY = """async () => {
  const { nobody } = await import("/static/nobody.js");
  const told = (probably_nobody, nobody_misses, ...pairs) =>
    nobody({ probably_nobody, nobody_misses, answers: pairs.map((probability) => ({ probability })) });
  return [told(true, 0.4, 0.5, 0.1), told(true, null, 0.5), told(true, 0.5, 0.1), told(true, 0.4, 0.51, 0.1),
    told(true, 0.4, 0.1, 0.51), told(false, 0.9, 0.9)].map((one) => one && one.sure);
}"""


@pytest.fixture
def pretended():
    with pretending() as served:
        yield served


def test_the_two_probabilities_are_told_apart_and_nobody_is_ruled_out_by_the_line_alone(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        search_by_red(page, RED)
        expect(page.locator(".verdict")).to_contain_text(
            "When the best of 25 records is so alike, it is the person about 99 times in 100."
        )
        expect(page.locator(".verdict")).not_to_contain_text("%")  # percentages are the tiles'
        expect(page.locator(".verdict")).to_contain_text("percentage on a tile is about that pair alone")
        expect(page.locator("#results .value .soft").first).to_contain_text("as a pair")
        expect(page.locator(".line")).to_contain_text("Above 50\u202f% a tile may still be the person")
        expect(page.locator(".line")).not_to_contain_text("other people")
        below = page.locator("#results .tile.below")
        expect(below.locator(".under").first).to_have_text("below the line")
        for tile in below.all():
            told = tile.locator(".open").get_attribute("aria-label")
            likely = int(tile.locator(".value strong").inner_text().split("\u202f")[0].strip("<> ")) > 50
            assert ("may be the person all the same" in told, "probably somebody else" in told) == (likely, not likely)
        assert page.locator("#results .tile:not(.below) .under").count() == 0
        page.click("text=What the numbers mean")
        expect(page.locator("#help-two")).to_be_focused()
        expect(page.locator("dialog .two dt")).to_have_text(["On top of the results", "The line", "On a tile"])
        page.keyboard.press("Escape")
        page.set_input_files("#choose", {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": STRANGER})
        page.locator(".picture .out").first.click()
        page.click("#search:enabled")
        expect(page.locator(".verdict.nobody h3")).to_have_text("Probably nobody here")
        expect(page.locator("#told")).to_contain_text("Probably nobody here")
        expect(page.locator(".line")).to_contain_text("These are probably other people.")
        expect(page.locator(".line + .tiles .tile.below").first).to_be_visible()


def test_what_the_line_costs_stands_beside_it_once_and_only_where_it_is_known(browser, pretended, expect):
    cost = "Of the people who are there, about 4 in 10 fall below"
    with looking(browser, pretended.url) as page:
        search_by_red(page, RED)
        expect(page.locator(".line")).to_contain_text(f"{cost} it too.")
        expect(page.locator(".verdict")).not_to_contain_text(cost)
        pretended.gallery.misses = None
        page.click("#search:enabled")
        expect(page.locator(".line")).not_to_contain_text("Of the people who are there")
        pretended.gallery.misses = 0.41
        page.set_input_files("#choose", {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": STRANGER})
        page.locator(".picture .out").first.click()
        page.click("#search:enabled")
        expect(page.locator(".verdict.nobody")).to_contain_text(f"{cost} the line too.")
        expect(page.locator(".line")).not_to_contain_text(cost)
        expect(page.locator(".line")).to_contain_text("These are probably other people.")
        pretended.gallery.misses = 0.9
        page.click("#search:enabled")
        expect(page.locator(".verdict.unsure h3")).to_have_text("No sure answer: look yourself")
        expect(page.locator("#told")).to_contain_text("No sure answer: look yourself; 25 sightings shown.")
        expect(page.locator(".verdict")).to_contain_text(
            "about 9 in 10 fall below the line too, so look there as well."
        )
        expect(page.locator(".verdict")).to_contain_text("That alone does not tell whether the person is among these")
        expect(page.locator(".verdict")).not_to_contain_text("probably")
        expect(page.locator(".line")).not_to_contain_text("other people")
        expect(page.locator(".verdict")).not_to_contain_text("carried on")
        pretended.gallery.measured = False
        page.click("#search:enabled")
        expect(page.locator(".verdict")).to_contain_text("carried on from smaller galleries")
        assert page.evaluate(WORDS) == [
            ["less than once in 100", "about once in 100", "about once in 10", "about 9 times in 10",
             "about 96 times in 100", "more than 99 times in 100"],
            ["hardly any", "about 1 in 100", "about 1 in 10", "about 9 in 10", "about 96 in 100", "almost all"],
        ]  # fmt: skip


def test_nobody_is_sure_unless_the_line_hides_half_or_a_pair_is_more_likely_than_not(browser, pretended):
    with looking(browser, pretended.url) as page:
        assert page.evaluate(NOBODY) == [True, True, False, False, False, None]

import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import pytest

from passerby.evaluation.common_protocol import SYSTEM
from passerby.evaluation.significance import interval
from passerby.report._drawing import COLOURS
from passerby.report.growth import GROWS, MARKERS, growth
from result_sets import scores

SVG = "{http://www.w3.org/2000/svg}"
FIRST = {0: (1, 1, 1, 2), 1000: (1, 2, 2, 5), 5000: (2, 4, 5, 10)}


def grown(first=None, **facts):
    """One system: number of distractors to scores."""
    return {
        number: scores(
            ranks,
            **{
                "distractors_added": number,
                "gallery": 100 + number,
                "distractors": 7 + number,
                "distractors_sha256": f"{number}" if number else None,
                **facts,
            },
        )
        for number, ranks in (first or FIRST).items()
    }


def words(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def points(path):
    return [tuple(map(float, step.split()[1:])) for step in path.strip().splitlines() if step[0] in "ML"]


def lines(svg, colour):
    """The points of each line in a colour, mAP first; samples of the legend are below the plot and left out."""
    found = re.findall(rf'<path d="([^"]*)"[^>]*style="fill: none;[^"]*stroke: {colour}', svg)
    return [points(path) for path in found if len(points(path)) > 2]


def percent_of(svg):
    """Turns a height in the picture into percent, by the lines of the grid: 0, 20, ... 100."""
    found = re.findall(r'<path d="([^"]*)"[^>]*style="fill: none; stroke: var\(--line', svg)
    heights = sorted({points(path)[0][1] for path in found}, reverse=True)
    assert len(heights) == 6
    return lambda y: 100 * (heights[0] - y) / (heights[0] - heights[-1])


def test_the_lines_pass_through_the_numbers():
    given = grown()
    svg = growth({"": given})
    mean, rank = lines(svg, COLOURS[0])
    share = percent_of(svg)
    assert [share(y) for _, y in mean] == pytest.approx([100 * one.mAP for one in given.values()], abs=1e-3)
    assert [share(y) for _, y in rank] == pytest.approx([100 * one.rank(1) for one in given.values()], abs=1e-3)


def test_the_numbers_of_distractors_stand_where_they_are_and_in_order():
    given = grown()
    ((x0, _), (x1, _), (x2, _)), _ = lines(growth({"": dict(reversed(given.items()))}), COLOURS[0])
    assert (x1 - x0) / (x2 - x0) == pytest.approx(1000 / 5000, abs=1e-4)
    assert growth({"": dict(reversed(given.items()))}) == growth({"": given})


def test_the_band_is_the_interval_of_map():
    given = grown()
    svg = growth({"": given})
    place = rf'd="([^"]*)"/>\s*</defs>\s*<g [^>]*>\s*<use [^>]* y="([\d.]+)" style="fill: {COLOURS[0]}; fill-opacity'
    ((band, lifted),) = re.findall(place, svg)
    share = percent_of(svg)
    ends = [interval(one.ap, one.people) for one in given.values()]
    drawn = sorted({round(share(float(lifted) + y), 2) for _, y in points(band)})
    assert drawn == pytest.approx(sorted({100 * end for both in ends for end in both}), abs=0.02)


def test_a_single_system_without_a_name_has_two_lines_and_says_which_is_which():
    assert words(growth({"": grown()}))[-2:] == ["mAP (step), with its 95 % interval", "rank-1"]
    assert "mAP (trapezoid), with its 95 % interval" in words(growth({"": grown(ap="trapezoid")}))


def test_several_systems_differ_in_colour_and_mark():
    svg = growth({"one": grown(model="a"), "two": grown(model="b"), "three": grown({0: (1,) * 4, 50: (2,) * 4})})
    assert words(svg)[-5:] == ["one", "two", "three", "mAP (step), with its 95 % interval", "rank-1"]
    for colour in COLOURS[:3]:
        assert f"stroke: {colour}" in svg
    assert len({(COLOURS[n % len(COLOURS)], MARKERS[n % len(MARKERS)]) for n in range(30)}) == 30


def test_one_system_with_a_name_shows_it():
    assert words(growth({"demo": grown()}))[-3] == "demo"


def test_numbers_below_the_plot_are_grouped_and_lie_inside_the_picture():
    svg = growth({"": grown({0: (1,) * 4, 500_000: (9,) * 4})})
    assert [word for word in words(svg) if word.endswith("00,000")][-1] == "500,000"
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    (x,) = re.findall(r"translate\(([\d.]+) [\d.]+\)[^>]*>500,000<|x=\"([\d.]+)\"[^>]*>500,000<", svg)
    assert float("".join(x)) + 25 <= width


def test_the_same_scores_give_the_same_characters():
    assert growth({"a": grown(), "b": grown(model="b")}) == growth({"a": grown(), "b": grown(model="b")})


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\"&'", r"$\frac{", "_hidden", "行人", "name-1-"])
def test_any_name_is_written_as_text(name):
    assert words(growth({name: grown()}))[-3] == name


def test_no_colour_is_fixed_but_the_lines():
    svg = growth({"demo": grown()})
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == {COLOURS[0]}
    assert "<script" not in svg
    assert "<style" not in svg


def test_the_users_settings_neither_reach_the_picture_nor_change():
    plain = growth({"demo": grown()})
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "figure.facecolor": "red"}):
        assert growth({"demo": grown()}) == plain


def test_what_is_not_defined_leaves_a_gap():
    given = grown({0: (0,) * 4, 10: (0,) * 4})
    assert "nan" not in growth({"": given}).lower()
    alone = {number: scores((2, 3), people=(1, 1), distractors_added=number) for number in (0, 10)}
    assert "nan" not in growth({"": alone}).lower()


@pytest.mark.parametrize(
    ("systems", "words"),
    [
        ({}, "No systems were given"),
        ({"demo": {}}, "demo: the numbers of distractors are []; give two or more"),
        ({"": {0: scores()}}, "the numbers of distractors are [0]; give two or more"),
        ({"a": {-1: scores(), 5: scores()}}, "a: the numbers of distractors are [-1, 5]"),
        (
            {"a": {0: scores(), 5: scores(distractors_added=6)}},
            "a: the scores given for 5 distractors say that 6 were added",
        ),
        ({"": {0: scores(ap=None), 5: scores(ap=None, distractors_added=5)}}, "does not state ap"),
        ({"a\x00": grown(), "a\\x00": grown()}, "Two systems have names that look alike"),
    ],
)
def test_what_is_no_curve_is_refused(systems, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        growth(systems)


@pytest.mark.parametrize("fact", sorted(GROWS - {"distractors_added"}))
def test_what_grows_may_differ_along_a_curve_but_not_between_systems(fact):
    other = {number: scores(FIRST[number], **{**one.protocol, fact: "other"}) for number, one in grown().items()}
    growth({"": other})
    with pytest.raises(ValueError, match=f"unlike protocols: {fact} is"):
        growth({"a": grown(), "b": other})


@pytest.mark.parametrize("fact", ["ap", "cameras", "data", "version", "post_processing", "query_sha256", "multi_query"])
def test_other_facts_must_agree_along_a_curve_and_between_systems(fact):
    changed = grown()
    changed[5000] = scores(FIRST[5000], **{**changed[5000].protocol, fact: "other"})
    for systems in ({"": changed}, {"a": grown(), "b": grown(**{fact: "other"})}):
        with pytest.raises(ValueError, match=f"with .* distractors are results of unlike protocols: {fact} is"):
            growth(systems)


@pytest.mark.parametrize("fact", sorted(SYSTEM))
def test_systems_may_differ_in_what_they_are(fact):
    growth({"a": grown(**{fact: "one"}), "b": grown(**{fact: "two"})})


def test_other_queries_are_refused():
    with pytest.raises(ValueError, match="other queries have a match"):
        growth({"": {0: scores((1, 0, 1, 1)), 5: scores((0, 1, 1, 1), distractors_added=5)}})

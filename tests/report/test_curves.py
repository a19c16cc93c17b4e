import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import pytest
import torch

from passerby.evaluation.scores import Scores
from passerby.report.curves import COLOURS, curves

SVG = "{http://www.w3.org/2000/svg}"


def scores(first):
    first = torch.tensor(first)
    ap = torch.where(first > 0, 1 / first.double(), torch.nan)
    return Scores(ap=ap, inp=ap, first=first, protocol={"ap": "step"})


def words(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_one_labelled_line_a_result():
    svg = curves({"demo": scores([1, 2, 5]), "baseline": scores([3, 0, 9])})
    assert words(svg)[-2:] == ["demo", "baseline"]
    for colour in COLOURS[:2]:
        assert svg.count(f"stroke: {colour}") == 2  # the curve and its sample beside the name


def test_the_line_passes_through_the_shares():
    svg = curves({"demo": scores([1, 2, 2, 4])}, length=4)
    path = re.search(rf'<path d="([^"]*)" style="fill: none; stroke: {COLOURS[0]}', svg).group(1)
    heights = [float(line.split()[-1]) for line in path.strip().splitlines()]
    bottom, top = heights[0] + (heights[0] - heights[3]) / 3, heights[3]  # rank 1: 25 %, rank 4: 100 %
    shares = [(bottom - height) / (bottom - top) for height in heights]
    assert shares == pytest.approx([0.25, 0.75, 0.75, 1.0], abs=1e-4)


def test_the_same_scores_give_the_same_characters():
    given = {"demo": scores([1, 2, 5]), "baseline": scores([3, 0, 9])}
    assert curves(given) == curves(given)


def test_nothing_is_loaded_and_no_colour_is_fixed_but_the_lines():
    svg = curves({"demo": scores([1, 2])})
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == {COLOURS[0]}
    assert set(re.findall(r'href="(.)', svg)) == {"#"}
    assert "<style" not in svg
    assert "DOCTYPE" not in svg
    assert "<script" not in svg


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\"&'", r"$\frac{", "_hidden", "行人重识别 🚶", "a\x1bb\ud800", ""]
)
def test_any_name_is_written_as_text(name):
    svg = curves({name: scores([1])})
    expected = name.replace("\x1b", "\N{REPLACEMENT CHARACTER}").replace("\ud800", "\N{REPLACEMENT CHARACTER}")
    assert (words(svg)[-1] or "") == expected


def test_a_name_that_looks_like_another_label_stays_itself():
    assert words(curves({"name-1-": scores([1]), "b": scores([2])}))[-2:] == ["name-1-", "b"]


def test_a_long_name_is_shortened():
    assert words(curves({"x" * 500: scores([1])}))[-1] == "x" * 51 + "…"


def test_a_result_without_a_judged_query_draws_no_line_and_no_warning():
    assert words(curves({"demo": scores([0, 0])}))[-1] == "demo"


@pytest.mark.parametrize("length", [2, 3, 8, 9, 20, 50, 1000, 5000])
def test_the_ticks_start_at_rank_one_and_are_few(length):
    below = [word for word in words(curves({"demo": scores([1])}, length=length)) if word.isdigit()]
    ranks = [int(word) for word in below[: below.index("0")]]
    assert ranks[0] == 1
    assert ranks == sorted(set(ranks))
    assert len(ranks) <= 12
    assert ranks[-1] <= length


def test_the_users_settings_neither_reach_the_picture_nor_change():
    plain = curves({"demo": scores([1])})
    with matplotlib.rc_context(
        {"font.size": 30, "axes.grid": False, "svg.fonttype": "path", "figure.facecolor": "red"}
    ):
        before = dict(matplotlib.rcParams)
        assert curves({"demo": scores([1])}) == plain
        assert dict(matplotlib.rcParams) == before


def test_lines_stand_out_on_light_and_on_dark_pages():
    for colour in COLOURS:
        assert 1.05 / (luminance(colour) + 0.05) >= 3
        assert (luminance(colour) + 0.05) / (luminance("#14171a") + 0.05) >= 3


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="No scores"):
        curves({})
    with pytest.raises(ValueError, match="length is 1"):
        curves({"demo": scores([1])}, length=1)

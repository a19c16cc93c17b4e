import dataclasses
import os
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image

from passerby.evaluation.reranked import reranked
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.score import score
from passerby.evaluation.significance import interval
from passerby.report.page import page
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings, ModelId

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page as (tag, attributes, text inside); refuses tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def all(self, tag, kind=None):
        return [e for e in self.elements if e[0] == tag and (kind is None or kind in e[1].get("class", "").split())]

    def texts(self, tag, kind=None):
        return [" ".join(e[2].split()) for e in self.all(tag, kind)]


def crops(folder, rows):
    folder.mkdir(exist_ok=True)
    made = []
    for name, pid, camid in rows:
        Image.new("RGB", (16, 32), ((37 * pid) % 256, 40 * (camid or 0), 90)).save(folder / name, "JPEG")
        made.append(Crop(folder / name, pid, camid))
    return tuple(made)


def world(folder, model=None):
    """Four people; query n stands at angle 0, the gallery in an order that makes the APs differ."""
    query = crops(folder, [(f"q{pid}.jpg", pid, 1) for pid in (1, 2, 3, 4)])
    rows = [("a1.jpg", 1, 2), ("a2.jpg", 2, 2), ("a3.jpg", 3, 3), ("junk.jpg", JUNK, 2), ("own.jpg", 1, 1)]
    gallery = crops(folder, [*rows, ("nobody.jpg", DISTRACTOR, 4)])
    angles = torch.tensor([0.1, 0.2, 0.3, 0.0, 0.05, 0.4])
    vectors = torch.stack([angles.cos(), angles.sin()], dim=1)
    return Embeddings(torch.tensor([[1.0, 0.0]] * 4), query, model), Embeddings(vectors, gallery, model)


def written(folder, query, gallery, *, name="page.html", scores=None, title="Demo", **options):
    path = folder / name
    page(path, title=title, scores=scores or {"demo": score(query, gallery)}, query=query, gallery=gallery, **options)
    return path.read_text(encoding="utf-8")


def lists(text):
    """Query number to its results as (right or wrong, file), in the order of the page."""
    found = {}
    for tag, attributes, inside in Page(text).elements:
        if tag == "h4":
            found[int(inside.split()[1])] = current = []
        elif tag == "img" and attributes["alt"].startswith("Rank"):
            head, file = attributes["alt"].split(": ")
            current.append((head.split(", ")[1], file))
    return found


def test_marks_follow_the_identity_and_junk_is_not_shown(tmp_path):
    text = written(tmp_path, *world(tmp_path))
    assert lists(text)[0] == [("right", "a1.jpg"), ("wrong", "a2.jpg"), ("wrong", "a3.jpg"), ("wrong", "nobody.jpg")]
    assert [right for right, _ in lists(text)[1]] == ["wrong", "wrong", "right", "wrong", "wrong"]  # own, a1, a2, a3
    assert "junk.jpg" not in text
    shown = Page(text)
    assert len(shown.all("li", "right")) == sum(right == "right" for one in lists(text).values() for right, _ in one)
    assert "Junk left out 2" in shown.texts("dl", "facts")[0].replace("out2", "out 2")


def test_the_tile_says_its_mark_camera_and_distance(tmp_path):
    shown = Page(written(tmp_path, *world(tmp_path)))
    assert shown.texts("li", "right")[0] == "1 right camera 2distance 0.005"  # 1 - cos 0.1
    assert shown.texts("li", "wrong")[0] == "2 wrong camera 2distance 0.020"


def test_a_re_ranked_page_shows_the_re_ranked_order_and_distances_and_says_so(tmp_path):
    query, gallery = world(tmp_path)
    settings = Reranking(k1=2, k2=1)
    scores, nearest = reranked(query, gallery, reranking=settings)
    order = nearest.indices[0].tolist()
    nearest.indices[0, :4] = torch.tensor([order[0], *reversed(order[1:4])])  # an order that no distance gives
    nearest.distances[0, :4] = torch.tensor([0.125, 0.25, 0.375, 0.5])
    text = written(tmp_path, query, gallery, scores={"demo": scores}, nearest=nearest)
    plain = lists(written(tmp_path, query, gallery, name="plain.html"))
    assert [file for _, file in lists(text)[0]] == [gallery.crops[row].path.name for row in nearest.indices[0, :4]]
    assert [file for _, file in lists(text)[0]] != [file for _, file in plain[0]]
    assert [words.partition("distance ")[2] for words in Page(text).texts("li")[2:6]] == (
        ["0.125", "0.250", "0.375", "0.500"]
    )
    shown = " ".join(Page(text).texts("p", "note"))
    assert "Order and distances are those after k-reciprocal re-ranking (k1 2, k2 1, lambda 0.3). Junk" in shown
    assert "k-reciprocal re-ranking (k1 2, k2 1, lambda 0.3)" in Page(text).texts("dd")
    with pytest.raises(ValueError, match="the descriptors' own distances rank otherwise"):
        written(tmp_path, query, gallery, scores={"demo": scores})


def test_best_queries_come_first_and_worst_queries_lowest_first(tmp_path):
    query, gallery = world(tmp_path)
    text = written(tmp_path, query, gallery, best=1, worst=1, length=2)
    assert list(lists(text)) == [0, 2, 3]
    assert Page(text).texts("h3", "part") == ["Best queries", "Worst queries", "Queries without a match"]
    assert {len(one) for one in lists(text).values()} == {2}


def test_few_queries_are_shown_once_and_best_first(tmp_path):
    text = written(tmp_path, *world(tmp_path))
    assert list(lists(text)) == [0, 1, 2, 3]
    assert Page(text).texts("h3", "part") == ["All judged queries", "Queries without a match"]
    few = written(tmp_path, *world(tmp_path), best=1, worst=2)
    assert list(lists(few)) == [0, 1, 2, 3]  # 1 and 2, the worst two, higher first as well


def test_further_queries_are_shown_in_the_order_given(tmp_path):
    text = written(tmp_path, *world(tmp_path), best=0, worst=0, also=(2, 0))
    assert list(lists(text)) == [2, 0]
    with pytest.raises(ValueError, match="no query 4"):
        written(tmp_path, *world(tmp_path), also=(4,))


def test_the_headline_holds_the_numbers_and_the_definition_of_the_mean(tmp_path):
    query, gallery = world(tmp_path)
    scores = score(query, gallery, ap="trapezoid")
    shown = Page(written(tmp_path, query, gallery, scores={"demo": scores}))
    numbers = " | ".join(shown.texts("dl", "numbers"))
    for words in (
        "Rank-1",
        "mAP (trapezoid)",
        "mINP",
        "Rank-5",
        "Rank-10",
        "Queries judged",
        "Queries without a match",
    ):
        assert words in numbers
    assert f"{100 * scores.mAP:.1f}%" in numbers
    bounds = interval(scores.ap, scores.people).percent()
    note = "area under straight lines, as in the original Market-1501 code"
    assert f"mAP (trapezoid){note}; 95 % interval {bounds}, by drawing people anew" in numbers
    assert numbers.endswith("counted in no mean1")


def test_results_stand_side_by_side_and_each_fact_of_the_protocol_once(tmp_path):
    query, gallery = world(tmp_path, ModelId("net", "ab" * 32, "as it is"))
    other = world(tmp_path, ModelId("colours", "", "as it is"))
    scores = {"demo": score(query, gallery), "histogram": score(*other)}
    shown = Page(written(tmp_path, query, gallery, scores=scores))
    assert shown.texts("th")[0:6] == ["Result", "Rank-1", "Rank-5", "Rank-10", "mAP (step)", "mINP"]
    assert [e[1]["scope"] for e in shown.all("th")] == ["col"] * 8 + ["row"] * 2
    assert shown.texts("th")[8:] == ["demo", "histogram"]
    shared, net, colours = shown.texts("dl", "protocol")
    assert "Camera labels usedyes" in shared
    assert "Model" not in shared
    assert net.startswith("Modelnet (weights abababababab;")
    assert colours.startswith("Modelcolours (weights none;")


def test_each_mean_of_the_comparison_has_its_own_interval(tmp_path):
    query, gallery = world(tmp_path)
    first = score(query, gallery)
    other = dataclasses.replace(first, ap=first.ap / 2)
    shown = Page(written(tmp_path, query, gallery, scores={"demo": first, "other": other}))
    for place, one in ((3, first), (10, other)):
        assert shown.texts("td")[place] == f"{100 * one.mAP:.1f} {interval(one.ap, one.people).percent()}"


def test_unlike_protocols_are_refused_and_nothing_is_written(tmp_path):
    query, gallery = world(tmp_path)
    for fact, other in {
        "ap": {"ap": "trapezoid"},
        "cameras": {"cameras": False},
        "data": {"protocol": {"data": "x"}},
    }.items():
        scores = {"demo": score(query, gallery), "other": score(query, gallery, **other)}
        with pytest.raises(ValueError, match=f"unlike protocols: {fact} is "):
            written(tmp_path, query, gallery, scores=scores)
    assert not list(tmp_path.glob("*.html"))


HOSTILE = [
    "<script>alert(1)</script>.jpg",
    "\"onerror='x'.jpg",
    "行人 é.jpg",
    "{{ 7 * 7 }}.jpg",
    "a&lt;b.jpg",
    "]]>-->.jpg",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(tmp_path, name):
    query, gallery = world(tmp_path)
    broken = (*gallery.crops[:-1], Crop(tmp_path / "broken.jpg", DISTRACTOR, 4))
    harmless = Page(written(tmp_path, query, dataclasses.replace(gallery, crops=broken)))
    file = name.replace("/", "\N{DIVISION SLASH}")
    # A picture that cannot be read keeps its name on the page as well.
    gallery = dataclasses.replace(gallery, crops=(*gallery.crops[:-1], Crop(tmp_path / file, DISTRACTOR, 4)))
    query = dataclasses.replace(query, crops=crops(tmp_path, [(file, 1, 1)]) + query.crops[1:])
    scores = {name: score(query, gallery, protocol={name: name})}
    shown = Page(written(tmp_path, query, gallery, scores=scores, title=name))
    assert "script" not in {e[0] for e in shown.elements}
    assert {e[0] for e in shown.elements} == {e[0] for e in harmless.elements}
    assert not [key for e in shown.elements for key in e[1] if key.startswith("on")]
    assert shown.texts("h1") == [name]
    assert shown.texts("title") == [name]
    assert file in shown.texts("bdi", "file")
    assert f"Query {file}" in [e[1]["alt"] for e in shown.all("img")]


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_file_name_that_is_no_text_can_be_written(tmp_path):
    query, gallery = world(tmp_path)
    crop = dataclasses.replace(query.crops[0], path=Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg")))
    assert r"\udcff\udcfe.jpg" in written(tmp_path, dataclasses.replace(query, crops=(crop, *query.crops[1:])), gallery)


def test_the_page_holds_everything_and_asks_for_nothing(tmp_path):
    text = written(tmp_path, *world(tmp_path))
    shown = Page(text)
    for _, attributes, _ in shown.elements:
        for key in ("src", "href", "xlink:href", "srcset", "data", "action"):
            assert attributes.get(key, "#").startswith(("#", "data:image/jpeg;base64,"))
    (policy,) = [e[1]["content"] for e in shown.all("meta") if "http-equiv" in e[1]]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert "url(" not in shown.texts("style")[0]
    assert "@import" not in text
    bare = text.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert "://" not in bare
    assert str(tmp_path) not in text


def luminance(colour):
    wide = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(wide[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_can_be_read_in_light_in_dark_and_on_paper(tmp_path):
    (style,) = Page(written(tmp_path, *world(tmp_path))).texts("style")
    themes = [dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in re.findall(r":root \{([^}]*)\}", style)]
    assert len(themes) == 3
    for theme in themes:
        for ink in ("ink", "soft"):
            assert min(contrast(theme[ink], theme[ground]) for ground in ("page", "card", "well")) >= 4.5
        for tone in ("right", "wrong", "neutral"):
            assert contrast(theme["on-strip"], theme[tone]) >= 4.5
            assert contrast(theme[tone], theme["page"]) >= 3


def test_ids_are_unique_and_what_is_pointed_to_exists(tmp_path):
    shown = Page(written(tmp_path, *world(tmp_path), also=(0, 1)))
    ids = [e[1]["id"] for e in shown.elements if "id" in e[1]]
    assert len(ids) == len(set(ids))
    pointed = {e[1]["aria-labelledby"] for e in shown.elements if "aria-labelledby" in e[1]}
    pointed |= {e[1]["href"][1:] for e in shown.all("a")}
    assert pointed <= set(ids)


def test_headings_go_down_one_step_at_a_time_and_pictures_have_words(tmp_path):
    shown = Page(written(tmp_path, *world(tmp_path)))
    levels = [int(e[0][1]) for e in shown.elements if e[0] in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(e[1]["alt"] for e in shown.all("img"))
    assert shown.all("html")[0][1]["lang"] == "en"


def test_a_broken_picture_is_a_tile_that_says_so(tmp_path):
    query, gallery = world(tmp_path)
    gallery.crops[0].path.write_bytes(b"no picture")
    gallery.crops[1].path.unlink()
    query.crops[0].path.write_bytes(query.crops[0].path.read_bytes()[:300])
    shown = Page(written(tmp_path, query, gallery))
    labels = [e[1]["aria-label"] for e in shown.all("span", "unreadable")]
    assert labels[:3] == [f"{words}, unreadable picture" for words in
                          ("Query q1.jpg", "Rank 1, right: a1.jpg", "Rank 2, wrong: a2.jpg")]  # fmt: skip


def test_the_same_input_gives_the_same_bytes(tmp_path):
    query, gallery = world(tmp_path)
    assert written(tmp_path, query, gallery) == written(tmp_path, query, gallery, name="again.html")


def test_one_query_without_a_match_and_a_gallery_of_three(tmp_path):
    query, gallery = world(tmp_path)
    query = Embeddings(query.vectors[3:], query.crops[3:])
    gallery = Embeddings(gallery.vectors[:3], gallery.crops[:3])
    text = written(tmp_path, query, gallery)
    assert lists(text) == {0: [("wrong", "a1.jpg"), ("wrong", "a2.jpg"), ("wrong", "a3.jpg")]}
    assert "nan" not in text.split("</style>")[1].replace("base64", "").lower().split("<img")[0]
    assert "no query has a match" in text
    assert "fewer than two people were judged, so there is no interval" in text


def test_a_result_of_unnamed_people_says_that_its_interval_is_over_queries(tmp_path):
    query, gallery = world(tmp_path)
    bare = dataclasses.replace(score(query, gallery), people=None)
    text = written(tmp_path, query, gallery, scores={"demo": bare, "again": bare})
    assert f"95 % interval {interval(bare.ap, None).percent()}, by drawing queries anew" in text


def test_a_gallery_of_nothing_but_junk(tmp_path):
    query, gallery = world(tmp_path)
    text = written(
        tmp_path, Embeddings(query.vectors[:1], query.crops[:1]), Embeddings(gallery.vectors[3:5], gallery.crops[3:5])
    )
    assert "all of it is junk for this query" in text


def test_crops_without_cameras(tmp_path):
    query, gallery = world(tmp_path)
    bare = [
        dataclasses.replace(e, crops=tuple(dataclasses.replace(c, camid=None) for c in e.crops))
        for e in (query, gallery)
    ]
    text = written(tmp_path, *bare, scores={"demo": score(*bare, cameras=False)})
    assert "no camera" in text
    assert "Camera labels usedno" in Page(text).texts("dl", "protocol")[0]


def test_a_page_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    query, gallery = world(tmp_path)
    (tmp_path / "page.html").write_text("old")

    def full(self, data):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="disk full"):
        written(tmp_path, query, gallery)
    assert (tmp_path / "page.html").read_text() == "old"
    assert not list(tmp_path.glob(".page*"))


def test_a_missing_folder_and_an_unstated_definition_are_refused(tmp_path):
    query, gallery = world(tmp_path)
    with pytest.raises(FileNotFoundError, match="No folder"):
        written(tmp_path / "nowhere", query, gallery, scores={"demo": score(query, gallery)})
    bare = dataclasses.replace(score(query, gallery), protocol={"metric": "cosine", "cameras": True})
    with pytest.raises(ValueError, match="does not state ap"):
        written(tmp_path, query, gallery, scores={"demo": bare})

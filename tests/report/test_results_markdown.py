from html.parser import HTMLParser
from unicodedata import east_asian_width

import pytest
from markdown_it import MarkdownIt

from passerby.report.results import results
from passerby.report.results_markdown import results_markdown
from result_sets import NASTY, scores


class Shown(HTMLParser):
    """The texts of rendered Markdown by the element that they stand in, and which elements there are."""

    def __init__(self, markdown):
        super().__init__()
        self.texts, self.tags, self.inside = {"th": [], "td": [], "li": [], "p": []}, set(), None
        self.feed(MarkdownIt("commonmark").enable("table").enable("strikethrough").render(markdown))

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag in self.texts:
            self.inside = tag
            self.texts[tag].append("")

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.texts[self.inside][-1] += data


TABLE = {"table", "thead", "tbody", "tr", "th", "td", "p", "ul", "li"}


def test_the_table_parses_back_to_its_cells():
    found = results({"market1501": scores(), "cuhk03 labeled": scores((1, 0, 2, 30), ap="trapezoid")})
    shown = Shown(results_markdown(found))
    assert tuple(shown.texts["th"]) == found.headings
    assert tuple(shown.texts["td"]) == sum(found.rows, ())
    assert shown.texts["li"] == [f"{whom}: {words}" for whom, words in found.remarks()]
    assert shown.texts["p"] == ["\n".join(found.measures)]
    assert shown.tags == TABLE


@pytest.mark.parametrize("label", NASTY)
def test_any_label_is_shown_as_it_is(label):
    found = results({"a": scores(), label: scores(data=label, model=label)}, heading=label)
    shown = Shown(results_markdown(found))
    assert tuple(shown.texts["th"]) == found.headings
    assert tuple(shown.texts["td"]) == sum(found.rows, ())
    assert shown.texts["li"] == [f"{whom}: {words}" for whom, words in found.remarks()]
    assert shown.tags == TABLE


@pytest.mark.parametrize("label", ["", "    spaces before and after   ", "a\nb\n\n# c", "\ud800"])
def test_labels_of_white_space_or_of_no_text_keep_the_table_whole(label):
    shown = Shown(results_markdown(results({label: scores(), "b": scores(multi_query="max")})))
    assert len(shown.texts["td"]) == 14
    assert len(shown.texts["li"]) == 3
    assert shown.tags == TABLE


def test_the_columns_are_aligned():
    found = results({"market1501": scores(), "行人": scores(people=None, ap="trapezoid"), "a|b": scores((0,) * 4)})
    table = [line for line in results_markdown(found).splitlines() if line.startswith("|")]
    assert len({sum(2 if east_asian_width(sign) == "W" else 1 for sign in line) for line in table}) == 1
    assert len({line.index("|", 1) for line in table if line.isascii()}) == 1


def test_the_source_can_be_read_too():
    text = results_markdown(results({"cuhk03_np labeled": scores([1] * 4)}))
    assert "| cuhk03_np labeled | 100.0 [100.0, 100.0] |" in text

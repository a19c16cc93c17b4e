import io
import math
import re

import pytest
import torch
from rich.console import Console

from passerby import terminal
from passerby.evaluation.scores import first_is_right
from passerby.evaluation.significance import interval
from passerby.report._words import NONE
from passerby.report.results import results
from result_sets import scores


def cells(found, label):
    (row,) = [row for row in found.rows if row[0] == label]
    return dict(zip(found.headings, row, strict=True))


def random_scores(seed, queries=60):
    draw = torch.Generator().manual_seed(seed)
    first = torch.randint(0, 30, (queries,), generator=draw)
    return scores(first.tolist(), people=torch.randint(1, 12, (queries,), generator=draw).tolist())


@pytest.mark.parametrize("seed", range(5))
def test_the_cells_are_the_numbers_of_the_scores(seed):
    one = random_scores(seed)
    shown = cells(results({"a": one}, ranks=(3, 20, 100)), "a")
    low, high = interval(first_is_right(one.first), one.people)
    assert shown["rank-1"] == f"{100 * one.rank(1):.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    low, high = interval(one.ap, one.people)
    assert shown["mAP (step)"] == f"{100 * one.mAP:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    assert [shown[f"rank-{k}"] for k in (3, 20, 100)] == [f"{100 * one.rank(k):.1f}" for k in (3, 20, 100)]
    assert shown["mINP"] == f"{100 * one.mINP:.1f}"
    assert shown["queries"] == str(one.queries)
    assert shown["no match"] == str(one.queries_without_match)


def test_the_columns_stand_in_the_order_of_the_ranks_given():
    assert results({"a": scores()}, ranks=(20, 5), heading="data set").headings == (
        *("data set", "rank-1", "rank-20", "rank-5", "mAP (step)", "mINP", "queries"),
    )
    assert results({"a": scores()}, ranks=()).headings == ("result", "rank-1", "mAP (step)", "mINP", "queries")


def test_queries_without_a_match_have_a_column_only_where_there_are_some():
    assert "no match" not in results({"a": scores()}).headings
    both = results({"a": scores(), "b": scores((1, 0, 1, 7))})
    assert [row[-2:] for row in both.rows] == [("4", "0"), ("3", "1")]
    assert "Queries without a right picture in the gallery (no match) count in no share." in both.measures


def test_large_counts_are_grouped():
    assert cells(results({"a": scores([1] * 3368, people=None)}), "a")["queries"] == "3,368"


def test_a_number_that_is_not_defined_is_a_dash():
    shown = results({"none": scores((0, 0), people=(1, 2)), "alone": scores((1, 2), people=(5, 5))})
    assert set(shown.rows[0][1:-2]) == {NONE}
    assert shown.rows[0][-2:] == ("0", "2")
    assert cells(shown, "alone")["mAP (step)"] == "75.0 [no interval]"
    assert f"{NONE} stands for a share of no queries." in shown.measures
    assert "There is no interval for fewer than two people." in shown.measures


def test_unlike_definitions_stand_in_each_cell_and_not_in_the_heading():
    found = results({"a": scores(), "b": scores(ap="trapezoid")})
    assert "mAP" in found.headings
    assert not [heading for heading in found.headings if "step" in heading or "trapezoid" in heading]
    assert cells(found, "a")["mAP"].startswith("step 66.1 [")
    assert cells(found, "b")["mAP"].startswith("trapezoid 66.1 [")
    assert [sentence.split(":")[0] for sentence in found.measures[1:]] == ["AP (step)", "AP (trapezoid)"]


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ([(1, 1, 2, 3)], "95 % interval: people are drawn with replacement, each with all of their queries."),
        ([None], "95 % interval: queries are drawn with replacement, since it is not known whom they show."),
        ([(1, 1, 2, 3), None], "where it is not known whom the queries show, queries are drawn."),
    ],
)
def test_it_says_what_the_interval_is(people, words):
    found = results({str(number): scores(people=one) for number, one in enumerate(people)})
    assert words in found.measures[0]
    if len(people) == 2:
        assert dict(found.remarks())["1"].endswith("the people of the queries are not known.")


def test_the_interval_draws_people_and_not_queries():
    first, people = [1, 1, 1, 9, 9, 9] * 10, [1, 1, 1, 2, 2, 2] * 10
    of_people = cells(results({"a": scores(first, people=people)}), "a")["rank-1"]
    of_queries = cells(results({"a": scores(first, people=None)}), "a")["rank-1"]
    assert of_people == "50.0 [0.0, 100.0]"
    assert of_queries != of_people


def test_no_results_are_refused():
    with pytest.raises(ValueError, match="No scores were given"):
        results({})


@pytest.mark.parametrize(
    ("ranks", "words"),
    [
        ((5, 0), "ranks has 0; ranks start at 1"),
        ((-3,), "ranks has -3; ranks start at 1"),
        ((1, 5), "ranks has 1, which is always shown"),
        ((5, 10, 5), "ranks has 5 twice"),
    ],
)
def test_ranks_that_make_no_column_are_refused(ranks, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        results({"a": scores()}, ranks=ranks)


def test_a_result_that_does_not_say_its_definition_is_refused():
    with pytest.raises(ValueError, match=r"The protocol of b does not state ap"):
        results({"a": scores(), "b": scores(ap=None)})


def test_a_label_cannot_move_the_cursor():
    (row,) = results({"a\x1b[31m\nb\x07": scores()}).rows
    assert row[0] == r"a\x1b[31m\nb\x07"


def test_what_all_share_is_said_once():
    told = results(
        {"m": scores(data="market1501", official="yes"), "d": scores(data="dukemtmc", official="not known")}
    ).remarks()
    assert [whom for whom, _ in told] == ["All rows", "m", "d"]
    assert told[1][1] == "data set market1501; counts as in the official set."
    assert told[2][1] == "data set dukemtmc; official counts not known."
    assert "trained on market1501, 12936 pictures" in told[0][1]
    assert "data set" not in told[0][1]


def test_one_result_tells_everything_under_its_own_label():
    ((whom, sentence),) = results({"m": scores(data="market1501")}).remarks()
    assert whom == "m"
    assert sentence.startswith("data set market1501; model demo (weights 0123456789ab; 64x32); trained on market1501")


def test_a_result_with_nothing_but_its_definition_has_no_remarks():
    assert results({"a": scores(**dict.fromkeys(set(scores().protocol) - {"ap"}))}).remarks() == ()


def printed(found, width, monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=file, width=width, highlight=False))
    terminal.results(found)
    return file.getvalue()


SETS = {"market1501": scores(), "market1501, 2 or more queries": scores((1, 1, 1, 0), multi_query="max")}


def test_the_terminal_shows_each_cell_on_one_line_where_there_is_room(monkeypatch):
    found = results(SETS)
    lines = printed(found, 120, monkeypatch).splitlines()
    for row in found.rows:
        (line,) = [line for line in lines if row[0] in line and row[1] in line]
        assert [cell for cell in re.split(r"\s{2,}", line.strip())] == list(row)


@pytest.mark.parametrize("labels", [SETS, {"x" * 60: scores()}])
def test_the_terminal_shows_every_number_in_80_columns(labels, monkeypatch):
    found = results(labels)
    shown = printed(found, 80, monkeypatch)
    table = shown[: shown.index("Shares are")].splitlines()
    assert max(map(len, table)) <= 80
    for row in found.rows:
        for part in re.findall(r"\[[^]]*\]|[\d.,]+", " ".join(row[1:])):
            assert any(part in line for line in table), part
    assert "".join(table).replace(" ", "").count("x" * 8) >= ("x" * 60 in labels)


def test_the_terminal_says_what_the_results_depend_on(monkeypatch):
    shown = printed(results(SETS), 80, monkeypatch)
    assert "\nAll rows: model demo" in shown
    assert "\nmarket1501: one picture for each query.\n" in shown


def test_a_label_is_not_markup(monkeypatch):
    assert "[red]a[/red]" in printed(results({"[red]a[/red]": scores()}), 120, monkeypatch)


def test_nan_never_reaches_a_cell():
    found = results({"a": scores((0,), people=(1,)), "b": scores((3,), people=None)})
    assert not [cell for row in found.rows for cell in row if "nan" in cell.lower()]
    assert math.isnan(found.intervals["b"]["mAP"].low)

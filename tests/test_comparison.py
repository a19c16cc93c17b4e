import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.comparison import DEFINED, Comparison, Ours, kendall
from passerby.table import Column, Row, Table, printed

HOME = Column(name="Home", trained_on="home", judged_on="home")
AWAY = Column(name="Away", trained_on="away", judged_on="away")
BOTH = (HOME, AWAY)
TABLE = Table(
    name="demo.table_1",
    paper="Doe, A Paper",
    title="Table 1, parts",
    columns=BOTH,
    rows=(
        Row(name="plain", published=printed(BOTH, 50.0, 40.0, 33.25, 20.0)),
        Row(name="+ a | b", published=printed(BOTH, 60.0, 45.5, 34, 20.0)),
        Row(name="full", published=printed(BOTH, 70.0, 50.0, 31, 20.0)),
    ),
    ap="trapezoid",
    note="A note.",
)
OURS = Ours(
    name="ours",
    published=("Home", "Away"),
    trained_on="synthetic (seed 0)",
    judged_on="synthetic (seed 0)",
    percent={
        "plain": {"rank1": (10.0, 12.0, 14.0), "mAP": (5.0, 5.0, 5.0)},
        "+ a | b": {"rank1": (20.0, 20.0, 20.0), "mAP": (6.0, 7.0, 8.0)},
        "full": {"rank1": (15.0, 16.0, 17.0), "mAP": (9.0, 9.5, 10.0)},
    },
)
FOUND = Comparison(
    table=TABLE,
    scale="small",
    seeds=3,
    rows=("plain", "+ a | b", "full"),
    columns=(OURS,),
    left_out=(),
    command="passerby study demo.table_1 --data DIR --scale small --seeds 3",
)


def plain_tau(one, other):
    """Tau-b by its definition: every pair of things counted."""
    agree = untied_one = untied_other = 0
    for i in range(len(one)):
        for j in range(i):
            left = (one[i] > one[j]) - (one[i] < one[j])
            right = (other[i] > other[j]) - (other[i] < other[j])
            agree += left * right
            untied_one += left != 0
            untied_other += right != 0
    if not untied_one or not untied_other:
        return math.nan
    return agree / math.sqrt(untied_one * untied_other)


@given(st.lists(st.tuples(st.integers(-2, 3), st.sampled_from([0.0, 0.5, 1.0, -7.25])), max_size=9))
def test_kendalls_tau_counts_pairs_and_allows_for_ties(pairs):
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    assert kendall(one, other) == pytest.approx(plain_tau(one, other), nan_ok=True)


def test_kendalls_tau_of_less_than_two_things_or_of_equal_ones_is_not_defined():
    assert math.isnan(kendall([], []))
    assert math.isnan(kendall([1.0], [2.0]))
    assert math.isnan(kendall([1.0, 1.0], [2.0, 3.0]))
    assert kendall([1, 2, 3], [10, 20, 30]) == 1
    assert kendall([1, 2, 3], [30, 20, 10]) == -1
    with pytest.raises(ValueError, match="2 and 1 numbers"):
        kendall([1, 2], [1])


def test_mean_and_spread_are_over_seeds():
    assert OURS.mean("plain", "rank1") == 12
    assert OURS.spread("plain", "rank1") == 2  # sqrt((4 + 0 + 4) / (3 - 1))
    one = replace(OURS, percent={"plain": {"rank1": (10.0,)}})
    assert one.mean("plain", "rank1") == 10
    assert math.isnan(one.spread("plain", "rank1"))
    assert math.isnan(one.mean("full", "rank1"))


def test_the_order_of_rows_is_compared_with_each_of_the_papers_columns():
    tau = FOUND.agreement()
    assert {*tau} == {("Home", "rank1"), ("Home", "mAP"), ("Away", "rank1"), ("Away", "mAP")}
    assert tau["Home", "mAP"] == 1
    assert tau["Home", "rank1"] == pytest.approx(1 / 3)
    assert tau["Away", "rank1"] == pytest.approx(1 / 3)
    assert math.isnan(tau["Away", "mAP"])


def test_rows_that_were_not_measured_do_not_count_in_the_order_and_two_rows_have_none():
    last = Row(name="last", published=printed(BOTH, 80.0, 30.0, 35, 20.0))
    percent = {**OURS.percent, "last": {"rank1": (30.0,), "mAP": (1.0,)}}
    four = replace(FOUND, table=replace(TABLE, rows=(*TABLE.rows, last)), columns=(replace(OURS, percent=percent),))
    fewer = replace(four, rows=("plain", "full", "last"))
    assert fewer.agreement()["Home", "rank1"] == 1
    assert fewer.agreement()["Away", "rank1"] == pytest.approx(1 / 3)
    assert "Rows left out: + a | b." in fewer.remarks()
    for rows in (("plain", "full"), ("plain",), ()):
        some = replace(four, rows=rows)
        assert all(math.isnan(tau) for tau in some.agreement().values())
    told = replace(FOUND, rows=("plain", "full")).remarks()
    assert "Order of the rows, paper and ours: not given. " + DEFINED in told
    assert not [line for line in told if "Kendall" in line]


def test_of_one_seed_it_is_said_that_chance_orders_rows_too():
    said = "With one seed, chance may have turned the order of rows that are close."
    assert said in replace(FOUND, seeds=1).remarks()
    assert said not in FOUND.remarks()
    assert said not in replace(FOUND, seeds=1, rows=("plain",)).remarks()


def test_numbers_of_held_out_people_are_not_set_beside_the_papers_without_a_word():
    found = replace(FOUND, validate=8)
    told = [line for line in found.remarks() if line.startswith("Validation: trained without 8 of the training people")]
    assert len(told) == 1
    assert told[0] in found.to_markdown()
    assert json.loads(found.to_json())["validate"] == 8
    assert json.loads(FOUND.to_json())["validate"] is None


def test_markdown_shows_both_and_says_what_the_numbers_depend_on():
    assert FOUND.to_markdown() == (
        "### demo.table_1: Table 1, parts\n"
        "\n"
        "    passerby study demo.table_1 --data DIR --scale small --seeds 3\n"
        "\n"
        "| row | paper, Home: rank-1 | paper, Home: mAP | paper, Away: rank-1 | paper, Away: mAP | ours: rank-1 | "
        "ours: mAP |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| plain | 50.0 | 40.0 | 33.25 | 20.0 | 12.0 ± 2.0 | 5.0 ± 0.0 |\n"
        "| + a / b | 60.0 | 45.5 | 34.00 | 20.0 | 20.0 ± 0.0 | 7.0 ± 1.0 |\n"
        "| full | 70.0 | 50.0 | 31.00 | 20.0 | 16.0 ± 1.0 | 9.5 ± 0.5 |\n"
        "\n"
        "- Paper: Doe, A Paper.\n"
        "- Ours: small scale, 3 seeds, mean and standard deviation (n - 1); AP by the trapezoid rule.\n"
        "- Data of ours: synthetic (seed 0).\n"
        "- This data is synthetic: our numbers are those of drawn people, not of the paper's data set.\n"
        "- Order of the rows, paper and ours (Kendall's tau-b): Home rank-1 0.33; Home mAP 1.00; Away rank-1 0.33; "
        "Away mAP not given.\n"
        "- An order takes three rows or more that are not all alike.\n"
        "- A note.\n"
    )


def test_real_data_is_not_called_synthetic_and_what_is_missing_is_named():
    home = replace(OURS, name="ours, Home", published=("Home",), trained_on="market1501", judged_on="dukemtmc")
    found = replace(FOUND, columns=(home,), left_out=("Away",), seeds=1, scale="paper", table=replace(TABLE, note=""))
    text = found.to_markdown()
    assert "synthetic" not in text
    assert "Data of ours, Home: market1501 -> dukemtmc." in text
    assert "Left out, since no data was given: Away." in text
    assert "Ours: paper scale, one seed; AP" in text


def test_json_holds_each_seed_and_null_for_what_is_not_defined():
    def no_constant(name):
        raise AssertionError(name)

    one = {row: {metric: values[:1] for metric, values in of.items()} for row, of in OURS.percent.items()}
    found = replace(FOUND, columns=(replace(OURS, percent=one),))
    document = json.loads(found.to_json(), parse_constant=no_constant)
    assert document["ours"][0]["rows"]["plain"]["rank1"] == {"mean": 10.0, "spread": None, "by_seed": [10.0]}
    assert document["rows"][1] == {"row": "+ a | b", "published": TABLE.rows[1].published}
    assert {"column": "Away", "metric": "mAP", "tau": None} in document["kendall_tau_b"]
    assert document["ap"] == "trapezoid"


def test_both_files_are_written(tmp_path):
    as_json, as_markdown = FOUND.save(tmp_path)
    assert json.loads(as_json.read_text()) == json.loads(FOUND.to_json())
    assert as_markdown.read_text() == FOUND.to_markdown()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["demo.table_1.json", "demo.table_1.md"]


def test_one_of_the_papers_columns_stands_beside_ours():
    headings, rows = FOUND.beside("Away")
    assert headings == ["row", "rank-1", "ours", "mAP", "ours"]
    assert rows == [
        ["plain", "33.25", "12.0 ± 2.0", "20.0", "5.0 ± 0.0"],
        ["+ a | b", "34.00", "20.0 ± 0.0", "20.0", "7.0 ± 1.0"],
        ["full", "31.00", "16.0 ± 1.0", "20.0", "9.5 ± 0.5"],
    ]


def test_the_files_can_be_called_otherwise_in_a_new_folder(tmp_path):
    written = FOUND.save(tmp_path / "new" / "folder", name="epochs=5")
    assert [file.name for file in written] == ["epochs=5.json", "epochs=5.md"]
    assert all(file.is_file() for file in written)

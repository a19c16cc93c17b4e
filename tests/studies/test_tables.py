"""What every table must be; the tables are listed from the folder."""

import re

import pytest

from passerby import names, studies
from passerby.evaluation.average_precision import DEFINITIONS
from passerby.study import find, tables

TABLES = {
    "global_embedding": ["table_1", "table_2", "table_3"],
    "horizontal_pooling": ["table_4", "table_5", "table_6", "table_7"],
    "hybrid_attention": ["table_vi", "table_vii", "table_viii", "table_ix", "table_x"],
    "joint_attention": ["table_1"],
    "midlevel_attributes": ["table_2", "table_3", "table_4", "table_5", "table_6"],
}
TRAPEZOID = {"hybrid_attention", "midlevel_attributes", "global_embedding"}

every = pytest.mark.parametrize("table", tables().values(), ids=tables())


def rows():
    return [
        pytest.param(table, row, id=f"{table.name}: {row.name}") for table in tables().values() for row in table.rows
    ]


def test_every_table_of_the_five_papers_is_there_in_the_papers_order():
    assert list(tables()) == [f"{system}.{name}" for system, every in TABLES.items() for name in every]


@every
def test_a_table_is_called_as_where_it_stands(table):
    assert names.find(studies, table.name) is table
    assert find(table.name) is table


def test_an_unknown_table_lists_those_there_are():
    with pytest.raises(ValueError, match=r"hybrid_attention\.table_ix"):
        find("hybrid_attention.table_i")
    with pytest.raises(ValueError, match=r"hybrid_attention\.table_ix"):
        find("hybrid_attention.PAPER")


@every
def test_a_table_says_its_paper_number_and_rule_of_average_precision(table):
    number = table.name.rpartition("_")[2]
    assert table.title.startswith(f"Table {number.upper()},")
    assert len(table.paper) > 40
    assert table.ap == ("trapezoid" if table.system in TRAPEZOID else "step")
    assert table.ap in DEFINITIONS
    assert table.note.endswith(".")


@every
def test_every_row_has_figures_of_the_same_kind_in_every_column(table):
    kinds = {(column, *row.published[column]) for row in table.rows for column in table.column_names}
    assert len(kinds) == len(table.columns)
    assert all("mAP" in kind for kind in kinds)


@pytest.mark.parametrize(("table", "row"), rows())
def test_ranks_do_not_fall_and_mean_average_precision_is_below_rank_1(table, row):
    for numbers in row.published.values():
        ranks = [numbers[rank] for rank in ("rank1", "rank5", "rank10", "rank20") if rank in numbers]
        assert ranks == sorted(ranks)
        assert not ranks or numbers["mAP"] < ranks[0]


@pytest.mark.parametrize(("table", "row"), rows())
def test_a_rows_changes_are_written_as_the_command_line_takes_them(table, row):
    for change in (*row.changes, *(row.small or ()), *row.test):
        assert re.fullmatch(r"[a-z_.0-9]+=.+", change), change


@every
def test_rows_of_the_same_training_and_descriptor_have_the_same_figures(table):
    same = {}
    for row in table.rows:
        same.setdefault((row.variant, row.changes, row.test), []).append(row.published)
    assert all(published == group[0] for group in same.values() for published in group)


@pytest.mark.parametrize(
    ("table", "row", "column", "rank1", "mean"),
    [
        ("hybrid_attention.table_vi", "Baseline", "Market-1501", 88.1, 71.1),
        ("hybrid_attention.table_vi", "+ CAM", "DukeMTMC-reID", 90.2, 80.2),
        ("hybrid_attention.table_vii", "Baseline, CAM", "DukeMTMC-reID", 85.1, 72.8),
        ("hybrid_attention.table_viii", "+ MGO", "Market -> Duke", 39.86, 23.01),
        ("hybrid_attention.table_ix", "BaselineBMM + C+S+c", "Market-1501", 95.3, 86.2),
        ("hybrid_attention.table_x", "stage 1-3", "DukeMTMC-reID", 88.33, 76.09),
        ("horizontal_pooling.table_4", "Baseline+MSM", "CUHK03", 55.3, 53.8),
        ("horizontal_pooling.table_5", "1+2+4", "DukeMTMC-reID", 85.2, 71.9),
        ("horizontal_pooling.table_6", "MMHPN+GMP", "CUHK03", 67.9, 64.7),
        ("horizontal_pooling.table_7", "MMHPN+PSL", "Market1501", 94.6, 83.4),
        ("joint_attention.table_1", "Baseline(+Non-local)", "Market-1501", 91.69, 79.38),
        ("midlevel_attributes.table_2", "Fusional feature", "Market-1501", 87.89, 70.04),
        ("midlevel_attributes.table_3", "Local feature", "DukeMTMC-reID", 77.19, 57.69),
        ("midlevel_attributes.table_4", "Global + res3d", "Market-1501", 86.16, 66.70),
        ("midlevel_attributes.table_5", "Local + res5c", "Market-1501", 83.88, 61.51),
        ("midlevel_attributes.table_6", "Fusion", "Market-1501", 83.82, 64.07),
    ],
)
def test_figures_are_those_of_the_paper(table, row, column, rank1, mean):
    (found,) = [one for one in find(table).rows if one.name == row]
    assert (found.published[column]["rank1"], found.published[column]["mAP"]) == (rank1, mean)


@pytest.mark.parametrize(
    ("table", "column", "means"),
    [
        ("global_embedding.table_1", "Market", [75.9, 77.2, 76.8, 81.2, 81.2]),
        ("global_embedding.table_2", "Duke", [69.2, 72.9, 73.1]),
        ("global_embedding.table_3", "Duke", [71.4, 72.9, 67.6, 72.9, 74.0, 71.1, 72.9]),
    ],
)
def test_figures_of_a_paper_that_prints_mean_average_precision_alone(table, column, means):
    assert [row.published[column]["mAP"] for row in find(table).rows] == means

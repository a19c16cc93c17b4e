import pytest

from passerby.table import Column, Row, Table, printed

HOME = Column(name="Home", trained_on="home", judged_on="home")
AWAY = Column(name="Away", trained_on="away", judged_on="away")


def table(**other):
    row = Row(name="a", published=printed([HOME], 50, 40))
    given = {"name": "demo.table_1", "paper": "P", "title": "T", "columns": (HOME,), "rows": (row,), "ap": "step"}
    return Table(**{**given, **other})


def test_figures_are_read_from_left_to_right():
    assert printed([HOME, AWAY], 1, 2, 3, 4) == {"Home": {"rank1": 1, "mAP": 2}, "Away": {"rank1": 3, "mAP": 4}}
    assert printed([HOME], 1, 2, 3, metrics=("rank1", "rank20", "mAP")) == {"Home": {"rank1": 1, "rank20": 2, "mAP": 3}}
    with pytest.raises(ValueError, match="3 numbers for 2 columns of rank1, mAP"):
        printed([HOME, AWAY], 1, 2, 3)


@pytest.mark.parametrize("numbers", [{"rank1": 101}, {"mAP": -1}, {"mAP": float("nan")}, {"rank2": 50}])
def test_figures_are_percent_of_known_metrics(numbers):
    with pytest.raises(ValueError, match=r"a, Home: .* give percent in 0 \.\. 100 of rank1"):
        Row(name="a", published={"Home": numbers})


def test_rows_and_columns_have_names_of_their_own_and_there_is_at_least_one():
    row = Row(name="a", published=printed([HOME], 50, 40))
    for wrong in ({"rows": ()}, {"rows": (row, row)}, {"columns": ()}, {"columns": (HOME, HOME)}):
        with pytest.raises(ValueError, match="give at least one, each a name of its own"):
            table(**wrong)


def test_a_row_has_figures_of_the_tables_columns():
    with pytest.raises(ValueError, match=r"row b has figures for \['Away'\]; its columns are Home"):
        table(rows=(Row(name="b", published=printed([AWAY], 50, 40)),))
    with pytest.raises(ValueError, match="row b has figures for nothing"):
        table(rows=(Row(name="b", published={}),))


def test_a_table_knows_its_system_and_whether_it_goes_across_data_sets():
    across = Column(name="Home", trained_on="home", judged_on="away")
    assert table().system == "demo"
    assert not table().cross_domain
    assert table(columns=(HOME, AWAY)).cross_domain is False
    assert table(columns=(across,)).cross_domain

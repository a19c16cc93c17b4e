import pytest

from passerby.plan import columns, file_name, plan
from passerby.table import Column, Row, Table, printed

HOME = Column(name="Home", trained_on="home", judged_on="home")
AWAY = Column(name="Away", trained_on="away", judged_on="away")
ACROSS = Column(name="Home -> Away", trained_on="home", judged_on="away")


def table(*of, rows=None):
    plain = Row(name="plain", variant="linear", changes=("epochs=1",), published=printed(of, *(50.0, 40.0) * len(of)))
    ours = Row(
        name="ours", small=("epochs=3",), test=("flip_test=True",), published=printed(of, *(60.0, 45.0) * len(of))
    )
    return Table(name="demo.table_1", paper="P", title="T", columns=of, rows=rows or (plain, ours), ap="step")


def test_at_small_scale_one_column_stands_for_all_and_trains_the_small_recipe():
    found = plan(table(HOME, AWAY), ["world"])
    assert [(part.row, part.recipe, part.changes, part.test) for part in found] == [
        ("plain", "demo.small_linear", ("epochs=1",), ()),
        ("ours", "demo.small", ("epochs=3",), ("flip_test=True",)),
    ]
    assert {part.column for part in found} == {Column(name="ours", trained_on="world", judged_on="world")}


def test_at_paper_scale_each_column_whose_data_is_there_trains_its_recipe():
    both = plan(table(HOME, AWAY), ["home", "away"], scale="paper")
    assert [(part.recipe, part.changes) for part in both] == [
        ("demo.home_linear", ("epochs=1",)),
        ("demo.home", ()),
        ("demo.away_linear", ("epochs=1",)),
        ("demo.away", ()),
    ]
    assert columns(table(HOME, AWAY), ["away"], scale="paper") == (AWAY,)


def test_a_column_across_data_sets_wants_both():
    assert columns(table(ACROSS), ["away", "home"], scale="paper") == (ACROSS,)
    with pytest.raises(
        ValueError, match=r"No column of demo\.table_1 can be had from home; its data sets are home, away"
    ):
        columns(table(ACROSS), ["home"], scale="paper")
    (small,) = columns(table(ACROSS), ["one", "two"], scale="small")
    assert (small.trained_on, small.judged_on) == ("one", "two")


@pytest.mark.parametrize(
    ("of", "data", "scale", "told"),
    [
        ([HOME], [], "small", "wants one data set; there are 0"),
        ([HOME], ["one", "two"], "small", "wants one data set; there are 2"),
        ([ACROSS], ["one"], "small", "wants two data sets, one to train on and another to judge on; there are 1"),
        ([HOME], ["hoem"], "paper", "nothing to do with 'hoem'; its data sets are home"),
        ([HOME], [], "paper", "can be had from no data"),
        ([HOME], ["home"], "huge", "scale is 'huge'; give small or paper"),
    ],
)
def test_data_that_makes_no_column_is_refused(of, data, scale, told):
    with pytest.raises(ValueError, match=told):
        plan(table(*of), data, scale=scale)


def test_rows_are_chosen_by_name_and_keep_the_tables_order():
    assert [part.row for part in plan(table(HOME), ["w"], rows=["ours", "plain"])] == ["plain", "ours"]
    assert [part.row for part in plan(table(HOME), ["w"], rows=["ours"])] == ["ours"]
    with pytest.raises(ValueError, match="no row 'theirs'; its rows are plain; ours"):
        plan(table(HOME), ["w"], rows=["theirs"])


def test_a_row_without_figures_in_a_column_is_not_trained_for_it():
    rows = (
        Row(name="a", published=printed([HOME, AWAY], 1, 2, 3, 4)),
        Row(name="b", published=printed([AWAY], 1, 2)),
    )
    found = plan(table(HOME, AWAY, rows=rows), ["home", "away"], scale="paper")
    assert [(part.row, part.column.name) for part in found] == [("a", "Home"), ("a", "Away"), ("b", "Away")]


def test_what_is_trained_alike_lies_in_one_folder_and_nothing_else_does():
    row = {"published": printed([HOME], 1, 2)}
    rows = (
        Row(name="a", changes=("epochs=1", "losses.triplet=0"), **row),
        Row(name="b", changes=("epochs=1", "losses.triplet=0"), test=("flip_test=True",), **row),
        Row(name="c", changes=("losses.triplet=0", "epochs=1"), **row),
        Row(name="d", **row),
        Row(name="e", variant="linear", **row),
    )
    places = [str(part.place) for part in plan(table(HOME, rows=rows), ["w"])]
    assert places[0] == places[1]
    assert len({*places}) == 4
    assert places[0].startswith("w/demo.small,epochs=1,triplet=0-")
    assert places[3:] == ["w/demo.small", "w/demo.small_linear"]


def test_a_file_name_is_plain_short_and_one_of_its_own():
    assert file_name("market") == "market"
    long = [file_name("demo", f"model.level_scales={{'5_3': ({n},)}}", *["model.aps=gap"] * 40) for n in (1, 2)]
    odd = [file_name(name) for name in ("../my world", "my/world", "my world", "..", "ä")]
    assert len({*long, *odd}) == 7
    for name in (*long, *odd):
        assert len(name) <= 89
        assert name.strip(".")
        assert not {*name} & {*"/ '{}()"}

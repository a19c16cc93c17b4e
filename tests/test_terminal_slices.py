"""Sliced results and attribute accuracies as they are printed, 80 columns wide."""

import math

import pytest

from passerby import terminal
from passerby.evaluation.attribute_accuracy import Attribute, AttributeAccuracy
from passerby.evaluation.significance import Interval
from passerby.evaluation.slices import Slice, Slices


def one(part, value):
    bounds = Interval(math.nan, math.nan) if math.isnan(value) else Interval(value - 0.1, min(1.0, value + 0.1))
    return Slice(
        part=part,
        queries=11_659,
        queries_without_match=9,
        people=3_060,
        mAP=value,
        mAP_interval=bounds,
        rank1=value,
        rank1_interval=bounds,
    )


def printed(capsys, monkeypatch, found):
    monkeypatch.setattr(terminal.console, "_width", 80)
    (terminal.slices if isinstance(found, Slices) else lambda x: terminal.attributes(x, title="drawn"))(found)
    return capsys.readouterr().out


def slices(by, names, parts):
    return Slices(by=by, names=names, slices=parts, remarks=("So it is.",), protocol={"ap": "step", "data": "drawn"})


@pytest.mark.parametrize("cameras", [2, 8, 15])
def test_pairs_of_as_many_cameras_as_there_are_fit_a_line(capsys, monkeypatch, cameras):
    parts = tuple(
        one((f"c{a}", f"c{b}"), math.nan if a == b else (a * cameras + b) / 300)
        for a in range(1, cameras + 1)
        for b in range(1, cameras + 1)
    )
    found = slices("camera_pair", ("query camera", "gallery camera"), parts)
    lines = printed(capsys, monkeypatch, found).splitlines()
    assert "mAP (step): a row for each query camera, a column for each gallery camera." in lines
    for heading, *cells in found.matrix()[1]:
        assert [heading, *cells] in [line.split() for line in lines]
    assert lines[-1] == "So it is."


def test_the_list_of_attributes_loses_nothing_at_80_columns(capsys, monkeypatch):
    parts = (one(("downyellow", "1"), 0.5), one(("downyellow", "not labelled"), 1.0), one(("hat", "2"), math.nan))
    found = slices("attribute", ("attribute", "code"), parts)
    out = printed(capsys, monkeypatch, found)
    lines = out.splitlines()
    table = lines[1 : lines.index(found.notes[0])]
    assert max(map(len, table)) <= 80
    counts = ["11659", "9", "3060"]
    cells = [line.split()[2:] for line in table]
    assert [*counts, "50.0", "[40.0,", "60.0]", "50.0", "[40.0,", "60.0]"] in cells
    assert [*counts, "100.0", "[90.0,", "100.0]", "100.0", "[90.0,", "100.0]"] in cells
    assert [*counts, "-", "-", "-", "-"] in cells
    assert {"not", "labelled", "hat"} <= set(" ".join(table).split())


def test_names_out_of_a_file_are_printed_as_they_are(capsys, monkeypatch):
    found = slices("attribute", ("attribute", "code"), (one(("[red]", "1"), 0.5),))
    assert "[red]" in printed(capsys, monkeypatch, found)


def test_the_accuracies_have_their_majority_beside_them(capsys, monkeypatch):
    found = AttributeAccuracy(
        attributes=(Attribute(name="hat", right=1, majority_right=3, pictures=4),), protocol={"rule": "R"}
    )
    out = printed(capsys, monkeypatch, found)
    assert [line.replace("│", " ").split() for line in out.splitlines() if " hat " in line] == [
        ["hat", "25.0", "75.0", "1", "4"]
    ]
    assert "by the rule of the label authors: R." in out

import json
import shlex
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

import passerby.recipes.demo as home
import people
from passerby import judge, run
from passerby.datasets import market1501
from passerby.evaluation.rules import Rules
from passerby.evaluation.validation import validation
from passerby.study import study
from passerby.table import METRICS, Column, Row, Table, printed
from passerby.training.machine import Machine
from passerby.types import Crop

CPU = Machine(accelerator="cpu")
COLUMN = Column(name="Home", trained_on="home", judged_on="home")


def row(name, *changes, **options):
    return Row(name=name, changes=(*people.SMALL, *changes), published=printed([COLUMN], 50, 40), **options)


def table(*rows, column=COLUMN):
    return Table(name="demo.table_1", paper="P", title="T", columns=(column,), rows=rows, ap="trapezoid")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The recipe `demo` as the small one of a system, and as the paper's for a data set `home`."""
    monkeypatch.setattr(home, "small", home.demo, raising=False)
    monkeypatch.setattr(home, "home", home.demo, raising=False)


@pytest.fixture
def data(tmp_path):
    return {"home": market1501.load(people.market(tmp_path / "market"))}


@pytest.fixture
def trained(monkeypatch):
    """Folders of the trainings that took a step."""
    steps = []

    def counted(name, *, out, on_step, **options):
        return real(name, out=out, on_step=lambda report: (steps.append(out), on_step(report)), **options)

    real = run.train
    monkeypatch.setattr(run, "train", counted)
    return lambda: list(dict.fromkeys(steps))


@pytest.fixture
def judged(monkeypatch):
    """Runs that were judged."""
    seen = []

    def counted(trained, *arguments, **options):
        seen.append(trained)
        return real(trained, *arguments, **options)

    real = judge.judge
    monkeypatch.setattr(judge, "judge", counted)
    return seen


def test_each_row_is_trained_and_judged_for_each_seed(data, tmp_path, trained, judged):
    rows = (row("plain"), row("no triplet", "losses.triplet=0"))
    found = study(table(*rows), data, out=tmp_path / "out", seeds=2, machine=CPU)
    assert len(trained()) == 4
    assert [one.seed for one in judged] == [0, 0, 1, 1]
    (ours,) = found.columns
    assert {*ours.percent} == {"plain", "no triplet"}
    for one in list(judged):
        name = "no triplet" if "losses.triplet=0" in one.changes else "plain"
        again = judge.judge(one, data["home"], rules=Rules(ap="trapezoid")).scores
        assert ours.percent[name]["mAP"][one.seed] == pytest.approx(100 * again.mAP)
        assert ours.percent[name]["rank1"][one.seed] == pytest.approx(100 * again.rank(1))
    assert found.command == "passerby study demo.table_1 --data DIR --scale small --seeds 2"
    assert (ours.trained_on, ours.judged_on) == ("market1501", "market1501")


def test_rows_that_were_asked_for_stand_in_the_command(data, tmp_path):
    rows = (row("plain"), row("+ a 'b'"))
    found = study(table(*rows), data, out=tmp_path / "out", seeds=1, machine=CPU, rows=["+ a 'b'"])
    assert shlex.split(found.command)[-2:] == ["--rows", "+ a 'b'"]
    assert found.rows == ("+ a 'b'",)


def test_rows_that_are_judged_differently_are_trained_once(data, tmp_path, trained, judged):
    rows = (row("plain"), row("mirrored", test=("flip_test=True",)), row("again"))
    found = study(table(*rows), data, out=tmp_path / "out", seeds=1, machine=CPU)
    assert len(trained()) == 1
    assert [one.recipe.flip_test for one in judged] == [False, True]
    percent = found.columns[0].percent
    assert percent["plain"] == percent["again"]


def test_what_is_done_is_neither_trained_nor_judged_again(data, tmp_path, trained, judged):
    rows = (row("plain"), row("mirrored", test=("flip_test=True",)))
    first = study(table(*rows), data, out=tmp_path / "out", seeds=1, machine=CPU)
    assert len(trained()) == 1
    more = study(table(*rows), data, out=tmp_path / "out", seeds=2, machine=CPU)
    assert [folder.name for folder in trained()] == ["seed0", "seed1"]
    assert len(judged) == 4
    for name, of in first.columns[0].percent.items():
        assert {metric: values[:1] for metric, values in more.columns[0].percent[name].items()} == of


def test_a_training_that_was_broken_off_goes_on(data, tmp_path, trained):
    class Stop(Exception):
        pass

    @contextmanager
    def breaking(title):
        def stop(report):
            raise Stop

        yield stop

    with pytest.raises(Stop):
        study(table(row("plain")), data, out=tmp_path / "out", seeds=1, machine=CPU, training=breaking)
    found = study(table(row("plain")), data, out=tmp_path / "out", seeds=1, machine=CPU)
    assert len(trained()) == 1
    assert len(found.columns[0].percent["plain"]["mAP"]) == 1


def test_scores_of_other_weights_data_or_rule_are_not_used_again(data, tmp_path, judged):
    out = tmp_path / "out"
    study(table(row("plain")), data, out=out, seeds=1, machine=CPU)
    (file,) = out.rglob("scores-*.json")
    document = json.loads(file.read_text())
    assert {*document["percent"]} == {*METRICS}
    assert document["scores"]["protocol"]["ap"] == "trapezoid"

    study(replace(table(row("plain")), ap="step"), data, out=out, seeds=1, machine=CPU)
    fewer = {"home": replace(data["home"], query=data["home"].query[1:])}
    study(replace(table(row("plain")), ap="step"), fewer, out=out, seeds=1, machine=CPU)
    file.write_text("{}")
    study(replace(table(row("plain")), ap="step"), fewer, out=out, seeds=1, machine=CPU)
    file.write_text("[")
    study(replace(table(row("plain")), ap="step"), fewer, out=out, seeds=1, machine=CPU)
    assert len(judged) == 5
    study(replace(table(row("plain")), ap="step"), fewer, out=out, seeds=1, machine=CPU)
    assert len(judged) == 5


def test_across_data_sets_the_first_is_trained_on_and_the_second_judged_on(data, tmp_path, judged):
    across = Column(name="Home", trained_on="home", judged_on="away")
    two = {"one": data["home"], "two": market1501.load(people.market(tmp_path / "other", train=2, test=5))}
    found = study(table(row("plain"), column=across), two, out=tmp_path / "out", seeds=1, machine=CPU)
    (file,) = (tmp_path / "out").rglob("scores-two.json")
    assert file.relative_to(tmp_path / "out").parts[:2] == ("small", "one")
    assert json.loads(file.read_text())["scores"]["queries"] == 5
    assert found.columns[0].published == ("Home",)


def test_at_paper_scale_a_column_without_data_is_left_out_and_named(data, tmp_path):
    away = Column(name="Away", trained_on="away", judged_on="away")
    both = (COLUMN, away)
    one = Row(name="plain", changes=people.SMALL, published=printed(both, 50, 40, 30, 20))
    wide = replace(table(row("plain")), columns=both, rows=(one,))
    found = study(wide, data, out=tmp_path / "out", scale="paper", seeds=1, machine=CPU)
    assert found.left_out == ("Away",)
    assert [ours.name for ours in found.columns] == ["ours, Home"]
    assert found.command == "passerby study demo.table_1 --data home=DIR --scale paper --seeds 1"


def test_progress_is_shown_of_each_training_and_judging(data, tmp_path):
    seen = []

    @contextmanager
    def training(title):
        yield lambda report: seen.append((title, report.step))

    @contextmanager
    def judging(title, total):
        yield lambda done: seen.append((title, done, total))

    study(table(row("plain")), data, out=tmp_path / "out", seeds=1, machine=CPU, training=training, judging=judging)
    assert seen[0] == ("training plain, ours, seed 0", 1)
    crops = len(data["home"].query) + len(data["home"].gallery)
    assert seen[-1] == ("embedding plain, ours, seed 0", crops, crops)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"changes": ("losses.triplte=0",)}, "Row 'wrong' cannot be trained: losses.triplte"),
        ({"changes": ("model.pool=maximum",)}, "Row 'wrong' cannot be trained: model.pool"),
        ({"changes": ("model.backbone.name=resnet0",)}, "Row 'wrong' cannot be trained: timm has no network"),
        ({"variant": "linear"}, "Row 'wrong' cannot be trained: No recipe is called 'demo.small_linear'"),
        ({"changes": people.SMALL, "test": ("model.dim=9",)}, "model.dim=9 changes the weights"),
        ({"changes": (*people.SMALL, "batches.people=9")}, "Row 'wrong' cannot be trained: .* a batch wants 9"),
    ],
)
def test_a_row_that_cannot_be_trained_is_refused_before_any_training(data, tmp_path, trained, wrong, told):
    rows = (row("plain"), Row(name="wrong", published=printed([COLUMN], 1, 2), **wrong))
    with pytest.raises(ValueError, match=told):
        study(table(*rows), data, out=tmp_path / "out", seeds=1, machine=CPU)
    assert not (tmp_path / "out").exists()
    assert not trained()


def lacking(people_, **other):
    return {"home": replace(people_["home"], **other)}


def test_data_that_cannot_be_judged_or_trained_on_is_refused_before_any_training(data, tmp_path):
    whole = data["home"]
    blind = tuple(Crop(crop.path, crop.pid) for crop in whole.query)
    gone = (*whole.gallery, Crop(tmp_path / "gone.jpg", whole.query[0].pid, 5))
    for other, told in (
        ({"query": ()}, "0 queries"),
        ({"query": blind}, "have no camera"),
        ({"gallery": gone}, r"1 of \d+ pictures cannot be read: .*gone\.jpg"),
        ({"galleries": {0: (0,)}}, "There are galleries for 1 queries and 3 queries"),
        ({"train": whole.train[:1]}, "fewer than 2 people in train"),
    ):
        with pytest.raises(ValueError, match=told):
            study(table(row("plain")), lacking(data, **other), out=tmp_path / "out", seeds=1, machine=CPU)
    with pytest.raises(ValueError, match="seeds is 0"):
        study(table(row("plain")), data, out=tmp_path / "out", seeds=0, machine=CPU)
    assert not (tmp_path / "out").exists()


def test_labels_that_a_recipe_needs_are_asked_for_before_any_training(data, tmp_path, monkeypatch):
    def labels(people_):
        raise ValueError(f"{people_.name} has no attributes.")

    monkeypatch.setattr(home, "small", replace(home.demo, labels=labels))
    with pytest.raises(ValueError, match="Row 'plain' cannot be trained: market1501 has no attributes"):
        study(table(row("plain")), data, out=tmp_path / "out", seeds=1, machine=CPU)
    assert not (tmp_path / "out").exists()


def test_chance_is_left_as_it_was(data, tmp_path):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    with pytest.raises(ValueError, match="wrong"):
        study(table(row("plain"), row("wrong", "model.pool=x")), data, out=tmp_path / "out", seeds=1, machine=CPU)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_changes_of_all_rows_come_after_their_own_and_stand_in_the_command(data, tmp_path, trained):
    found = study(table(row("plain")), data, out=tmp_path / "out", seeds=1, changes=["epochs=1"], machine=CPU)
    assert found.command.startswith("passerby study demo.table_1 epochs=1 --data DIR")
    card = json.loads(next((tmp_path / "out").rglob("recipe.json")).read_text())
    assert card["changes"] == [*people.SMALL, "epochs=1"]
    assert card["recipe"]["epochs"] == 1


@pytest.fixture
def many(tmp_path):
    return {"home": market1501.load(people.market(tmp_path / "many", train=8))}


def test_held_out_people_are_judged_and_the_test_people_are_never_looked_at(many, tmp_path, judged):
    whole = many["home"]
    blind = tuple(Crop(tmp_path / "gone" / crop.path.name, crop.pid) for crop in (*whole.query, *whole.gallery))
    without = {"home": replace(whole, query=blind[:1], gallery=blind[1:])}
    found = study(table(row("plain")), without, out=tmp_path / "out", seeds=1, machine=CPU, validate=3)
    (one,) = judged
    held = validation(whole, 3)
    again = judge.judge(one, held, rules=Rules(ap="trapezoid")).scores
    (ours,) = found.columns
    assert ours.percent["plain"]["mAP"] == (100 * again.mAP,)
    assert one.held_out.people == 3
    told = "market1501 (validation on 3 of 8 training people)"
    assert (ours.trained_on, ours.judged_on) == (told, told)
    assert found.validate == 3
    assert "Validation: trained without 3 of the training people" in found.to_markdown()
    assert found.command == "passerby study demo.table_1 --data DIR --scale small --seeds 1 --validate 3"


def test_trainings_with_and_without_held_out_people_lie_apart(many, tmp_path, trained):
    for validate in (None, 3, 4, 3, None):
        study(table(row("plain")), many, out=tmp_path / "out", seeds=1, machine=CPU, validate=validate)
    assert [folder.name for folder in trained()] == ["seed0", "validate3-seed0", "validate4-seed0"]
    cards = [json.loads((folder / "recipe.json").read_text())["validation"] for folder in trained()]
    assert [card and card["people"] for card in cards] == [None, 3, 4]
    assert len({folder.parent for folder in trained()}) == 1


def test_people_cannot_be_held_out_of_a_table_across_data_sets(many, tmp_path, trained):
    across = Column(name="Home -> Away", trained_on="home", judged_on="away")
    two = {**many, "away": many["home"]}
    for column, scale in ((across, "small"), (across, "paper")):
        with pytest.raises(ValueError, match=r"judges on another data set than it trains on .* leave --validate out"):
            study(
                table(replace(row("plain"), published=printed([across], 1, 2)), column=column),
                two, out=tmp_path / "out", scale=scale, seeds=1, machine=CPU, validate=3,
            )  # fmt: skip
    assert not trained()


def test_people_that_cannot_be_held_out_are_refused_before_any_training(many, tmp_path, trained):
    for count in (-1, 0, 1, 7):
        with pytest.raises(ValueError, match=r"cannot be held out; give 2 \.\. 6"):
            study(table(row("plain")), many, out=tmp_path / "out", seeds=1, machine=CPU, validate=count)
    wide = table(row("plain", "batches.people=6"))  # there are 8 people, and 5 are left
    with pytest.raises(ValueError, match=r"Row 'plain' cannot be trained: .* a batch wants 6"):
        study(wide, many, out=tmp_path / "out", seeds=1, machine=CPU, validate=3)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("validate", [None, 3])
def test_other_data_of_the_same_name_is_refused_before_any_training_and_the_reason_told(
    many, tmp_path, trained, validate
):
    options = {"out": tmp_path / "out", "machine": CPU, "validate": validate}
    study(table(row("plain")), many, seeds=1, **options)
    whole = many["home"]
    gone = validation(whole, 3).train[0]
    other = {"home": replace(whole, train=tuple(crop for crop in whole.train if crop != gone))}
    rows = (row("new", "losses.triplet=0"), row("plain"))
    with pytest.raises(
        ValueError, match=r"seed0 holds a run on other data that is called home too: market1501, .* --out"
    ):
        study(table(*rows), other, seeds=2, **options)
    assert len(trained()) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rules", {"ap": "trapezoid", "cameras": False}),
        ("rules", {"ap": "trapezoid", "tracklets": "mean"}),
        ("versions", {"passerby": "0.0.1"}),
        ("weights", "0" * 64),
        ("test", ["flip_test=True"]),
        ("data", ["market1501", "V2"]),
    ],
)
def test_scores_under_another_protocol_or_version_are_measured_again(data, tmp_path, judged, key, value):
    options = {"out": tmp_path / "out", "seeds": 1, "machine": CPU}
    study(table(row("plain")), data, **options)
    (file,) = (tmp_path / "out").rglob("scores-*.json")
    document = json.loads(file.read_text())
    old = document["asked"][key]
    document["asked"][key] = {**old, **value} if isinstance(value, dict) else value
    file.write_text(json.dumps({**document, "percent": {metric: 99.0 for metric in METRICS}}))
    found = study(table(row("plain")), data, **options)
    assert len(judged) == 2
    assert found.columns[0].percent["plain"]["mAP"] != (99.0,)


@pytest.mark.parametrize(
    "change",
    [
        lambda crops: crops[:-1],
        lambda crops: (replace(crops[0], camid=9), *crops[1:]),
        lambda crops: (replace(crops[0], box=(0, 0, 8, 16)), *crops[1:]),
        lambda crops: tuple(replace(crop, trackid=place) for place, crop in enumerate(crops)),
        lambda crops: crops[::-1],
    ],
)
def test_scores_of_other_crops_are_measured_again(data, tmp_path, judged, change):
    options = {"out": tmp_path / "out", "seeds": 1, "machine": CPU}
    whole = data["home"]
    study(table(row("plain")), data, **options)
    study(table(row("plain")), {"home": replace(whole, gallery=change(whole.gallery))}, **options)
    assert len(judged) == 2
    moved = {"home": replace(whole, query=whole.query[:-1], gallery=(whole.query[-1], *whole.gallery))}
    study(table(row("plain")), moved, **options)
    assert len(judged) == 3

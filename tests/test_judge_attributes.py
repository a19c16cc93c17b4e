"""A run's attribute predictions, from a drawn world to the printed table.

The network stands in for a published one: one convolution, and heads that speak when it is trained and when it is not.
"""

import json
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from command import passerby
from passerby import run
from passerby.datasets import attributes as labels
from passerby.datasets import synthetic
from passerby.images import load, normalise
from passerby.judge_attributes import gallery_of_people, judge_attributes
from passerby.losses.attributes import attributes
from passerby.losses.identity import identity
from passerby.models.attribute_heads import MARKET_BINARY_HEADS, MARKET_HEADS, other_colour
from passerby.recipes import midlevel_attributes
from passerby.synth import world
from passerby.types import Output

SMALL = ("epochs=1", "batches.size=8", "size.height=32", "size.width=16", "schedule.warmup=0")


class Telling(nn.Module):
    def __init__(self, *, heads, num_classes=None, silent=False, pretrained=False):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(8, head.classes) for name, head in heads.items()})
        self.classify = nn.Linear(8, num_classes)
        self.silent = silent

    def forward(self, images):
        vector = self.backbone(images).mean(dim=(2, 3))
        told = {name: head(vector) for name, head in self.heads.items()}
        if self.training:
            return Output(vector, features=(vector,), logits=(self.classify(vector),), attributes=told)
        return Output(vector, attributes={} if self.silent else told)


RECIPE = replace(
    midlevel_attributes.small,
    model=partial(Telling, heads=MARKET_HEADS),
    losses={"identity": (1.0, identity), "attributes": (1.0, attributes)},
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    world.write(root, train_ids=6, test_ids=4, cameras=2, seed=3, workers=1, junk=0.1, distractors=0.1)
    return root


@pytest.fixture
def trained(monkeypatch, drawn, tmp_path):
    def train(recipe=RECIPE):
        monkeypatch.setattr(midlevel_attributes, "small", recipe)
        out = tmp_path / "run"
        return run.train("midlevel_attributes.small", data=synthetic.load(drawn), out=out, changes=SMALL)

    return train


def test_the_gallery_of_people_leaves_out_junk_and_distractors(drawn):
    data = synthetic.load(drawn)
    assert {crop.pid for crop in data.gallery} >= {-1, 0}
    assert gallery_of_people(data) == tuple(crop for crop in data.gallery if crop.pid > 0)


def test_a_run_is_judged_as_a_loop_over_the_gallery_would(trained, drawn):
    done, data = trained(), synthetic.load(drawn)
    found = judge_attributes(done, data).accuracy
    assert [one.name for one in found.attributes] == list(labels.market(data)[1])
    # each person's class, where one class alone is right
    classes = labels.market(replace(data, train=data.gallery and gallery_of_people(data), query=(), gallery=()))
    pictures = [crop for crop in data.gallery if crop.pid > 0]
    right = dict.fromkeys(MARKET_HEADS, 0)
    with torch.inference_mode():
        for crop in pictures:
            told = done.model(normalise(load(crop, done.recipe.size)).unsqueeze(0)).attributes
            for name, scores in told.items():
                right[name] += int(scores.argmax()) == classes[crop.pid][name]
    assert {one.name: one.right for one in found.attributes} == right
    assert {one.pictures for one in found.attributes} == {len(pictures)}


def test_the_result_says_what_it_depends_on(trained, drawn):
    done, data = trained(), synthetic.load(drawn)
    told = judge_attributes(done, data, official="no: made up").accuracy.protocol
    assert told["rule"] == "gallery pictures with a pid above 0; a colour is right where its flag is 2"
    assert (told["labels"], told["data"], told["version"]) == ("market", "synthetic", data.version)
    assert (told["official"], told["weights"], told["unreadable"]) == ("no: made up", done.model_id.weights, 0)
    assert told["train"].startswith("synthetic ")
    assert told["recipe"] == " ".join(("midlevel_attributes.small", *SMALL))


def test_a_picture_that_cannot_be_read_is_told_and_not_counted(trained, drawn, tmp_path):
    done, data = trained(), synthetic.load(drawn)
    people = gallery_of_people(data)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    gallery = (replace(people[0], path=tmp_path / "broken.jpg"), *people[1:])
    found = judge_attributes(done, replace(data, gallery=gallery))
    assert [crop for crop, _ in found.broken] == [gallery[0]]
    assert {one.pictures for one in found.accuracy.attributes} == {len(people) - 1}
    assert (found.accuracy.protocol["unreadable"], found.accuracy.protocol["pictures"]) == (1, len(people) - 1)


def test_heads_of_other_schemes_are_judged_by_their_labels(trained, drawn):
    data = synthetic.load(drawn)
    binary = replace(RECIPE, labels=labels.market_binary, model=partial(Telling, heads=MARKET_BINARY_HEADS))
    assert len(judge_attributes(trained(binary), data).accuracy.attributes) == 27


def test_a_head_with_a_class_for_other_colours_is_judged(trained, drawn):
    other = replace(
        RECIPE,
        labels=partial(labels.market, colour_missing="other_class"),
        model=partial(Telling, heads=other_colour(MARKET_HEADS)),
    )
    assert judge_attributes(trained(other), synthetic.load(drawn)).accuracy.protocol["labels"] == "market"


def never(*_, **__):
    raise AssertionError("a picture was read")


def test_what_does_not_fit_is_refused_before_a_picture_is_read(trained, drawn, monkeypatch):
    done, data = trained(), synthetic.load(drawn)
    monkeypatch.setattr("passerby.images.load", never)

    def refused(message, *, recipe=None, data=data):
        with pytest.raises(ValueError, match=message) as error:
            judge_attributes(done if recipe is None else replace(done, recipe=recipe), data)
        assert "\n" not in str(error.value)

    refused("was trained without attribute labels", recipe=replace(done.recipe, labels=None))
    refused("synthetic has no attribute labels; put market_attribute", data=replace(data, attributes={}))
    one = {gallery_of_people(data)[0].pid: data.attributes[gallery_of_people(data)[0].pid]}
    refused("test people of synthetic have no attribute labels", data=replace(data, attributes=one))
    refused("gallery of synthetic shows nobody by name", data=replace(data, gallery=()))
    refused("has no label 'top'; duke_attribute.mat has one", recipe=replace(done.recipe, labels=labels.duke))
    refused(
        "attributes are not the same .only predicted: lower_colour, upper_colour; only labelled: lower_black",
        recipe=replace(done.recipe, labels=labels.market_binary),
    )
    refused(
        r"other classes than the labels \(upper_colour: 8 predicted, 9 labelled, lower_colour: 9 predicted, 10 lab",
        recipe=replace(done.recipe, labels=partial(labels.market, colour_missing="other_class")),
    )


def test_a_network_that_predicts_nothing_is_refused(trained, drawn, monkeypatch):
    done = trained(replace(RECIPE, model=partial(Telling, heads=MARKET_HEADS, silent=True)))
    monkeypatch.setattr("passerby.images.load", never)
    with pytest.raises(ValueError, match=r"The network of .*run predicts no attributes"):
        judge_attributes(done, synthetic.load(drawn))


def test_the_command_prints_a_table_or_json(capsys, trained, drawn):
    done = trained()
    code, out, err = passerby(capsys, "attributes", done.folder, "--data", f"synthetic:{drawn}")
    assert code == 0, err
    assert all(len(line) <= 80 for line in out.splitlines() if line[0] in "┏┃┡│├└")
    for word in ("attribute", "accuracy", "majority", "lower_colour", "mean", "rule of the label authors"):
        assert word in out
    code, out, err = passerby(capsys, "attributes", done.folder, "--data", drawn, "--json")
    assert code == 0, err
    told = json.loads(out)
    found = judge_attributes(done, synthetic.load(drawn)).accuracy
    assert told["mean"] == found.mean
    assert list(told["attributes"]) == [one.name for one in found.attributes]


def test_the_command_refuses_in_one_line(capsys, trained, drawn, tmp_path):
    done = trained(replace(RECIPE, labels=None, losses={"identity": (1.0, identity)}))
    code, out, err = passerby(capsys, "attributes", done.folder, "--data", drawn)
    assert (code, out) == (2, "")
    assert err.startswith("passerby: midlevel_attributes.small was trained without attribute labels")
    assert err.count("\n") == 1
    assert passerby(capsys, "attributes", tmp_path / "nothing", "--data", drawn)[0] == 2

import json
from pathlib import Path

import pytest

from passerby import recipes, run
from passerby.names import find
from passerby.training.describe import describe
from passerby.training.override import override

DEMO = find(recipes, "demo")


def test_a_field_an_argument_and_a_loss_can_be_changed():
    changed = override(
        DEMO,
        [
            "epochs=3",
            "precision=bf16-mixed",
            "flip_test=True",
            "batches.people=8",
            "model.dim=64",
            "model.pool=gem",
            "model.backbone.name=resnet34",
            "losses.triplet=0.5",
            "losses.triplet.margin=1",
            "augment.erase.p=0.25",
            "augment.erase.area=(0.1, 0.2)",
            "optimizer.lr=1e-2",
            "optimizer.betas=(0.8, 0.9)",
            "pretrained=weights.safetensors",
        ],
    )
    assert (changed.epochs, changed.precision, changed.flip_test) == (3, "bf16-mixed", True)
    assert changed.batches.keywords["people"] == 8
    assert changed.model.keywords["dim"] == 64
    assert changed.model.keywords["backbone"].keywords["name"] == "resnet34"
    weight, loss = changed.losses["triplet"]
    assert (weight, loss.keywords["margin"]) == (0.5, 1.0)
    assert isinstance(loss.keywords["margin"], float)
    assert changed.augment["erase"].keywords["area"] == (0.1, 0.2)
    assert changed.optimizer.keywords["lr"] == 0.01
    assert changed.optimizer.keywords["betas"] == (0.8, 0.9)
    assert changed.pretrained == Path("weights.safetensors")
    assert describe(DEMO) == describe(find(recipes, "demo")), "the recipe itself has changed"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("epochs", "write field=value"),
        ("epoch=3", "there is no 'epoch'; there is model, data"),
        ("epochs=three", "give a whole number"),
        ("epochs=3.5", "give a whole number"),
        ("epochs=True", "give a whole number"),
        ("epochs=0", "give 1 or more"),
        ("flip_test=1", "give True or False"),
        ("precision=64", "'32-true' or 'bf16-mixed'"),
        ("model=resnet50", "one of its arguments instead"),
        ("model.pool=median", "'max' or 'average'"),
        ("model.size=3", "there is no 'size'"),
        ("model.backbone.last_stride=one", "give a whole number"),
        ("model.dim.deeper=3", "nothing lies below"),
        ("losses.focal=1", "there is no 'focal'; there is identity, triplet"),
        ("losses.triplet=much", "give a number"),
        ("losses.triplet=-1", "finite number of 0 or more"),
        ("losses.triplet=1e999", "finite number of 0 or more"),
        ("batches.seed=3", "given by the training itself"),
        ("model.num_classes=3", "given by the training itself"),
        ("optimizer.params=3", "there is no 'params'"),
        ("losses.triplet.radius=1", "there is no 'radius'"),
        ("augment.flip=0.1", "augment.flip.argument=value"),
        ("augment.erase.area=(0.1,)", "one of its arguments instead"),
    ],
)
def test_an_unknown_name_or_a_wrong_type_is_refused(change, told):
    with pytest.raises(ValueError, match=r".*") as caught:
        override(DEMO, [change])
    assert told in str(caught.value)


@pytest.mark.parametrize("name", run.recipe_names())
def test_a_recipe_is_described_in_plain_json_without_addresses(name):
    described = json.dumps(describe(run.recipe(name)))
    assert " at 0x" not in described

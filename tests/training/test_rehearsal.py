"""What training would refuse at its first step, or after the training that comes first, is refused at once."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from passerby import run
from passerby.images import Largest, Size
from passerby.models.backbone import backbone
from passerby.models.hybrid_attention import HybridAttention
from passerby.training.mining import Mining
from passerby.training.rehearsal import rehearse, stages
from passerby.types import Crop

CROPS = tuple(Crop(Path(f"{pid}_{n}.png"), pid, camid=n) for pid in range(1, 10) for n in range(6))
LABELS = {
    pid: dict.fromkeys(
        ("gender", "age", "hair_length", "sleeve_length", "hat", "backpack", "bag", "handbag", "upper_colour",
         "lower_length", "lower_type", "lower_colour"), pid % 2) for pid in range(1, 10)
}  # fmt: skip
SMALL = [name for name in run.recipe_names() if name.endswith((".small", ".small_linear"))]


def labels_of(recipe):
    return None if recipe.labels is None else LABELS


@pytest.mark.parametrize("name", SMALL)
def test_every_small_recipe_can_be_trained(name):
    recipe = run.recipe(name)
    rehearse(recipe, CROPS, labels_of(recipe))


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("hybrid_attention.small", ["model.k=3"], "multiple of 48"),
        ("hybrid_attention.small", ["size.height=100"], "multiple of 64"),
        ("hybrid_attention.small", ["batches.people=10"], "a batch wants 10"),
        ("horizontal_pooling.small", ["size.height=96"], "6 rows, which cannot be cut into 8 or 4"),
        ("horizontal_pooling.small", ["model.level_scales={'5_4': (1,)}"], "last stage has 3"),
        ("horizontal_pooling.small", ["model.level_scales={'5_3': (1,)}"], "stripes"),
        ("joint_attention.small_linear", ["losses.identity.only=1"], "classifiers 0 .. 0"),
        ("midlevel_attributes.small", ["model.parts=7"], "8 rows, but parts is 7"),
        ("midlevel_attributes.small", ["model.attribute_level=res4f", "size.height=96", "model.parts=6"], "bands"),
        ("midlevel_attributes.small", ["losses.global.only=2"], "classifiers 0 .. 1"),
        ("global_embedding.small", ["first.losses.identity.only=5"], "classifier"),
        ("global_embedding.small", ["first.pretrained=nowhere.safetensors"], "nowhere"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(name, changes, told):
    recipe = run.recipe(name, changes)
    with pytest.raises((ValueError, OSError), match=told):
        rehearse(recipe, CROPS, labels_of(recipe))


def test_a_backbone_without_stages_is_refused():
    recipe = run.recipe("hybrid_attention.small")
    dense = partial(backbone, name="densenet121")
    with pytest.raises(ValueError, match="ResNet"):
        rehearse(replace(recipe, model=partial(HybridAttention, backbone=dense)), CROPS)


def test_a_second_training_of_another_backbone_is_refused():
    recipe = run.recipe("global_embedding.small", ["model.backbone.channels=(8, 8, 8, 8)"])
    with pytest.raises(ValueError, match="another architecture"):
        rehearse(recipe, CROPS)


def test_weights_of_both_a_file_and_a_first_training_are_refused():
    with pytest.raises(ValueError, match=r"set first\.pretrained"):
        run.recipe("global_embedding.market", ["pretrained=weights.safetensors"])
    with pytest.raises(ValueError, match="give True, False or a Path"):
        replace(run.recipe("demo"), pretrained="weights.safetensors")


def test_labels_that_are_no_class_of_their_head_are_refused():
    recipe = run.recipe("midlevel_attributes.small")
    with pytest.raises(ValueError, match="age"):
        rehearse(recipe, CROPS, {pid: {**labels, "age": 4} for pid, labels in LABELS.items()})
    short = {pid: {name: row[name] for name in row if name != "lower_colour"} for pid, row in LABELS.items()}
    with pytest.raises(ValueError, match="lower_colour"):
        rehearse(recipe, CROPS, short)


def test_a_pool_that_cannot_hold_a_triplet_is_refused():
    recipe = run.recipe("global_embedding.small", ["first.batches.size=4"])
    with pytest.raises(ValueError, match="there is no triplet in it"):
        rehearse(recipe, tuple(CROPS[place] for place in range(0, 54, 6)))


def test_a_triplet_loss_needs_batches_with_positives():
    recipe = run.recipe("joint_attention.small")
    shuffled = run.recipe("baseline.small", ["batches.size=4"]).batches
    singles = tuple(CROPS[place] for place in range(0, 54, 6))
    with pytest.raises(ValueError, match="no other picture of its person"):
        rehearse(replace(recipe, batches=shuffled), singles)


def test_a_transformer_that_wants_another_size_is_refused_in_a_sentence():
    recipe = run.recipe("baseline.small")
    swin = partial(recipe.model.func, backbone=partial(recipe.model.keywords["backbone"].func, name="swin_s3_tiny_224"))
    with pytest.raises(ValueError, match="does not take pictures of 128x64"):
        rehearse(replace(recipe, model=swin), CROPS)


def test_a_rehearsal_uses_none_of_the_callers_chance():
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    rehearse(run.recipe("joint_attention.small"), CROPS)
    assert torch.equal(torch.rand(3), wanted)


def test_the_trainings_come_in_their_order():
    recipe = run.recipe("global_embedding.small")
    assert stages(recipe) == [recipe.first, recipe]
    assert stages(recipe.first) == [recipe.first]


@pytest.mark.parametrize("size", [Size(96, 48), Largest(96)])
def test_every_size_is_rehearsed(size):
    recipe = run.recipe("global_embedding.small", ["first=None", "frozen_batch_norm=statistics"])
    rehearse(replace(recipe, size=size, batches=Mining(updates=2, triplets=2, pool=9, every=1)), CROPS)

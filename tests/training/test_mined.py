"""Two-stage training with mined triplets of pictures of any size."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from PIL import Image
from torch.optim import SGD

from passerby import weights
from passerby.images import Largest, Size
from passerby.losses.dot_product_triplet import dot_product_triplet
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.global_embedding import GlobalEmbedding
from passerby.models.identity_embedding import IdentityEmbedding
from passerby.training.augment import flip
from passerby.training.batches import shuffled
from passerby.training.build import build
from passerby.training.loop import fit
from passerby.training.machine import Machine
from passerby.training.mined import mined
from passerby.training.mining import Mining
from passerby.training.recipe import Recipe
from passerby.training.schedule import warmup_cosine
from passerby.training.step import of_any_size
from passerby.types import Crop

CPU = Machine(accelerator="cpu")
NARROW = partial(backbone, name="resnet18", layers=(1, 1, 1, 1), channels=(4, 4, 8, 8), zero_init_last=False)
FIRST = Recipe(
    model=partial(IdentityEmbedding, backbone=NARROW),
    data=lambda root: None,
    size=Size(32, 16),
    epochs=2,
    batches=partial(shuffled, size=8),
    augment={"flip": flip},
    losses={"identity": (1.0, identity)},
    optimizer=partial(SGD, lr=0.05),
    schedule=warmup_cosine,
)
MINED = replace(
    FIRST,
    model=partial(GlobalEmbedding, backbone=NARROW, dim=8, classifier="none"),
    size=Largest(32),
    batches=Mining(updates=4, triplets=5, pool=12, every=2, hardest=4, at_once=2),
    losses={"triplet": (1.0, partial(dot_product_triplet, margin=0.3))},
    frozen_batch_norm="all",
    first=FIRST,
)


class Killed(BaseException):
    pass


@pytest.fixture
def crops(tmp_path):
    """Four people, four pictures each, of three sizes."""
    made = []
    for pid in (3, 5, 8, 9):
        for n in range(4):
            file = tmp_path / f"{pid}_{n}.png"
            Image.new("RGB", ((16, 20, 40)[n % 3], 40), (pid * 25, 255 - pid * 20, 60 * n)).save(file)
            made.append(Crop(file, pid, camid=n))
    return tuple(made)


def same(one, other):
    return all(torch.equal(x, y) for x, y in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def killed_after(stage, step):
    def stop(report):
        if (report.stage, report.step) == (stage, step):
            raise Killed

    return stop


def test_a_batch_is_queries_positives_and_negatives_and_an_update_has_all_its_triplets(crops):
    network = build(MINED, num_classes=4)
    updates = list(mined(MINED, crops, network, seed=0))
    assert len(updates) == MINED.batches.updates * MINED.epochs
    for update in updates:
        assert [len(items) for items, _ in update] == [6, 6, 3]
        for items, batch in update:
            third = len(items) // 3
            query, positive, negative = batch.pids.split(third)
            assert torch.equal(query, positive)
            assert not (query == negative).any()
            first, second = [item.index for item in items[:third]], [item.index for item in items[third : 2 * third]]
            assert all(one != other for one, other in zip(first, second, strict=True))
            for item, image in zip(items, batch.images, strict=True):
                assert (
                    tuple(image.shape[1:]) == [(32, 13), (32, 16), (32, 32)][int(crops[item.index].path.stem[-1]) % 3]
                )


def test_mining_leaves_the_network_in_train_mode_with_its_batch_norms_frozen(crops):
    network = build(MINED, num_classes=4)
    next(mined(MINED, crops, network, seed=0))
    assert network.training
    assert not network.get_submodule("backbone.bn1").training


def test_pictures_of_any_size_go_through_as_each_would_alone():
    network = build(MINED, num_classes=4)
    torch.nn.init.normal_(network.get_submodule("backbone.layer1.0.bn2").weight)
    images = [torch.randn(3, 32, width) for width in (16, 20, 16, 13, 20)]
    together = of_any_size(network, images)
    alone = torch.cat([network(image.unsqueeze(0)).embedding for image in images])
    assert torch.allclose(together.embedding, alone, atol=1e-5)
    assert torch.equal(together.features[0], together.embedding)


def test_several_sizes_with_a_batch_norm_that_uses_its_batch_are_refused():
    network = build(replace(FIRST), num_classes=4)
    with pytest.raises(ValueError, match="frozen_batch_norm"):
        of_any_size(network, [torch.randn(3, 32, 16), torch.randn(3, 32, 20)])


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_an_update_is_the_same_however_many_triplets_go_through_at_once(crops, tmp_path, at_once):
    folders = [tmp_path / name for name in ("one", "other")]
    recipes = [replace(MINED, batches=replace(MINED.batches, at_once=n), first=None) for n in (at_once, 3)]
    models = []
    for folder, recipe in zip(folders, recipes, strict=True):
        folder.mkdir()
        models.append(fit(recipe, crops, folder=folder, machine=CPU))
    for one, other in zip(*(model.state_dict().values() for model in models), strict=True):
        assert torch.allclose(one.float(), other.float(), atol=1e-4)


def test_the_second_training_starts_from_the_backbone_of_the_first(crops, tmp_path):
    fit(MINED, crops, folder=tmp_path, machine=CPU)
    left = weights.read(tmp_path / "first" / "backbone.safetensors")
    started = build(MINED, num_classes=4, start=left).state_dict()
    assert all(torch.equal(started[f"backbone.{name}"], tensor) for name, tensor in left.items())
    (tmp_path / "again").mkdir()
    first = fit(FIRST, crops, folder=tmp_path / "again", machine=CPU)
    assert all(torch.equal(first.state_dict()[f"backbone.{name}"], tensor) for name, tensor in left.items())


@pytest.mark.parametrize(("stage", "step"), [(1, 1), (1, 3), (2, 1), (2, 2), (2, 5)])
def test_a_killed_training_in_two_stages_ends_with_the_same_weights_bit_for_bit(crops, tmp_path, stage, step):
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole = fit(MINED, crops, folder=tmp_path / "whole", machine=CPU)
    with pytest.raises(Killed):
        fit(MINED, crops, folder=tmp_path / "broken", machine=CPU, every=0, on_step=killed_after(stage, step))
    seen = []
    resumed = fit(MINED, crops, folder=tmp_path / "broken", machine=CPU, resume=True, on_step=seen.append)
    assert same(whole, resumed)
    assert seen[0].stage == stage, "it did not go on where it was"
    if stage == 2:
        assert seen[0].step == step // 2 * 2 + 1, "mining goes on at the start of a round"


def test_a_look_in_the_middle_of_a_round_leaves_mining_as_it_was(crops, tmp_path):
    def look(model, epoch):
        with torch.inference_mode():
            return {"size": model(torch.rand(2, 3, 32, 16)).embedding.norm().item()}

    plain = replace(MINED, first=None, batches=replace(MINED.batches, updates=3))
    for name in ("plain", "seen"):
        (tmp_path / name).mkdir()
    assert plain.batches.updates % plain.batches.every
    whole = fit(plain, crops, folder=tmp_path / "plain", machine=CPU)
    assert same(whole, fit(plain, crops, folder=tmp_path / "seen", machine=CPU, on_epoch=look))


def test_a_mined_training_lowers_its_loss(crops, tmp_path):
    totals = []
    recipe = replace(MINED, epochs=8, optimizer=partial(SGD, lr=0.2))
    fit(
        recipe,
        crops,
        folder=tmp_path,
        machine=CPU,
        on_step=lambda report: totals.append(report.losses["total"]) if report.stage == 2 else None,
    )
    assert sum(totals[-6:]) < 0.8 * sum(totals[:6])


def test_a_recipe_whose_batch_norm_would_mix_pictures_is_refused():
    with pytest.raises(ValueError, match="set frozen_batch_norm"):
        replace(MINED, frozen_batch_norm="none")

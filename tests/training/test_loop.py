import json
import math
from dataclasses import replace
from functools import partial

import pytest
import safetensors
import torch
from PIL import Image
from torch.optim import SGD, AdamW

from passerby.images import Size
from passerby.losses.batch_hard_triplet import batch_hard_triplet
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.global_embedding import GlobalEmbedding
from passerby.models.horizontal_pooling import HorizontalPooling
from passerby.training.augment import erase, flip
from passerby.training.batches import people_by_pictures
from passerby.training.feed import Plan, feed
from passerby.training.groups import Group
from passerby.training.loop import fit
from passerby.training.machine import Machine
from passerby.training.recipe import Recipe
from passerby.training.schedule import warmup_cosine
from passerby.types import MISSING, Crop

CPU = Machine(accelerator="cpu")
TINY = Recipe(
    model=partial(
        GlobalEmbedding,
        backbone=partial(backbone, name="resnet18", layers=(1, 1, 1, 1), channels=(4, 4, 8, 8), drop_path_rate=0.5),
        dim=8,
        neck=True,
    ),
    data=lambda root: None,
    size=Size(32, 16),
    epochs=4,
    batches=partial(people_by_pictures, people=3, pictures=2),
    augment={"flip": flip, "erase": erase},
    losses={"identity": (1.0, identity), "triplet": (0.5, batch_hard_triplet)},
    optimizer=partial(AdamW, lr=1e-2),
    schedule=partial(warmup_cosine, warmup=1.0),
)


@pytest.fixture
def crops(tmp_path):
    made = []
    for pid in (3, 5, 8, 9):
        for n in range(4):
            file = tmp_path / f"{pid}_{n}.png"
            Image.new("RGB", (16, 32), (pid * 25, 255 - pid * 20, 60 * n)).save(file)
            made.append(Crop(file, pid, camid=n))
    return tuple(made)


class Killed(BaseException):
    pass


def killed_after(step):
    def stop(report):
        if report.step == step:
            raise Killed

    return stop


def same(one, other):
    return all(torch.equal(x, y) for x, y in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize("step", [1, 3, 6])
def test_a_killed_training_goes_on_and_ends_with_the_same_weights_bit_for_bit(crops, tmp_path, step):
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole = fit(TINY, crops, folder=tmp_path / "whole", machine=CPU)
    with pytest.raises(Killed):
        fit(TINY, crops, folder=tmp_path / "broken", machine=CPU, every=0, on_step=killed_after(step))
    steps = []
    resumed = fit(TINY, crops, folder=tmp_path / "broken", machine=CPU, resume=True, on_step=steps.append)
    assert same(whole, resumed)
    assert steps[0].step == step + 1, "it did not go on where it was"
    logs = [(tmp_path / name / "log.jsonl").read_text().splitlines() for name in ("whole", "broken")]
    totals = [[json.loads(line)["total"] for line in log] for log in logs]
    assert totals[0] == totals[1]


def test_the_log_holds_each_step_once_however_training_was_broken_off(crops, tmp_path):
    with pytest.raises(Killed):
        fit(TINY, crops, folder=tmp_path, machine=CPU, every=0, on_step=killed_after(3))
    log = tmp_path / "log.jsonl"
    with pytest.raises(Killed):  # steps 4 and 5 are logged, and no checkpoint is made of them
        fit(TINY, crops, folder=tmp_path, machine=CPU, every=1e9, resume=True, on_step=killed_after(5))
    log.write_text(log.read_text() + '{"step": 6, "epo')  # a line that was being written
    fit(TINY, crops, folder=tmp_path, machine=CPU, resume=True)
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == list(range(1, 9))


def test_a_checkpoint_of_other_processes_or_a_damaged_one_is_refused(crops, tmp_path):
    fit(TINY, crops, folder=tmp_path, machine=CPU)
    checkpoint = tmp_path / "checkpoint.pt"
    state = torch.load(checkpoint, weights_only=True)
    torch.save({**state, "world": 4}, checkpoint)
    with pytest.raises(ValueError, match="of 4 processes, and 1 go on"):
        fit(TINY, crops, folder=tmp_path, machine=CPU, resume=True)
    torch.save({"step": 3}, checkpoint)
    with pytest.raises(ValueError, match="is damaged"):
        fit(TINY, crops, folder=tmp_path, machine=CPU, resume=True)
    checkpoint.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="is damaged"):
        fit(TINY, crops, folder=tmp_path, machine=CPU, resume=True)


def test_half_precision_without_a_gpu_and_an_unknown_accelerator_are_refused(crops, tmp_path):
    with pytest.raises(ValueError, match="16-mixed, which needs a GPU"):
        fit(replace(TINY, precision="16-mixed"), crops, folder=tmp_path, machine=CPU)
    with pytest.raises(ValueError, match="accelerator banana"):
        fit(TINY, crops, folder=tmp_path, machine=Machine(accelerator="banana"))


def test_another_seed_gives_other_weights_and_the_same_seed_the_same(crops, tmp_path):
    one, two, other = (fit(TINY, crops, folder=tmp_path, seed=seed, machine=CPU) for seed in (0, 0, 1))
    assert same(one, two)
    assert not same(one, other)


def test_training_lowers_the_loss(crops, tmp_path):
    totals = []
    fit(
        replace(TINY, epochs=30),
        crops,
        folder=tmp_path,
        machine=CPU,
        on_step=lambda report: totals.append(report.losses["total"]),
    )
    assert sum(totals[-5:]) < 0.7 * sum(totals[:5])


def test_a_checkpoint_holds_nothing_that_needs_unpickling(crops, tmp_path):
    fit(TINY, crops, folder=tmp_path, machine=CPU)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["step"] == 4 * (16 // 6)


def test_a_loss_that_is_not_finite_stops_training_and_is_named(crops, tmp_path):
    recipe = replace(
        TINY, losses={"identity": (1.0, identity), "odd": (1.0, lambda output, batch: torch.tensor(math.nan))}
    )
    with pytest.raises(FloatingPointError, match="Loss odd is nan at step 1; its batch lies in"):
        fit(recipe, crops, folder=tmp_path, machine=CPU)


def test_the_batch_of_a_loss_that_is_not_finite_is_saved_with_its_pictures(crops, tmp_path):
    seen = []

    def odd(output, batch):
        seen.append(batch)
        return torch.tensor(math.inf if len(seen) == 3 else 1.0)  # the first is the rehearsal

    recipe = replace(TINY, losses={"identity": (1.0, identity), "odd": (1.0, odd)})
    with pytest.raises(FloatingPointError, match="Loss odd is inf at step 2"):
        fit(recipe, crops, folder=tmp_path, machine=CPU)
    with safetensors.safe_open(tmp_path / "batch_of_step_2.safetensors", "pt") as file:
        assert torch.equal(file.get_tensor("images"), seen[-1].images)
        assert torch.equal(file.get_tensor("pids"), seen[-1].pids)
        paths = file.metadata()["paths"].splitlines()
    classes = {crop.pid: place for place, crop in enumerate(crops[::4])}
    shown = {str(crop.path): classes[crop.pid] for crop in crops}
    assert [shown[path] for path in paths] == seen[-1].pids.tolist()


def test_a_training_whose_last_step_breaks_the_weights_is_no_success(crops, tmp_path):
    recipe = replace(TINY, epochs=1, schedule=warmup_cosine, optimizer=partial(SGD, lr=1e30))
    one = replace(recipe, batches=partial(people_by_pictures, people=4, pictures=4))
    with pytest.raises(
        FloatingPointError, match="The network gives no finite descriptors any more after step 1; its batch lies in"
    ):
        fit(one, crops, folder=tmp_path, machine=CPU)
    assert (tmp_path / "batch_of_step_1.safetensors").is_file()
    assert not (tmp_path / "checkpoint.pt").exists()


def test_parameter_groups_learn_at_their_own_rate_and_without_decay(crops, tmp_path):
    still = replace(
        TINY, epochs=1, schedule=warmup_cosine, groups={"backbone.*": Group(rate=0.0)}, optimizer=partial(SGD, lr=0.1)
    )
    torch.manual_seed(0)
    start = still.model(num_classes=4).state_dict()
    after = fit(still, crops, folder=tmp_path, machine=CPU).state_dict()
    weights = [name for name in start if "running" not in name and "num_batches" not in name]
    for name in weights:
        if name not in ("neck.bias", "fc.bias"):  # the neck takes out what its input has added
            assert torch.equal(start[name], after[name]) == name.startswith("backbone."), name


@pytest.mark.parametrize("kind", ["statistics", "all"])
def test_frozen_batch_norms_keep_their_statistics(crops, tmp_path, kind):
    model = fit(
        replace(TINY, epochs=1, schedule=warmup_cosine, frozen_batch_norm=kind), crops, folder=tmp_path, machine=CPU
    )
    norm = model.get_submodule("backbone.bn1")
    assert torch.equal(norm.running_mean, torch.zeros(64))
    assert torch.equal(norm.weight, torch.ones(64)) == (kind == "all")


def test_labels_reach_the_loss_in_the_order_of_the_pictures(crops, tmp_path):
    labels = {crop.pid: {"hat": crop.pid % 2, "age": MISSING if crop.pid == 3 else 1} for crop in crops}
    pids = sorted(labels)
    seen = []

    def look(output, batch):
        seen.append([pids[place] for place in batch.pids.tolist()])
        assert batch.attributes["hat"].tolist() == [labels[pid]["hat"] for pid in seen[-1]]
        assert batch.attributes["age"].tolist() == [labels[pid]["age"] for pid in seen[-1]]
        return output.embedding.sum()

    fit(
        replace(TINY, epochs=1, schedule=warmup_cosine, losses={"look": (1.0, look)}),
        crops,
        folder=tmp_path,
        labels=labels,
        machine=CPU,
    )
    assert [len(pids) for pids in seen] == [4, 6, 6]  # the rehearsal, and two steps


def test_a_loss_of_weight_0_is_not_computed(crops, tmp_path):
    def never(output, batch):
        raise AssertionError

    fit(
        replace(TINY, epochs=1, schedule=warmup_cosine, losses={**TINY.losses, "never": (0.0, never)}),
        crops,
        folder=tmp_path,
        machine=CPU,
    )


def test_one_person_is_refused(crops, tmp_path):
    with pytest.raises(ValueError, match="shows 1 people"):
        fit(TINY, crops[:4], folder=tmp_path, machine=CPU)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_each_precision_trains(crops, tmp_path, precision):
    model = fit(replace(TINY, precision=precision, epochs=2), crops, folder=tmp_path, machine=CPU)
    assert all(weight.dtype == torch.float32 for weight in model.parameters())


def test_the_feed_gives_the_same_batches_with_and_without_workers(crops):
    plan = Plan(TINY, tuple(crop.pid for crop in crops), seed=3, start=2)
    alone = list(feed(plan, crops))
    helped = list(feed(plan, crops, workers=2))
    assert len(alone) == len(helped) == len(plan) == 6
    for (items, one), (others, other) in zip(alone, helped, strict=True):
        assert items == others
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.pids, other.pids)
        assert one.progress == other.progress


def test_pids_become_classes_in_ascending_order(crops):
    _, batch = next(feed(Plan(TINY, tuple(crop.pid for crop in crops), seed=0), crops))
    assert set(batch.pids.tolist()) <= {0, 1, 2, 3}
    assert batch.images.shape == (6, 3, 32, 16)


def test_several_processes_share_an_epochs_batches(crops):
    pids = tuple(crop.pid for crop in crops)
    recipe = replace(TINY, batches=partial(people_by_pictures, people=2, pictures=2))
    whole = [item.index for items in Plan(recipe, pids, seed=0) for item in items]
    halves = [[[item.index for item in items] for items in Plan(recipe, pids, 0, rank=r, world=2)] for r in (0, 1)]
    woven = [index for pair in zip(*halves, strict=True) for items in pair for index in items]
    assert woven == whole


def test_a_picture_that_does_not_suit_the_network_is_refused_before_training_starts(crops, tmp_path):
    network = TINY.model.keywords["backbone"]
    wrong = replace(TINY, model=partial(HorizontalPooling, backbone=network, level_scales={"5_1": (5,)}))
    with pytest.raises(ValueError, match="cut into 5 equal stripes"):
        fit(wrong, crops, folder=tmp_path, machine=CPU)
    assert not list(tmp_path.glob("*.pt")) + list(tmp_path.glob("log*"))


def test_a_look_at_the_network_after_each_epoch_leaves_the_training_as_it_was(crops, tmp_path):
    for name in ("plain", "seen"):
        (tmp_path / name).mkdir()
    seen = []

    def look(model, epoch):
        seen.append((epoch, model.training))
        torch.rand(100)
        model.train()
        model.eval()
        with torch.inference_mode():
            return {"size": model(torch.rand(2, 3, 32, 16)).embedding.norm().item()}

    plain = fit(TINY, crops, folder=tmp_path / "plain", machine=CPU)
    watched = fit(TINY, crops, folder=tmp_path / "seen", machine=CPU, on_epoch=look)
    assert seen == [(epoch, False) for epoch in (1, 2, 3, 4)]
    assert same(plain, watched)
    lines = [json.loads(line) for line in (tmp_path / "seen" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "size" in line] == [2, 4, 6, 8]
    others = [json.loads(line) for line in (tmp_path / "plain" / "log.jsonl").read_text().splitlines()]
    assert [line["total"] for line in lines] == [line["total"] for line in others]


@pytest.mark.parametrize("kind", ["statistics", "all"])
def test_frozen_batch_norms_stay_frozen_after_a_look(crops, tmp_path, kind):
    recipe = replace(TINY, frozen_batch_norm=kind)
    for name in ("plain", "seen"):
        (tmp_path / name).mkdir()
    plain = fit(recipe, crops, folder=tmp_path / "plain", machine=CPU)
    assert same(plain, fit(recipe, crops, folder=tmp_path / "seen", machine=CPU, on_epoch=lambda model, epoch: {}))


@pytest.mark.parametrize("step", [1, 2, 3, 4, 7, 8])
def test_a_killed_training_that_is_looked_at_goes_on_bit_for_bit_and_logs_each_look_once(crops, tmp_path, step):
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()

    def look(model, epoch):
        return {"size": sum(weight.norm().item() for weight in model.parameters())}

    whole = fit(TINY, crops, folder=tmp_path / "whole", machine=CPU, on_epoch=look)
    broken = {"folder": tmp_path / "broken", "machine": CPU, "every": 0, "on_epoch": look}
    with pytest.raises(Killed):
        fit(TINY, crops, **broken, on_step=killed_after(step))
    assert same(whole, fit(TINY, crops, **broken, resume=True))
    logs = [(tmp_path / name / "log.jsonl").read_text().splitlines() for name in ("whole", "broken")]
    sizes = [[json.loads(line).get("size") for line in log] for log in logs]
    assert sizes[0] == sizes[1]
    assert len(sizes[0]) == 8


def test_a_training_killed_while_it_is_looked_at_looks_again_before_the_checkpoint_counts(crops, tmp_path):
    seen = []

    def look(model, epoch):
        seen.append(epoch)
        if len(seen) == 2:
            raise Killed
        return {}

    with pytest.raises(Killed):
        fit(TINY, crops, folder=tmp_path, machine=CPU, every=0, on_epoch=look)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 3
    fit(TINY, crops, folder=tmp_path, machine=CPU, on_epoch=look, resume=True)
    assert seen == [1, 2, 2, 3, 4]


def test_only_the_last_training_is_looked_at(crops, tmp_path):
    seen = []
    first = replace(TINY, epochs=2)
    two = replace(TINY, first=first, epochs=3)
    fit(two, crops, folder=tmp_path, machine=CPU, on_epoch=lambda model, epoch: seen.append(epoch) or {})
    assert seen == [1, 2, 3]


def test_weights_that_break_in_the_middle_are_named_before_they_are_looked_at(crops, tmp_path):
    one_step = partial(people_by_pictures, people=4, pictures=4)
    recipe = replace(TINY, epochs=3, batches=one_step, optimizer=partial(SGD, lr=1e30))
    with pytest.raises(FloatingPointError, match="gives no finite descriptors any more after step 1"):
        fit(recipe, crops, folder=tmp_path, machine=CPU, on_epoch=lambda model, epoch: pytest.fail("looked at"))

"""What the recipes build, and that each system can be trained, judged and loaded from start to end."""

import math

import pytest
import torch

from passerby import run
from passerby.datasets import synthetic
from passerby.images import Largest
from passerby.judge import judge
from passerby.synth import world
from passerby.training.build import build
from passerby.training.machine import Machine
from passerby.training.step import step
from passerby.types import Batch

PAPERS = {
    "global_embedding": ["dukemtmc", "market", "mars", "person_search"],
    "horizontal_pooling": ["cuhk03_detected", "dukemtmc", "market"],
    "hybrid_attention": ["cuhk03_detected", "cuhk03_labeled", "dukemtmc", "market", "msmt17"],
    "joint_attention": ["dukemtmc", "market", "msmt17"],
    "midlevel_attributes": ["dukemtmc", "market"],
}
"""The data sets that each paper reports."""
TINY = ["epochs=1", "schedule.warmup=0"]
SHUFFLED = [*TINY, "batches.size=8"]
PAIRS = [*TINY, "batches.people=4", "batches.pictures=2"]
CHANGES = {
    "baseline.small": SHUFFLED,
    "hybrid_attention.small": PAIRS,
    "horizontal_pooling.small": SHUFFLED,
    "joint_attention.small": PAIRS,
    "joint_attention.small_linear": PAIRS,
    "midlevel_attributes.small": SHUFFLED,
    "global_embedding.small": [
        *("epochs=1", "batches.updates=2", "batches.triplets=4", "batches.pool=24", "batches.every=1"),
        *("first.epochs=1", "first.schedule.warmup=0", "first.batches.size=8"),
    ],
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    world.write(root, train_ids=6, test_ids=4, cameras=2, seed=3, workers=1, junk=0.1, distractors=0.1)
    return synthetic.load(root)


def on_paper(name, num_classes=751):
    with torch.device("meta"):
        return run.recipe(name).model(num_classes=num_classes)


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("system", PAPERS)
def test_each_paper_has_a_recipe_for_each_data_set_that_it_reports_and_a_small_one(system):
    assert {f"{system}.{name}" for name in (*PAPERS[system], "small")} <= set(run.recipe_names(system))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("hybrid_attention.market", 77_498_824),
        ("hybrid_attention.market_paper", 77_498_824),
        ("horizontal_pooling.market", 34_263_876),
        ("joint_attention.market", 27_566_688),
        ("midlevel_attributes.market", 41_926_725),
        ("global_embedding.market", 46_696_512),
    ],
)
def test_the_papers_networks_have_the_parameters_that_they_should(name, parameters):
    assert count(on_paper(name)) == parameters


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("hybrid_attention.market", 10_752),
        ("horizontal_pooling.market", 3_840),
        ("joint_attention.market", 2_048),
        ("midlevel_attributes.market", 3_840),
        ("global_embedding.market", 2_048),
    ],
)
def test_the_papers_descriptors_have_the_length_that_they_should(name, length):
    recipe = run.recipe(name)
    size = recipe.size.of(128, 64) if isinstance(recipe.size, Largest) else recipe.size
    output = on_paper(name).eval()(torch.zeros(1, 3, size.height, size.width, device="meta"))
    assert output.embedding.shape == (1, length)
    assert output.logits == output.features == ()
    assert bool(output.attributes) == name.startswith("midlevel_attributes")


@pytest.mark.parametrize("name", [name for name in run.recipe_names() if not name.startswith(("demo", "baseline"))])
def test_every_recipe_of_a_paper_wants_weights_where_the_paper_has_them_and_builds_without(name):
    recipe = run.recipe(name)
    chain = recipe if recipe.first is None else recipe.first
    assert chain.pretrained is ("small" not in name)
    assert count(on_paper(name)) > 0


@pytest.mark.parametrize("name", CHANGES)
def test_every_weight_gets_a_gradient_in_one_step(name, drawn):
    recipe = run.recipe(name)
    torch.manual_seed(0)
    model = build(recipe, num_classes=3)
    images = torch.randn(6, 3, 128, 64)
    labels = {} if recipe.labels is None else recipe.labels(drawn)
    rows = [labels[pid] for pid in sorted(labels)][:3] * 2
    batch = Batch(
        images=images,
        pids=torch.tensor([0, 1, 2, 0, 1, 2]) if "global" not in name else torch.tensor([0, 1, 0, 1, 2, 2]),
        camids=torch.zeros(6, dtype=torch.int64),
        attributes={key: torch.tensor([max(0, row[key]) for row in rows]) for key in rows[0]} if rows else {},
    )
    losses = recipe.losses
    if "global" in name:  # a triplet that is won has no gradient
        losses = {"triplet": (1.0, lambda output, batch: recipe.losses["triplet"][1](output, batch, margin=0.9))}
    step(model, losses, batch)["total"].backward()
    idle = [key for key, weight in model.named_parameters() if weight.requires_grad and not _moved(weight)]
    assert idle == []
    frozen = [key for key, weight in model.named_parameters() if not weight.requires_grad]
    assert all("bn" in key or "norm" in key or "downsample.1" in key or key == "neck.bias" for key in frozen), frozen


def _moved(weight):
    return weight.grad is not None and bool((weight.grad != 0).any())


@pytest.mark.parametrize("name", CHANGES)
def test_each_system_is_trained_judged_and_loaded_from_start_to_end(name, drawn, tmp_path):
    machine = Machine(accelerator="cpu")
    trained = run.train(name, data=drawn, out=tmp_path / "run", changes=CHANGES[name], machine=machine)
    scores = judge(trained, drawn).scores
    assert 0 < scores.mAP <= 1
    assert math.isfinite(scores.mINP)
    loaded = run.load(tmp_path / "run")
    one, other = (run.embeddings(each, drawn.query[:3]).vectors for each in (trained, loaded))
    assert torch.equal(one, other)


def test_precision_can_be_changed_where_two_trainings_follow_one_another():
    assert run.recipe("global_embedding.market", ["precision=bf16-mixed"]).precision == "bf16-mixed"


def test_rounds_of_mining_need_not_divide_an_epoch():
    changed = run.recipe("global_embedding.small", ["batches.updates=10", "batches.every=4"])
    assert (changed.batches.updates, changed.batches.every) == (10, 4)

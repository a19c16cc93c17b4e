"""Every row of every table fits the recipes: it builds, takes one training step, and embeds."""

import pytest
import torch

from passerby import run
from passerby.images import Size
from passerby.plan import plan
from passerby.study import tables
from passerby.training.build import to_train
from passerby.training.groups import parameter_groups
from passerby.training.mining import Mining
from passerby.training.override import override
from passerby.training.step import step
from passerby.types import Batch

WORLDS = ("here", "there")


def parts(scale):
    found = {}
    for table in tables().values():
        data = WORLDS[: 1 + table.cross_domain]
        if scale == "paper":
            data = {name: None for column in table.columns for name in (column.trained_on, column.judged_on)}
        for part in plan(table, list(data), scale=scale):
            found.setdefault((part.recipe, part.changes, part.test), pytest.param(part, id=f"{table.name}: {part.row}"))
    return list(found.values())


def batch(recipe):
    size = recipe.size if isinstance(recipe.size, Size) else recipe.size.of(128, 64)
    pids = torch.tensor([0, 1, 0, 1, 1, 0] if isinstance(recipe.batches, Mining) else [0, 0, 1, 1, 2, 2])
    heads = recipe.model.keywords.get("heads", {})
    return Batch(
        torch.randn(6, 3, size.height, size.width, generator=torch.Generator().manual_seed(0)),
        pids,
        torch.zeros(6, dtype=torch.int64),
        {name: torch.zeros(6, dtype=torch.int64) for name in heads},
    )


@pytest.mark.parametrize("part", parts("paper"))
def test_a_row_fits_the_papers_recipe(part):
    plain, changed = run.recipe(part.recipe), run.recipe(part.recipe, (*part.changes, *part.test))
    assert (changed != plain) == bool(part.changes or part.test)


@pytest.mark.parametrize("part", parts("small"))
def test_a_row_takes_a_training_step_and_embeds_at_small_scale(part):
    recipe = run.recipe(part.recipe, part.changes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = to_train(recipe.model(num_classes=3), recipe)
        assert parameter_groups(model, recipe.groups)
        assert 0 <= recipe.schedule(0.5, epochs=recipe.epochs) <= 1
        seen = batch(recipe)
        for augment in recipe.augment.values():
            picture = augment(seen.images[0], generator=torch.Generator().manual_seed(0), progress=0.5)
            assert picture.isfinite().all()
        terms = step(model, recipe.losses, seen)
        terms["total"].backward()
        assert all(torch.isfinite(term) for term in terms.values())
        assert {*terms} == {name for name, (weight, _) in recipe.losses.items() if weight} | {"total"}

        judged = override(recipe, part.test).model(num_classes=3)
        judged.load_state_dict(model.state_dict())
        vectors = judged.eval()(seen.images).embedding
    assert vectors.isfinite().all()


def trainings(name):
    return [(part.recipe, part.changes) for part in plan(tables()[name], ["here"])]


def test_rows_that_differ_in_their_descriptor_alone_are_one_training():
    for name in ("midlevel_attributes.table_2", "midlevel_attributes.table_6"):
        assert len(trainings(name)) == 3
        assert len({*trainings(name)}) == 1


def test_rows_that_stand_in_several_tables_are_one_training():
    assert trainings("horizontal_pooling.table_4")[-1] == trainings("horizontal_pooling.table_5")[-1]
    assert trainings("horizontal_pooling.table_4")[-1] == trainings("horizontal_pooling.table_6")[0]
    assert trainings("horizontal_pooling.table_6")[-1] == trainings("horizontal_pooling.table_7")[0]
    assert trainings("hybrid_attention.table_vi")[3] == trainings("hybrid_attention.table_ix")[0]
    assert trainings("hybrid_attention.table_ix")[-1] == trainings("hybrid_attention.table_x")[-1]

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image

import people
from passerby import run, weights
from passerby.datasets import market1501
from passerby.judge import judge
from passerby.training.loop import Machine
from passerby.types import UNKNOWN, Crop

CPU = Machine(accelerator="cpu")


@pytest.fixture
def data(tmp_path):
    return market1501.load(people.market(tmp_path / "market"))


def train(data, out, **options):
    return run.train("demo", data=data, out=out, changes=people.SMALL, machine=CPU, **options)


def test_a_run_loads_as_it_was_trained(data, tmp_path):
    trained = train(data, tmp_path / "run")
    loaded = run.load(tmp_path / "run")
    assert loaded.model_id == trained.model_id
    one, other = (run.embeddings(each, data.query) for each in (trained, loaded))
    assert torch.equal(one.vectors, other.vectors)
    assert one.model == loaded.model_id
    files = {file.name for file in (tmp_path / "run").iterdir()}
    assert files == {"recipe.json", "weights.safetensors", "log.jsonl"}


def test_a_run_is_not_trained_over(data, tmp_path):
    train(data, tmp_path / "run")
    with pytest.raises(ValueError, match="holds a run already"):
        train(data, tmp_path / "run")


def test_a_training_that_was_refused_leaves_its_folder_free(data, tmp_path):
    changes = [*people.SMALL, "batches.people=50"]
    with pytest.raises(ValueError, match="a batch wants 50"):
        run.train("demo", data=data, out=tmp_path / "run", changes=changes, machine=CPU)
    assert train(data, tmp_path / "run").seed == 0


def test_a_run_is_loaded_without_reading_pretrained_weights_again(data, tmp_path):
    network = run.recipe("demo", people.SMALL).model.keywords["backbone"]()
    weights.save(network, tmp_path / "start.safetensors")
    changes = [*people.SMALL, f"pretrained={tmp_path / 'start.safetensors'}"]
    trained = run.train("demo", data=data, out=tmp_path / "run", changes=changes, machine=CPU)
    (tmp_path / "start.safetensors").unlink()
    assert run.load(tmp_path / "run").model_id == trained.model_id


def test_the_mirror_image_counts_where_the_recipe_says_so(data, tmp_path):
    plain = train(data, tmp_path / "plain")
    mirrored = replace(plain, recipe=replace(plain.recipe, flip_test=True))
    for crop in data.query:
        picture = Image.open(crop.path)
        picture.paste((255, 0, 0), (0, 0, 8, 32))
        picture.save(crop.path)
    one = run.embeddings(plain, data.query).vectors
    both = run.embeddings(mirrored, data.query).vectors
    assert not torch.allclose(one, both, atol=1e-4)
    for crop in data.query:
        picture = Image.open(crop.path).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        picture.save(crop.path, quality=100)
    assert torch.allclose(run.embeddings(mirrored, data.query).vectors, both, atol=0.1)


def test_a_finished_run_is_resumed_as_it_is(data, tmp_path):
    first = train(data, tmp_path / "run")
    assert train(data, tmp_path / "run", resume=True).model_id == first.model_id


def test_resuming_under_another_seed_recipe_or_data_is_refused(data, tmp_path):
    train(data, tmp_path / "run")
    with pytest.raises(ValueError, match="differs from what is asked for in seed"):
        train(data, tmp_path / "run", resume=True, seed=1)
    with pytest.raises(ValueError, match="in changes, recipe"):
        run.train(
            "demo", data=data, out=tmp_path / "run", changes=[*people.SMALL, "epochs=3"], resume=True, machine=CPU
        )
    fewer = market1501.load(people.market(tmp_path / "fewer", train=2))
    with pytest.raises(ValueError, match="in data, people"):
        train(fewer, tmp_path / "run", resume=True)
    with pytest.raises(FileNotFoundError, match="No run in"):
        train(data, tmp_path / "nothing", resume=True)


def test_a_run_whose_recipe_has_changed_is_refused_and_the_field_named(data, tmp_path):
    train(data, tmp_path / "run")
    file = tmp_path / "run" / "recipe.json"
    card = json.loads(file.read_text())
    card["recipe"]["epochs"] = 64
    file.write_text(json.dumps(card))
    with pytest.raises(ValueError, match=r"Recipe demo has changed since .* \(epochs\)"):
        run.load(tmp_path / "run")


def test_a_damaged_or_unfinished_run_is_refused(data, tmp_path):
    train(data, tmp_path / "run")
    weights = tmp_path / "run" / "weights.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        run.load(tmp_path / "run")
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="has not ended"):
        run.load(tmp_path / "run")
    (tmp_path / "run" / "recipe.json").write_text("[]")
    with pytest.raises(ValueError, match="not a run's"):
        run.load(tmp_path / "run")


def test_training_refuses_broken_pictures_and_lists_them(data, tmp_path):
    for crop in data.train[:2]:
        crop.path.write_bytes(crop.path.read_bytes()[:300])
    with pytest.raises(ValueError, match="2 of 9 training pictures cannot be read") as caught:
        train(data, tmp_path / "run")
    assert all(str(crop.path) in str(caught.value) for crop in data.train[:2])
    assert not (tmp_path / "run").exists()


def test_embedding_goes_on_without_a_broken_picture_and_tells(data, tmp_path):
    trained = train(data, tmp_path / "run")
    crops = [*data.query, Crop(tmp_path / "missing.jpg", UNKNOWN)]
    told = []
    found = run.embeddings(trained, crops, on_broken=lambda crop, reason: told.append((crop, reason)))
    assert found.crops == data.query
    assert [crop for crop, _ in told] == [crops[-1]]
    with pytest.raises(FileNotFoundError, match=r"missing\.jpg"):
        run.embeddings(trained, crops)
    with pytest.raises(ValueError, match="None of the 1 pictures"):
        run.embeddings(trained, crops[-1:], on_broken=lambda crop, reason: None)


def test_a_judged_run_carries_its_protocol(data, tmp_path):
    trained = train(data, tmp_path / "run")
    judged = judge(trained, data)
    assert judged.scores.queries == 3
    assert judged.scores.protocol["model"] == str(trained.model_id)
    assert judged.scores.protocol["data"] == "market1501"
    assert judged.scores.protocol["ap"] == "step"
    assert judged.scores.protocol["weights"] == trained.model_id.weights
    assert judged.scores.protocol["seed"] == 0


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_picture_embeds_the_same_alone_and_in_any_batch(data, tmp_path, batch_size):
    trained = train(data, tmp_path / "run")
    whole = run.embeddings(trained, data.gallery)
    parts = run.embeddings(trained, data.gallery, batch_size=batch_size)
    assert parts.crops == whole.crops
    assert torch.allclose(parts.vectors, whole.vectors, atol=1e-5)


def test_an_unknown_recipe_is_refused_and_those_there_are_named():
    with pytest.raises(ValueError, match="there is baseline, demo, "):
        run.recipe("dmeo")
    with pytest.raises(ValueError, match=r"No recipe is called .demo.Recipe.; there is demo\."):
        run.recipe("demo.Recipe")

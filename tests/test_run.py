import json
import shutil
from dataclasses import replace

import pytest
import torch
from PIL import Image

import people
from passerby import card, run, weights
from passerby.datasets import market1501
from passerby.evaluation.validation import validation
from passerby.judge import judge
from passerby.training import best
from passerby.training.machine import Machine
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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("batches.people=50", "a batch wants 50"),
        ("schedule.warmup=99", "schedule.warmup is 99.0 of"),
        ("optimizer.weight_decay=-1", "weight_decay"),
        ("precision=16-mixed", "needs a GPU"),
    ],
)
def test_a_training_that_was_refused_leaves_nothing_in_its_folder(data, tmp_path, change, told):
    with pytest.raises(ValueError, match=told):
        run.train("demo", data=data, out=tmp_path / "run", changes=[*people.SMALL, change], machine=CPU)
    assert not (tmp_path / "run").exists()
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
    with pytest.raises(ValueError, match="2 of 9 pictures cannot be read") as caught:
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


@pytest.fixture
def many(tmp_path):
    """Eight people to train on, so that some can be held out."""
    return market1501.load(people.market(tmp_path / "many", train=8))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run that tests copy and change."""
    folder = tmp_path_factory.mktemp("trained")
    train(market1501.load(people.market(folder / "market")), folder / "run")
    return folder / "run"


def told_of(folder):
    return json.loads((folder / "recipe.json").read_text())


def test_a_run_says_what_it_was_trained_on(data, tmp_path):
    trained = train(replace(data, version="V2"), tmp_path / "run")
    digest = card.digest(data.train)
    assert run.trained_on(trained) == f"market1501 V2, 9 pictures of 3 people (sha256 {digest[:12]})"
    assert run.trained_on(train(data, tmp_path / "other")).startswith("market1501, 9 pictures of 3 people (sha256 ")
    assert (trained.held_out, trained.epoch) == (None, None)


def test_two_training_splits_are_told_apart(data, tmp_path):
    one = train(data, tmp_path / "one")
    other = train(replace(data, train=(*data.train[:-1], replace(data.train[-1], camid=7))), tmp_path / "other")
    assert run.trained_on(one) != run.trained_on(other)


def test_what_an_old_card_does_not_say_is_left_out(data, tmp_path):
    train(data, tmp_path / "run")
    told = told_of(tmp_path / "run")
    del told["validation"]
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(told))
    assert run.load(tmp_path / "run").held_out is None
    assert train(data, tmp_path / "run", resume=True).data.pictures == 9
    del told["data"]
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(told))
    assert run.trained_on(run.load(tmp_path / "run")) == "data not known, 3 people"


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": []},
        {"data": {"name": 3}},
        {"data": {"pictures": "many"}},
        {"data": {"pictures": -1}},
        {"people": None},
        {"people": True},
        {"people": 2.5},
        {"validation": 8},
        {"validation": {"people": 2}},
        {"kept": 3},
        {"kept": {"epoch": "last"}},
        {"seed": {}},
        {"seed": float("inf")},
        {"seed": 0.5},
        {"seed": -1},
        {"seed": None},
        {"name": 5},
        {"name": None},
        {"name": ["demo"]},
        {"changes": [5]},
        {"changes": 5},
        {"changes": "epochs=2"},
        {"changes": {"epochs=2": 1}},
        {"changes": [["epochs=2"]]},
        {"recipe": 5},
        {"recipe": [{"epochs": []}]},
        {"people": "x"},
        {"people": 10**30},
        {"people": [[[]]]},
        {"data": {"pictures": float("inf")}},
        {"kept": {"epoch": float("inf")}},
        {"kept": {}},
        {"validation": {"people": 2, "of": 3, "pids_sha256": [{}]}},
        {"resumed_under": 5},
    ],
)
def test_a_card_with_something_else_in_a_field_is_refused(run_folder, tmp_path, wrong):
    shutil.copytree(run_folder, tmp_path / "run")
    text = json.dumps({**told_of(run_folder), **wrong}).replace("Infinity", "1e400")
    (tmp_path / "run" / "recipe.json").write_text(text)
    for read in (run.load, card.read):
        with pytest.raises(ValueError, match=r"recipe\.json is not a run's: ") as refused:
            read(tmp_path / "run")
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", ["name", "changes", "recipe", "seed", "people"])
def test_a_card_that_lacks_a_field_is_refused(run_folder, tmp_path, key):
    told = told_of(run_folder)
    del told[key]
    (tmp_path / "recipe.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match=rf"recipe\.json is not a run's: {key} is no "):
        card.read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000, '{"seed": ' + "9" * 5000 + "}", "\x00"])
def test_what_is_no_json_is_refused(tmp_path, text):
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(ValueError, match=r"recipe\.json is not JSON"):
        card.read(tmp_path)


def test_a_card_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "recipe.json").open("wb") as sparse:
        sparse.truncate(2**40)
    with pytest.raises(ValueError, match=r"recipe\.json has 1099511627776 bytes and is not a run's"):
        card.read(tmp_path)


def test_a_run_with_people_held_out_is_the_one_that_never_had_them(many, tmp_path):
    held = validation(many, 3)
    without = replace(many, train=held.train)
    one, other = train(many, tmp_path / "one", validate=3), train(without, tmp_path / "other")
    assert one.model_id == other.model_id
    assert run.trained_on(one) == run.trained_on(other)
    told = told_of(tmp_path / "one")
    digest = card.digest_of_people({crop.pid for crop in held.gallery})
    assert told["validation"] == {"people": 3, "of": 8, "pids_sha256": digest}
    assert told["people"] == 5
    assert run.load(tmp_path / "one").held_out == one.held_out


def test_held_out_people_are_given_back_and_nothing_of_the_test_people(many, tmp_path):
    trained = train(many, tmp_path / "run", validate=3)
    held = run.validation_of(trained, many)
    assert held == validation(many, 3)
    test = {crop.path for crop in (*many.query, *many.gallery)}
    assert not test & {crop.path for crop in (*held.train, *held.query, *held.gallery)}
    assert judge(trained, held).scores.protocol["version"] == "validation on 3 of 8 training people"
    assert judge(trained, many).scores.queries == len(many.query)  # the test people can be judged as ever


def test_a_run_that_was_trained_on_all_has_nobody_to_validate_on(many, tmp_path):
    trained = train(many, tmp_path / "run")
    with pytest.raises(
        ValueError, match=r"trained on all people; nobody is left to validate on\. Train with --validate"
    ):
        run.validation_of(trained, many)


def test_held_out_people_of_other_data_are_refused(many, tmp_path):
    trained = train(many, tmp_path / "run", validate=3)
    last = many.train[-1]
    fewer = replace(many, train=tuple(crop for crop in many.train if crop.pid != last.pid))
    kept = next(
        crop for crop in many.train if crop.pid not in {one.pid for one in run.validation_of(trained, many).query}
    )
    other = tuple(replace(crop, pid=crop.pid + 100) for crop in many.train)
    moved = tuple(replace(crop, camid=9) if crop == kept else crop for crop in many.train)
    for changed, told in (
        (fewer, "it has 7 training people, and the run's had 8"),
        (replace(many, train=other), "it gives other people to hold out"),
        (replace(many, train=moved), "it has other training pictures"),
    ):
        with pytest.raises(
            ValueError, match=f"market1501 is not the data that the run in .* was trained on .*: {told}"
        ):
            run.validation_of(trained, changed)


def test_a_run_goes_on_only_with_as_many_people_held_out(many, tmp_path):
    train(many, tmp_path / "run", validate=3)
    assert train(many, tmp_path / "run", validate=3, resume=True).held_out.people == 3
    for other in ({}, {"validate": 4}, {"validate": 3, "watch": run.Watch(judge=None)}):
        with pytest.raises(ValueError, match=r"in .*validation; resume it as it was started \(--validate 3\)"):
            train(many, tmp_path / "run", resume=True, **other)
    train(many, tmp_path / "all")
    with pytest.raises(ValueError, match=r"in .*validation; resume it as it was started \(without --validate\)"):
        train(many, tmp_path / "all", validate=3, resume=True)


def test_nothing_is_begun_where_people_cannot_be_held_out(many, tmp_path):
    for count in (-1, 0, 1, 7, 8, 100):
        with pytest.raises(
            ValueError, match=r"of the 8 training people of market1501 cannot be held out; give 2 \.\. 6"
        ):
            train(many, tmp_path / "run", validate=count)
    with pytest.raises(ValueError, match="nobody is held out; give validate"):
        train(many, tmp_path / "run", watch=run.Watch(judge=None))
    held = validation(many, 3)
    held.gallery[0].path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="1 of 24 pictures cannot be read"):
        train(many, tmp_path / "run", validate=3)
    assert not (tmp_path / "run").exists()


def test_a_watch_wants_whole_epochs_and_best_or_last():
    with pytest.raises(ValueError, match="every is 0; give a number of epochs, 1 or more"):
        run.Watch(judge=None, every=0)
    with pytest.raises(ValueError, match="keep is 'first'; give best or last"):
        run.Watch(judge=None, keep="first")


class Spy:
    """A judge that remembers the weights it saw, and pretends that epoch `best` is the best."""

    def __init__(self, good=None):
        self.good = good
        self.seen = {}

    def __call__(self, trained, held, device):
        weights_ = {name: tensor.clone() for name, tensor in trained.model.state_dict().items()}
        self.seen[trained.epoch] = weights_
        assert not trained.model.training
        assert device == "cpu"
        scores = judge(trained, held, device=device).scores
        return (
            scores
            if self.good is None
            else replace(scores, ap=scores.ap * (0.9 if trained.epoch == self.good else 0.5))
        )


CHANGES = [change for change in people.SMALL if not change.startswith("epochs")]


def watched(data, out, watch, epochs=4, **options):
    return run.train(
        "demo",
        data=data,
        out=out,
        changes=[*CHANGES, f"epochs={epochs}"],
        machine=CPU,
        validate=3,
        watch=watch,
        **options,
    )


def test_watching_changes_no_weight_and_is_logged(many, tmp_path):
    plain = watched(many, tmp_path / "plain", None)
    told = []
    spy = Spy()
    seen = watched(
        many,
        tmp_path / "seen",
        run.Watch(judge=spy, every=3, on_judged=lambda epoch, scores: told.append((epoch, scores))),
    )
    assert seen.model_id == plain.model_id
    assert list(spy.seen) == [3, 4]  # the last epoch is always judged
    lines = [json.loads(line) for line in (tmp_path / "seen" / "log.jsonl").read_text().splitlines()]
    logged = [line for line in lines if "validation_mAP_step" in line]
    assert [line["epoch"] for line in logged] == [3, 4] == [epoch for epoch, _ in told]
    assert [(line["validation_mAP_step"], line["validation_rank1"]) for line in logged] == [
        (scores.mAP, scores.rank(1)) for _, scores in told
    ]
    assert {file.name for file in (tmp_path / "seen").iterdir()} == {"recipe.json", "weights.safetensors", "log.jsonl"}
    assert seen.epoch is None
    assert "kept" not in told_of(tmp_path / "seen")


@pytest.mark.parametrize("good", [1, 2, 4])
def test_the_best_epochs_weights_become_the_runs_and_the_card_says_so(many, tmp_path, good):
    spy = Spy(good)
    trained = watched(many, tmp_path / "run", run.Watch(judge=spy, keep="best"))
    assert list(spy.seen) == [1, 2, 3, 4]
    assert trained.epoch == good == run.load(tmp_path / "run").epoch
    assert all(torch.equal(tensor, spy.seen[good][name]) for name, tensor in trained.model.state_dict().items())
    kept = told_of(tmp_path / "run")["kept"]
    assert (kept["epoch"], kept["of"], kept["chosen_on"]) == (good, 4, "validation people")
    assert not (tmp_path / "run" / best.FILE).exists()


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", [1, 3, 5, 6, 7, 9, 12])
def test_the_best_epoch_so_far_survives_a_kill(many, tmp_path, step):
    def stop(report):
        if report.step == step:
            raise Killed

    watch = run.Watch(judge=Spy(2), keep="best")
    whole = watched(many, tmp_path / "whole", watch)
    assert len((tmp_path / "whole" / "log.jsonl").read_text().splitlines()) == 12
    with pytest.raises(Killed):
        watched(many, tmp_path / "broken", watch, every=0, on_step=stop)
    again = watched(many, tmp_path / "broken", watch, resume=True)
    assert again.model_id == whole.model_id
    assert again.epoch == whole.epoch == 2
    assert again.data == whole.data


def test_a_training_that_begins_anew_forgets_the_best_of_the_one_before(many, tmp_path):
    def stop(report):
        raise Killed

    with pytest.raises(Killed):  # after the first epoch, and before any checkpoint
        watched(
            many,
            tmp_path / "run",
            run.Watch(judge=Spy(1), keep="best"),
            every=1e9,
            on_step=lambda report: report.step == 3 and stop(report),
        )
    assert (tmp_path / "run" / best.FILE).is_file()
    trained = watched(many, tmp_path / "run", run.Watch(judge=Spy(4), keep="best"), seed=1)
    assert trained.epoch == 4

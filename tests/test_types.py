from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
import torch

from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Batch, Crop, Embeddings, ModelId, PersonSet

HERE = Path("a.jpg")


def crops(*pids):
    return tuple(Crop(Path(f"{i}.jpg"), pid, 1) for i, pid in enumerate(pids))


@pytest.mark.parametrize("pid", [1, 10**9, DISTRACTOR, JUNK, UNKNOWN])
def test_a_crop_takes_people_distractors_junk_and_the_unknown(pid):
    assert Crop(HERE, pid).pid == pid


def test_a_crop_below_unknown_is_refused_and_named():
    with pytest.raises(ValueError, match=r"pid of a\.jpg is -3"):
        Crop(HERE, -3)


@pytest.mark.parametrize("field", ["camid", "trackid"])
def test_a_negative_camera_or_tracklet_is_refused(field):
    with pytest.raises(ValueError, match=rf"{field} of a\.jpg is -1; give 0 or more, or None"):
        Crop(HERE, 1, **{field: -1})
    assert getattr(Crop(HERE, 1, **{field: 0}), field) == 0


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (0, 0, 5, 0), (0, 0, -1, 5)])
def test_an_empty_box_is_refused(box):
    with pytest.raises(ValueError, match=r"box of a\.jpg"):
        Crop(HERE, 1, box=box)


def test_values_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Crop(HERE, 1).pid = 2


def test_an_empty_set_is_refused():
    with pytest.raises(ValueError, match="x is empty"):
        PersonSet(name="x")


@pytest.mark.parametrize("split", ["train", "query"])
@pytest.mark.parametrize("pid", [DISTRACTOR, JUNK])
def test_distractors_and_junk_stand_in_the_gallery_only(split, pid):
    with pytest.raises(ValueError, match=f"in {split} of x has pid {pid}"):
        PersonSet(name="x", **{split: crops(1, pid)})
    assert len(PersonSet(name="x", gallery=crops(1, pid)).gallery) == 2


def test_nobody_trains_on_a_person_without_a_name():
    with pytest.raises(ValueError, match="in train of x has no person"):
        PersonSet(name="x", train=crops(1, UNKNOWN))
    assert PersonSet(name="x", query=crops(UNKNOWN), gallery=crops(UNKNOWN)).query[0].pid == UNKNOWN


@pytest.mark.parametrize("split", ["query", "gallery"])
def test_a_person_on_both_sides_is_refused(split):
    with pytest.raises(ValueError, match=r"x has 2 of its people .* \(pid 2, 3\)"):
        PersonSet(name="x", train=crops(1, 2, 3), **{split: crops(2, 3, 4)})


def test_many_people_on_both_sides_are_not_all_listed():
    with pytest.raises(ValueError, match=r"x has 9 of its people .* \(pid 1, 2, 3, 4, 5, \.\.\.\)"):
        PersonSet(name="x", train=crops(*range(1, 10)), gallery=crops(*range(1, 10)))


def test_a_batch_goes_to_a_device_as_a_new_one():
    batch = Batch(torch.zeros(1, 3, 4, 2), torch.tensor([0]), torch.tensor([1]), {"hat": torch.tensor([2])}, 0.5)
    moved = batch.to("meta")
    assert moved is not batch
    assert {moved.images.device.type, moved.pids.device.type, moved.attributes["hat"].device.type} == {"meta"}
    assert moved.progress == 0.5
    assert batch.images.device.type == "cpu"
    several = Batch((torch.zeros(3, 2, 2), torch.zeros(3, 4, 2)), torch.zeros(2), torch.zeros(2)).to("meta")
    assert [(image.device.type, tuple(image.shape)) for image in several.images] == [
        ("meta", (3, 2, 2)),
        ("meta", (3, 4, 2)),
    ]
    assert several.attributes == {}


@pytest.mark.parametrize(
    "vectors", [torch.zeros(2), torch.zeros(2, 3, 1), torch.zeros(2, 3).double(), torch.zeros(2, 3).half()]
)
def test_vectors_are_float32_rows(vectors):
    with pytest.raises(ValueError, match="give float32 of shape"):
        Embeddings(vectors, crops(1, 2))


def test_each_vector_has_a_crop():
    with pytest.raises(ValueError, match="2 vectors for 1 crops"):
        Embeddings(torch.zeros(2, 3), crops(1))
    assert len(Embeddings(torch.zeros(0, 3), ()).crops) == 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_vector_that_is_not_finite_is_named(bad):
    vectors = torch.ones(4, 3)
    vectors[2, 1] = bad
    with pytest.raises(ValueError, match=r"1 of 4 vectors hold NaN or infinity \(row 2\)"):
        Embeddings(vectors, crops(1, 1, 1, 1))


def test_infinities_that_cancel_are_found_and_large_numbers_are_not_taken_for_them():
    vectors = torch.tensor([[float("inf"), -float("inf")], [3e38, 3e38]])
    with pytest.raises(ValueError, match=r"1 of 2 vectors hold NaN or infinity \(row 0\)"):
        Embeddings(vectors, crops(1, 1))
    assert len(Embeddings(vectors[1:], crops(1)).vectors) == 1


def test_vectors_of_another_model_or_size_are_not_compared():
    def made(dim, model):
        return Embeddings(torch.zeros(1, dim), crops(1), model)

    one, other = ModelId("one", "ab" * 32, "RGB"), ModelId("one", "cd" * 32, "RGB")
    made(3, one).check_same_model(made(3, one))
    made(3, one).check_same_model(made(3, None))
    with pytest.raises(ValueError, match="3 and of 4 dimensions"):
        made(3, one).check_same_model(made(4, one))
    with pytest.raises(ValueError, match=r"two models cannot be compared: one \(weights abababababab; RGB\) and one"):
        made(3, one).check_same_model(made(3, other))
    assert str(ModelId("histogram", "", "RGB")) == "histogram (weights none; RGB)"

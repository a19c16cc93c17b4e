import json

import pytest

import people
from passerby.datasets import attributes, synthetic
from passerby.synth.label_files import label_files
from passerby.synth.people import people as drawn

TOLD = {"format": 1, "complete": True, "train_ids": 3, "test_ids": 3, "cameras": 3, "seed": 5, "boxes": "detector",
        "junk": 0.25, "distractors": 0.2, "hand_share": 0.0, "height": 128, "width": 64}  # fmt: skip


@pytest.fixture
def root(tmp_path):
    people.market(tmp_path)
    (tmp_path / "synthetic.json").write_text(json.dumps(TOLD))
    return tmp_path


def test_a_world_is_read_as_market_is_under_its_own_name_and_version(root):
    read = synthetic.load(root)
    assert read.name == "synthetic"
    assert read.version.startswith("format 1, seed 5, 3 + 3 people, 3 cameras, detector boxes")
    assert len(read.train) == 9
    assert {crop.pid for crop in read.gallery} >= {-1, 0}


def test_of_a_worlds_two_label_files_markets_is_read(root):
    label_files(root, drawn(6, seed=5), [1, 2, 3], [4, 5, 6])
    data = synthetic.load(root)
    assert {len(row) for row in data.attributes.values()} == {27}
    classes = attributes.market(data)
    assert list(classes) == [1, 2, 3]
    for pid, person in enumerate(drawn(3, seed=5), start=1):
        assert classes[pid]["gender"] == person.labels.female
        assert classes[pid]["age"] == person.labels.age - 1
        assert classes[pid]["sleeve_length"] == 1 - person.labels.long_sleeves
    with pytest.raises(ValueError, match="pid 1 has no label 'top'"):
        attributes.duke(data)


def test_worlds_of_other_parameters_have_other_versions(root):
    version = synthetic.load(root).version
    for name in set(TOLD) - {"complete", "boxes"}:
        (root / "synthetic.json").write_text(json.dumps({**TOLD, name: TOLD[name] + 1}))
        assert synthetic.load(root).version != version, name


def test_a_folder_without_a_world_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No synthetic\.json in .*; draw a world there: passerby synth"):
        synthetic.load(tmp_path)


def test_a_world_that_is_not_complete_is_refused(root):
    (root / "synthetic.json").write_text(json.dumps({**TOLD, "complete": False}))
    with pytest.raises(ValueError, match="is not complete; run passerby synth again"):
        synthetic.load(root)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"complete": true}'])
def test_a_damaged_file_is_named(root, text):
    (root / "synthetic.json").write_text(text)
    with pytest.raises(ValueError, match=r"synthetic\.json is damaged"):
        synthetic.load(root)

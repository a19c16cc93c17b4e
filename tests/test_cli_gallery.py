import json
import shutil

import numpy as np
import pytest

from command import passerby
from gallery.made_records import MODEL, START, made_records
from passerby import npz
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.record import Record
from passerby.gallery.where import Where
from passerby.serve.state import open_state


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an empty gallery, whose server runs as long as the tests of this module."""
    folder = tmp_path_factory.mktemp("cli") / "gallery"
    held = open_gallery(str(folder), model=MODEL, dim=8)
    yield folder
    held.close()


@pytest.fixture(scope="module")
def store(folder):
    held = open_gallery(str(folder), model=MODEL, dim=8)
    yield held
    held.close()


@pytest.fixture
def filled(folder, store):
    """The same with 60 records; those that a test has deleted are added again."""
    records = made_records(60, dim=8, thumbnails=True)
    if store.count() < 60:
        store.add(records)
    return folder, records, store


def audited(folder, *, number=1):
    kept = open_state(str(folder))
    try:
        return [(line.what, line.answers, line.details) for line in kept.noted(limit=number, before=None)]
    finally:
        kept.close()


def test_info_tells_what_a_gallery_holds(capsys, filled):
    folder, records, _ = filled
    code, out, err = passerby(capsys, "gallery", "info", folder)
    assert (code, err) == (0, "")
    assert "60 records of 8 dimensions, made by made (weights abababababab; none)" in " ".join(out.split())
    assert "2026-01-01T00:00:00Z" in out
    assert "backpack" in out
    code, out, _ = passerby(capsys, "gallery", "info", folder, "--json")
    told = json.loads(out)
    assert (code, told["records"], told["dim"]) == (0, 60, 8)
    assert told["cameras"] == {str(camid): sum(record.camid == camid for record in records) for camid in (1, 2, 3, 4)}
    assert told["model"] == {"name": "made", "weights": "ab" * 32, "preprocessing": "none"}


def test_info_counts_records_without_a_camera_or_a_time(capsys, filled):
    folder, _, store = filled
    plain = [Record(embedding=record.embedding, path=f"{place}.jpg", camid=3 if place else None)
             for place, record in enumerate(made_records(3, dim=8))]  # fmt: skip
    store.add(plain)
    code, out, _ = passerby(capsys, "gallery", "info", folder)
    told = json.loads(passerby(capsys, "gallery", "info", folder, "--json")[1])
    store.delete(Where(ids=tuple(record.id for record in plain)))
    records = [*made_records(60, dim=8), *plain]
    lacking = [sum(getattr(record, name) is None for record in records) for name in ("camid", "time")]
    assert code == 0
    assert f"Without a camera: {lacking[0]}" in out
    assert f"Without a time: {lacking[1]}" in out
    assert [told["without_camera"], told["without_time"]] == lacking


def test_a_time_range_that_finds_nothing_is_no_mistake(capsys, filled):
    folder, _, _ = filled
    told = passerby(capsys, "gallery", "delete", folder, "--until", "1999-01-01")
    assert told == (0, "0 records were deleted.\n", "")


def test_the_wrong_order_is_told_the_right_one(capsys, tmp_path):
    code, out, err = passerby(capsys, "gallery", tmp_path / "g", "info")
    assert (code, out) == (2, "")
    assert err == "passerby: 'info' stands in the place of GALLERY; write: passerby gallery info GALLERY\n"


def test_an_export_of_json_lines_holds_all_of_each_record(capsys, filled, tmp_path):
    folder, records, store = filled
    code, out, err = passerby(capsys, "gallery", "export", folder, "--thumbnails")
    assert (code, err) == (0, "")
    rows = {row["id"]: row for row in map(json.loads, out.splitlines())}
    assert set(rows) == {record.id for record in records}
    for record in store.records():
        row = rows[record.id]
        assert (row["camid"], row["time"], row["trackid"], row["pid"], row["path"]) == (
            record.camid, record.time, record.trackid, record.pid, record.path
        )  # fmt: skip
        assert row["labels"] == dict(record.labels)
        assert row["box"] == (None if record.box is None else list(record.box))
        assert np.array_equal(np.array(row["embedding"], np.float32), record.embedding)
        assert (row["thumbnail"] is None) == (store.thumbnail(record.id) is None)
        assert row["model"]["weights"] == "ab" * 32
    told = f"{len(records)} records lie in {tmp_path / 'all.jsonl'}."
    code, out, err = passerby(capsys, "gallery", "export", folder, "--out", tmp_path / "all.jsonl")
    assert (code, "".join(out.splitlines()), err) == (0, told, "")
    again = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [row["id"] for row in again] == sorted(rows)
    assert "thumbnail" not in again[0]


def test_an_export_as_npz_is_read_by_what_reads_descriptors(capsys, filled, tmp_path):
    folder, records, _ = filled
    code, out, err = passerby(capsys, "gallery", "export", folder, "--out", tmp_path / "all.npz")
    assert (code, "".join(out.splitlines()), err) == (0, f"{len(records)} records lie in {tmp_path / 'all.npz'}.", "")
    found = npz.read(tmp_path / "all.npz")
    assert found.model == MODEL
    by_id = {record.id: record for record in records}
    for vector, crop, id in zip(found.vectors, found.crops, sorted(by_id), strict=True):
        record = by_id[id]
        assert np.allclose(vector.numpy(), record.embedding, atol=1e-6)
        assert str(crop.path) == (record.path or f"record/{id}")
        assert crop.pid == (record.pid or -2)
        assert (crop.camid, crop.time, crop.trackid) == (record.camid, record.time, record.trackid)
    named = ["--pid=2", "--pid=4", "--out", tmp_path / "named.npz"]
    assert passerby(capsys, "gallery", "export", folder, *named)[::2] == (0, "")
    code, out, err = passerby(capsys, "score", tmp_path / "named.npz", tmp_path / "named.npz", "--no-cameras", "--json")
    assert (code, json.loads(out)["rank1"]) == (0, 1), err


@pytest.mark.parametrize("name", ["all.jsonl", "all.npz"])
def test_an_export_replaces_a_file_only_where_that_is_said(capsys, filled, tmp_path, name):
    folder, _, _ = filled
    out = tmp_path / name
    out.write_text("mine")
    before = audited(folder)
    code, said, err = passerby(capsys, "gallery", "export", folder, "--out", out)
    assert (code, said, err) == (
        2,
        "",
        f"passerby: {out} is there already; give another file, or --overwrite to replace it.\n",
    )
    assert out.read_text() == "mine"
    assert audited(folder) == before
    assert passerby(capsys, "gallery", "export", folder, "--out", out, "--overwrite")[::2] == (0, "")
    assert out.stat().st_size > 1000


FILTERS = {
    "--camera 2": lambda record: record.camid == 2,
    "--camera 2 --camera 3": lambda record: record.camid in (2, 3),
    "--since 2026-01-01T00:01:00Z": lambda record: record.time is not None and record.time >= START + 60,
    "--until 2026-01-01T00:01:00Z": lambda record: record.time is not None and record.time < START + 60,
    "--pid 2 --pid 4": lambda record: record.pid in (2, 4),
    "--label upper=red": lambda record: record.labels.get("upper") == "red",
    "--label upper:red --camera 1": lambda record: record.labels.get("upper") == "red" and record.camid == 1,
}


@pytest.mark.parametrize("action", ["export", "delete"])
@pytest.mark.parametrize("options", FILTERS)
def test_filters_say_which_records_are_meant_and_the_audit_knows_it(capsys, filled, action, options):
    folder, records, store = filled
    meant = {record.id for record in records if FILTERS[options](record)}
    assert meant
    code, out, err = passerby(capsys, "gallery", action, folder, *options.split())
    assert (code, err) == (0, "")
    if action == "export":
        assert {json.loads(line)["id"] for line in out.splitlines()} == meant
        assert store.count() == 60
    else:
        assert out == f"{len(meant)} records were deleted.\n"
        assert {record.id for record in store.records()} == {record.id for record in records} - meant
    what, answers, details = audited(folder)[0]
    assert (what, answers) == (action, len(meant))
    assert details


def test_records_are_deleted_by_id_and_their_marks_with_them(capsys, filled):
    folder, records, store = filled
    kept = open_state(str(folder))
    for record in records[:3]:
        kept.mark("case", record.id, right=True, who="anna")
    options = [f"--id={record.id}" for record in records[:2]]
    assert passerby(capsys, "gallery", "delete", folder, *options) == (0, "2 records were deleted.\n", "")
    assert [one.record for one in kept.marks(None)] == [records[2].id]
    kept.unmark("case", records[2].id)
    kept.close()
    assert store.count() == 58


def test_a_dropped_gallery_is_gone_and_its_audit_stays(capsys, tmp_path):
    folder = tmp_path / "gallery"
    store = open_gallery(str(folder), model=MODEL, dim=8)
    store.add(made_records(10, dim=8))
    store.close()
    code, out, err = passerby(capsys, "gallery", "drop", folder)
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert passerby(capsys, "gallery", "drop", folder, "--yes") == (
        0, "The gallery is gone with its 10 records; keys and audit stay.\n", ""
    )  # fmt: skip
    assert passerby(capsys, "gallery", "info", folder) == (2, "", f"passerby: No gallery in {folder}.\n")
    assert audited(folder) == [("drop", 10, {})]
    store = open_gallery(str(folder), model=MODEL, dim=4)  # a new one, of another size, can be made there
    assert store.count() == 0
    store.close()


def test_a_gallery_in_milvus_is_exported_emptied_and_dropped_with_its_state_elsewhere(capsys, tmp_path):
    url, state = f"milvus:{tmp_path / 'people.db'}", tmp_path / "state"
    store = open_gallery(url, model=MODEL, dim=8)
    store.add(made_records(20, dim=8))
    store.close()
    code, out, err = passerby(capsys, "gallery", "export", url)
    assert (code, out) == (2, "")
    assert "--state" in err
    code, out, _ = passerby(capsys, "gallery", "export", url, "--state", state)
    assert (code, len(out.splitlines())) == (0, 20)
    assert passerby(capsys, "gallery", "drop", url, "--state", state, "--yes")[:2] == (
        0, "The gallery is gone with its 20 records; keys and audit stay.\n"
    )  # fmt: skip
    assert passerby(capsys, "gallery", "info", url)[0] == 2
    assert [line[:2] for line in audited(state, number=9)] == [("drop", 20), ("export", 20)]


WRONG = {
    "delete": "Delete which records?",
    "delete --until 2026-01-01T00:00:00Z --since 2026-01-02T00:00:00Z": "The time range goes from "
    "2026-01-02T00:00:00Z to 2026-01-01T00:00:00Z; the end must come after the start",
    "delete --since yesterday": "--since is 'yesterday'",
    "delete --label upper": "--label is 'upper'",
    "delete --label :red": "--label is ':red'",
    "delete --label gender:male": "clothing and carried things only",
    "export --label age:old": "clothing and carried things only",
    "delete --label upper:red --label upper:blue": "each name once",
    "delete --id 12": "--id is '12'",
    "delete --pid 0": "pid",
    "delete --camera -1": "camera",
    "delete --camera 99": "camera 99",
    "delete --out x.jsonl --pid 1": "--out goes with export",
    "export --yes": "--yes goes with drop",
    "export --overwrite": "give --out FILE",
    "delete --pid 1 --overwrite": "--overwrite goes with export",
    "export --json": "--json goes with info",
    "export --out x.csv": "ends in .jsonl or .npz",
    "export --out nowhere/x.npz": "in a folder that exists",
    "export --out x.npz --thumbnails": "holds no thumbnails",
    "export --out x.npz --since 2999-01-01": "nothing to write",
    "export --pid 99999": "No record of person 99999; nothing was done",
    "delete --pid 2 --pid 99999": "No record of person 99999; nothing was done",
    "delete --id 00000000000000000000000000000000": "No record of id 0",
    "delete --label upper=plaid": "No record of label upper=plaid",
    "delete --label upper=": "write NAME=VALUE or NAME:VALUE",
    "info --camera 1": "Filters go with export and delete",
    "drop --pid 1 --yes": "Filters go with export and delete",
    "empty": "'empty' is nothing to do; give info, export, delete or drop",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line_and_nothing_is_done(capsys, filled, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, _, store = filled
    action, *options = words.split()
    code, out, err = passerby(capsys, "gallery", action, folder, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert WRONG[words] in err
    assert store.count() == 60
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("action", ["info", "export", "delete", "drop"])
def test_a_gallery_that_is_not_there_is_told_and_not_made(capsys, tmp_path, action):
    options = {"delete": ["--pid", "1"], "drop": ["--yes"]}.get(action, [])
    code, out, err = passerby(capsys, "gallery", action, tmp_path / "nothing", *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_cannot_be_written_leaves_nothing(capsys, filled, tmp_path, monkeypatch):
    folder, _, _ = filled

    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr("passerby.npz.np.savez", full)
    code, out, err = passerby(capsys, "gallery", "export", folder, "--out", tmp_path / "all.npz")
    assert (code, out, err) == (2, "", "passerby: No space left on device\n")
    assert list(tmp_path.iterdir()) == []
    assert shutil.disk_usage(tmp_path).free > 0

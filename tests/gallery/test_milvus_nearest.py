import numpy as np
import pytest

pytest.importorskip("pymilvus")

from gallery.made_records import made_records, vectors_of
from passerby.gallery.milvus import nearest as module
from passerby.gallery.milvus.address import address
from passerby.gallery.milvus.nearest import nearest
from passerby.gallery.milvus.passing import both, passing, tag
from passerby.gallery.milvus.rows import FIELDS, to_record, to_row
from passerby.gallery.where import Where


class Forgetful:
    """A collection whose index finds every `step`-th row only, until the effort reaches `enough`."""

    def __init__(self, records, *, step=1, enough=10**9, passed=None):
        self.held = sorted((to_row(one, lite=False) for one in records), key=lambda row: row["id"])
        self.step, self.enough, self.efforts = step, enough, []
        self.passed = len(records) if passed is None else passed

    def count(self, passing, *, strong=False):
        return self.passed if "camid" in passing else len(self.held)

    def nearest(self, vectors, limit, passing, fields, search):
        self.efforts.append(search.get("ef"))
        found = []
        for vector in vectors:
            rows = self.held if self.efforts[-1] is None or self.efforts[-1] >= self.enough else self.held[:: self.step]
            scored = [{**row, "distance": float(row["embedding"] @ vector)} for row in rows]
            found.append(sorted(scored, key=lambda row: -row["distance"])[:limit])
        return found

    def rows(self, passing, fields, *, limit=None, strong=False):
        assert set(fields) <= {*FIELDS, "thumbnail"}
        named = [row for row in self.held if f'"{row["id"]}"' in passing] if "id in" in passing else self.held
        return named[:limit]


def best(records, query, k):
    found = [(-float(one.embedding.astype(float) @ query.astype(float)), one.id) for one in records]
    return [one for _, one in sorted(found)[:k]]


def test_where_too_few_come_all_are_read(monkeypatch):
    monkeypatch.setattr(module, "_FEW", 0)
    made = made_records(90, dim=8)
    queries = vectors_of(made[:3])
    stored = Forgetful(made, step=10)
    answers = nearest(stored, queries, 30, passing="", way="approximate", index="HNSW", dim=8)
    assert stored.efforts
    for query, hits in zip(queries, answers, strict=True):
        assert [hit.record.id for hit in hits] == best(made, query, 30)


@pytest.mark.parametrize("k", [5, 90, 400])
def test_where_few_pass_an_index_that_misses_some_is_not_asked(k):
    made = made_records(90, dim=8)
    stored = Forgetful(made, step=10)
    (hits,) = nearest(stored, vectors_of(made[:1]), k, passing="", way="approximate", index="HNSW", dim=8)
    assert stored.efforts == []
    assert [hit.record.id for hit in hits] == best(made, made[0].embedding, k)


@pytest.mark.parametrize(
    ("passed", "effort"), [(40, 128), (10, 512), (6, 853), (20_000, 2_000), (20_001, 128), (100_000, 128)]
)
def test_the_effort_grows_as_the_filter_keeps_fewer(passed, effort, monkeypatch):
    monkeypatch.setattr(module, "_FEW", 0)
    if passed < 20_000:
        monkeypatch.setattr(module, "_SMALL", 0)
    made = made_records(40, dim=8)
    stored = Forgetful(made, passed=passed)
    nearest(stored, vectors_of(made[:1]), 5, passing="(camid in [1])", way="approximate", index="HNSW", dim=8)
    assert stored.efforts[0] == effort


@pytest.mark.parametrize(("index", "way"), [("FLAT", "exact"), ("FLAT", "approximate"), ("HNSW", "exact")])
def test_what_is_exact_is_the_loop(index, way):
    made = made_records(70, dim=8)
    queries = vectors_of(made[:4])
    stored = Forgetful(made, step=1 if index == "FLAT" else 7)
    answers = nearest(stored, queries, 12, passing="", way=way, index=index, dim=8)
    assert [[hit.record.id for hit in hits] for hits in answers] == [best(made, query, 12) for query in queries]


def test_no_query_has_no_answer():
    assert nearest(Forgetful([]), np.empty((0, 8), np.float32), 5, passing="", way="exact", index="HNSW", dim=8) == []


def test_nothing_that_a_person_wrote_stands_in_an_expression():
    nasty = '" or id != "'
    where = Where(
        ids=(nasty, "ab" * 16), labels={nasty: nasty}, cameras=(1, -1), not_tracks=((-1, -1), (2, -1), (3, 4))
    )
    for lite in (True, False):
        expression = passing(where, lite=lite)
        assert nasty not in expression
        assert "-1" not in expression  # what is not known must not be asked for
        assert tag(nasty, nasty) in expression
    assert passing(Where(ids=(nasty,)), lite=True) is None
    assert passing(Where(cameras=(-1,)), lite=True) is None
    assert passing(Where(), lite=True) == ""
    assert (both("", "a"), both("a", ""), both("", ""), both("a", "b")) == ("a", "a", "", "(a) and (b)")


def test_unlike_labels_have_unlike_tags():
    assert len({tag("a", "b c"), tag("a b", "c"), tag("b", "a"), tag('a","b', "c"), tag("a", 'b","c')}) == 5


@pytest.mark.parametrize("column", ["rest", "camid", "time", "thumbnail", "embedding"])
def test_a_row_that_is_none_of_ours_is_said_to_be_none(column):
    row = {**to_row(made_records(1, dim=8)[0], lite=True), column: "[]é"}
    with pytest.raises(ValueError, match="no record of passerby"):
        to_record(row)


def test_an_address_says_where():
    found = address("milvus://db.example.org:19530/people?tls=yes&index=DISKANN")
    assert (found.uri, found.collection, found.index) == ("https://db.example.org:19530", "people", "DISKANN")
    assert address("milvus://[::1]:19530/people").uri == "http://[::1]:19530"


def test_two_spellings_of_a_file_are_one(tmp_path):
    assert address(f"milvus:{tmp_path}/a/../b.db") == address(f"milvus:{tmp_path}/b.db")


@pytest.mark.parametrize(
    "url",
    [
        "milvus:",
        "milvus:gallery",
        "milvus:a\0.db",
        "milvus://",
        "milvus://host",
        "milvus://host/people",
        "milvus://host:19530",
        "milvus://host:19530/",
        "milvus://host:99999/people",
        "milvus://host:abc/people",
        "milvus://host:19530/a/b",
        "milvus://host:19530/1a",
        "milvus://host:19530/a-b",
        "milvus://host:19530/people?index=ANNOY",
        "milvus://host:19530/people?tls=maybe",
        "milvus://host:19530/people?password=geheim",
        "milvus://root:geheim@host:19530/people",
    ],
)
def test_an_address_that_is_none_is_refused_in_one_line(url):
    with pytest.raises(ValueError, match=r"give|PASSERBY_MILVUS_TOKEN") as error:
        address(url)
    assert "\n" not in str(error.value)
    assert "root:geheim" not in str(error.value)

import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from passerby.evaluation import saved
from passerby.evaluation.saved import SUMMARY, read
from passerby.evaluation.scores import Scores, checksum

FOUR = Scores(
    ap=torch.tensor([1.0, 0.5, math.nan, 0.25], dtype=torch.float64),
    inp=torch.tensor([1.0, 0.25, math.nan, 0.1], dtype=torch.float64),
    first=torch.tensor([1, 2, 0, 7]),
    people=torch.tensor([5, 5, 6, 9]),
    protocol={"ap": "step", "cameras": True, "queries": 4, "version": "", "threshold": 0.1, "train": None},
)


def written(folder, text):
    file = folder / "result.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def edited(folder, edit):
    """A good file after an edit of what it holds."""
    document = json.loads(FOUR.to_json())
    edit(document)
    return written(folder, json.dumps(document))


def same(one, other):
    return one.dtype == other.dtype and torch.equal(torch.nan_to_num(one, nan=-1), torch.nan_to_num(other, nan=-1))


def assert_equal(one, other):
    assert same(one.ap, other.ap)
    assert same(one.inp, other.inp)
    assert same(one.first, other.first)
    assert (one.people is None) == (other.people is None)
    assert one.people is None or same(one.people, other.people)
    assert list(one.protocol.items()) == list(other.protocol.items())
    assert [type(fact) for fact in one.protocol.values()] == [type(fact) for fact in other.protocol.values()]


def test_what_was_written_is_read(tmp_path):
    assert_equal(read(written(tmp_path, FOUR.to_json())), FOUR)


share = st.floats(0, 1)
query = st.one_of(st.tuples(share, share, st.integers(1, 2**63 - 1)), st.just((math.nan, math.nan, 0)))
facts = st.dictionaries(
    st.text(max_size=30).filter(lambda name: name not in ("ap", "queries")),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.floats(-1e18, 1e18),
        st.text(st.characters(), max_size=50),
    ),
    max_size=5,
)


@given(
    queries=st.lists(query, min_size=1, max_size=30),
    protocol=facts,
    seed=st.one_of(st.none(), st.integers(0, 100)),
    ap=st.sampled_from(["step", "trapezoid"]),
)
def test_any_result_is_read_as_it_was_written(tmp_path_factory, queries, protocol, seed, ap):
    aps, inps, first = zip(*queries, strict=True)
    people = (
        None if seed is None else torch.randint(1, 5, (len(queries),), generator=torch.Generator().manual_seed(seed))
    )
    scores = Scores(
        ap=torch.tensor(aps, dtype=torch.float64),
        inp=torch.tensor(inps, dtype=torch.float64),
        first=torch.tensor(first),
        people=people,
        protocol={**protocol, "ap": ap},
    )
    assert_equal(read(written(tmp_path_factory.getbasetemp(), scores.to_json())), scores)


def test_each_number_of_the_summary_but_the_intervals_is_held_against_the_queries():
    assert [name for name in FOUR.summary() if not name.endswith("_interval")] == list(SUMMARY)


@pytest.mark.parametrize("people", ["missing", "null"])
def test_a_result_that_does_not_name_people_is_read(tmp_path, people):
    def edit(document):
        document["per_query"]["people"] = None
        if people == "missing":
            del document["per_query"]["people"]
        sign(document)

    assert read(edited(tmp_path, edit)).people is None


def test_further_keys_are_left_alone(tmp_path):
    def edit(document):
        document["note"] = {"any": ["thing", 1]}
        document["mAP_interval"] = [0.1, 0.9]
        document["per_query"]["camera"] = ["a"]
        sign(document)

    assert_equal(read(edited(tmp_path, edit)), FOUR)


def test_means_that_differ_by_rounding_are_read(tmp_path):
    read(edited(tmp_path, lambda document: document.update(mAP=document["mAP"] + 1e-12)))


def test_a_protocol_or_a_value_that_was_changed_by_hand_is_refused(tmp_path):
    def relabelled(document):
        document["ap"] = document["protocol"]["ap"] = "trapezoid"

    def moved(document):  # the means stay as they are
        document["per_query"]["ap"][0], document["per_query"]["ap"][1] = document["per_query"]["ap"][1::-1]

    for edit in (relabelled, moved, lambda document: document.update(sha256="0" * 64)):
        with pytest.raises(ValueError, match="was edited or is damaged: its protocol and values are not those"):
            read(edited(tmp_path, edit))


def sign(document):
    """What was changed on purpose gets the checksum that belongs to it."""
    document["sha256"] = checksum(document["protocol"], document["per_query"])


CHANGED = [
    ("mAP", 0.584),
    ("mAP", 7 / 12 + 1e-8),
    ("mAP", None),
    ("mAP", "0.58"),
    ("mAP", True),
    ("mAP", [0.5]),
    ("mAP", 10**400),
    ("mINP", 0.5),
    ("rank1", 0.5),
    ("rank1", 1),
    ("rank5", 0.7),
    ("rank10", 0.99),
    ("ap", "trapezoid"),
    ("queries", 4),
    ("queries", 3.0),
    ("queries", 10**30),
    ("queries_without_match", 0),
    ("queries_without_match", True),
]


@pytest.mark.parametrize(("name", "value"), CHANGED)
def test_a_summary_that_its_queries_do_not_bear_out_is_refused(tmp_path, name, value):
    file = edited(tmp_path, lambda document: document.__setitem__(name, value))
    with pytest.raises(ValueError, match=rf"result\.json was edited or is damaged: {name} is"):
        read(file)


def test_a_better_query_without_a_better_mean_is_refused(tmp_path):
    file = edited(tmp_path, lambda document: document["per_query"]["ap"].__setitem__(3, 0.9))
    with pytest.raises(ValueError, match=r"was edited or is damaged: mAP is 0\.58"):
        read(file)


def test_a_definition_that_is_stated_twice_and_otherwise_is_refused(tmp_path):
    file = edited(tmp_path, lambda document: document["protocol"].__setitem__("ap", "trapezoid"))
    with pytest.raises(ValueError, match="ap is step and its queries' values make it trapezoid"):
        read(file)


def test_a_mean_of_no_query_is_null(tmp_path):
    none = Scores(ap=FOUR.ap[2:3], inp=FOUR.inp[2:3], first=FOUR.first[2:3], protocol={"ap": "step"})
    assert math.isnan(read(written(tmp_path, none.to_json())).mAP)
    document = json.loads(none.to_json())
    with pytest.raises(ValueError, match=r"mAP is 0\.5"):
        read(written(tmp_path, json.dumps({**document, "mAP": 0.5})))


@pytest.mark.parametrize("key", [*SUMMARY, "protocol", "per_query"])
def test_what_is_missing_is_named(tmp_path, key):
    with pytest.raises(ValueError, match=rf"result\.json is not a result: the file lacks {key};"):
        read(edited(tmp_path, lambda document: document.pop(key)))


@pytest.mark.parametrize("key", ["ap", "inp", "first"])
def test_what_is_missing_of_the_queries_is_named(tmp_path, key):
    with pytest.raises(ValueError, match=f"is not a result: per_query lacks {key};"):
        read(edited(tmp_path, lambda document: document["per_query"].pop(key)))


PER_QUERY = [
    ("ap", [1.0, 0.5, None, 1.5], "ap of query 3 is 1.5; it lies in 0 .. 1, or is null"),
    ("ap", [1.0, -0.1, None, 0.25], "ap of query 1 is -0.1"),
    ("ap", [True, 0.5, None, 0.25], "ap of query 0 is True"),
    ("ap", ["1", 0.5, None, 0.25], "ap of query 0 is 1"),
    ("ap", [[1.0], 0.5, None, 0.25], "ap of query 0 is a list"),
    ("ap", [10**400, 0.5, None, 0.25], "ap of query 0 is 1000"),
    ("ap", [1.0, 0.5, None], "3 values of ap for 4 of first"),
    ("ap", 1.0, "ap of per_query is not a list"),
    ("ap", {"0": 1.0}, "ap of per_query is not a list"),
    ("ap", [1.0, None, None, 0.25], "first of query 1 is 2 and ap is nan"),
    ("ap", [1.0, 0.5, 0.5, 0.25], "first of query 2 is 0 and ap is 0.5"),
    ("inp", [1.0, 0.25, None, 2], "inp of query 3 is 2"),
    ("inp", [1.0, 0.25, None, 0.1, 0.1], "5 values of inp for 4 of first"),
    ("inp", [1.0, None, None, 0.1], "first of query 1 is 2 and inp is nan"),
    ("first", [1, 2, -1, 7], "first of query 2 is -1; it is a whole number from 0"),
    ("first", [1, 2, 0, 7.0], "first of query 3 is 7.0"),
    ("first", [True, 2, 0, 7], "first of query 0 is True"),
    ("first", [1, 2, None, 7], "first of query 2 is None"),
    ("first", [1, 2, 0, 2**63], "first of query 3 is 9223372036854775808"),
    ("first", [1, 2, 3, 7], "first of query 2 is 3 and ap is nan"),
    ("first", [1, 2, 0], "4 values of ap for 3 of first"),
    ("first", "1207", "first of per_query is not a list"),
    ("people", [5, 5, 6], "3 values of people for 4 of first"),
    ("people", [5, 5, 6, 0], "people of query 3 is 0; it is a whole number from 1"),
    ("people", [5, 5, 6, None], "people of query 3 is None"),
    ("people", [5, 5, 6, "9"], "people of query 3 is 9"),
    ("people", {}, "people of per_query is not a list"),
    ("people", 7, "people of per_query is not a list"),
]


@pytest.mark.parametrize(("name", "values", "told"), PER_QUERY)
def test_values_that_no_judge_gives_are_refused(tmp_path, name, values, told):
    file = edited(tmp_path, lambda document: document["per_query"].__setitem__(name, values))
    with pytest.raises(ValueError, match=r"result\.json") as refused:
        read(file)
    assert told in str(refused.value)


PROTOCOL = [
    ({"ap": None}, "does not say ap"),
    ({"ap": 3}, "does not say ap"),
    ({"data": ["market1501"]}, "data of the protocol is neither text nor a number"),
    ({"data": {}}, "data of the protocol is neither text nor a number"),
    ({"gallery": 2**63}, "gallery of the protocol is neither text nor a number"),
    ({"x" * 5000: 1}, "of the protocol has 5000 characters; at most 4096"),
    ({"junk": "x" * 5000}, "junk of the protocol has 5000 characters; at most 4096"),
    ({"queries": 5}, "the protocol speaks of 5 queries and there are 4"),
    ({"queries": "4"}, "the protocol speaks of 4 queries and there are 4"),
]


@pytest.mark.parametrize(("changes", "told"), PROTOCOL, ids=lambda x: str(x)[:40])
def test_a_protocol_that_no_judge_writes_is_refused(tmp_path, changes, told):
    with pytest.raises(ValueError, match=r"result\.json") as refused:
        read(edited(tmp_path, lambda document: document["protocol"].update(changes)))
    assert told in str(refused.value)


GOOD = FOUR.to_json()
HOSTILE = {
    "empty": "",
    "text": "hello",
    "half": GOOD[: len(GOOD) // 2],
    "list": "[]",
    "number": "1",
    "null": "null",
    "nan": GOOD.replace("0.25", "NaN", 1),
    "infinity": GOOD.replace("0.25", "Infinity", 1),
    "nan in a further key": GOOD[:-1] + ', "more": NaN}',
    "large float": "1e999".join(GOOD.rsplit("0.25", 1)),
    "infinite fact": GOOD.replace('"threshold": 0.1', '"threshold": -1e999'),
    "many digits": GOOD.replace("0.25", "9" * 5000, 1),
    "deep": "[" * 100_000,
    "deep extra": GOOD[:-1] + ', "more": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
    "not utf-8": b"\xff\xfe" + GOOD.encode("utf-16-le"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "nul": b"\x00" * 100,
    "a mean twice": GOOD.replace('"mINP"', '"mAP": 0.9,\n "mINP"', 1),
    "a fact twice": GOOD.replace('"cameras": true', '"cameras": true, "cameras": false'),
    "protocol is a list": json.dumps({**json.loads(GOOD), "protocol": []}),
    "per_query is null": json.dumps({**json.loads(GOOD), "per_query": None}),
    "no query": json.dumps(
        {
            **json.loads(GOOD),
            "per_query": {"ap": [], "inp": [], "first": []},
            "protocol": {"ap": "step"},
        }
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_result_is_one_line_that_names_the_file(tmp_path, name):
    with pytest.raises(ValueError, match=r"result\.json") as refused:
        read(written(tmp_path, HOSTILE[name]))
    assert type(refused.value) is ValueError
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 1000


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    file = tmp_path / "result.json"
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    with pytest.raises(ValueError, match=r"result\.json has 1099511627776 bytes; a result has at most 67108864"):
        read(file)


def test_a_file_of_too_many_values_is_refused_before_they_are_held(tmp_path, monkeypatch):
    monkeypatch.setattr(saved, "MAX_VALUES", 1000)
    read(written(tmp_path, GOOD))
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(ValueError, match=r"result\.json holds more than 1000 values"):
        read(written(tmp_path, "[" + "[]," * 2000 + "1]"))


def test_more_queries_than_any_public_set_has_are_refused(tmp_path, monkeypatch):
    assert saved.MAX_QUERIES == 250_000
    monkeypatch.setattr(saved, "MAX_QUERIES", 4)
    read(written(tmp_path, GOOD))
    monkeypatch.setattr(saved, "MAX_QUERIES", 3)
    with pytest.raises(ValueError, match=r"result\.json: ap of per_query has 4 values; at most 3 are read"):
        read(written(tmp_path, GOOD))


def test_as_many_values_may_be_held_as_the_largest_result_has(tmp_path):
    values = torch.full((saved.MAX_QUERIES,), 0.5, dtype=torch.float64)
    ones = torch.full((saved.MAX_QUERIES,), 2)
    facts = {**FOUR.protocol, "queries": saved.MAX_QUERIES}
    result = Scores(ap=values, inp=values, first=ones, people=ones, protocol=facts)
    assert len(read(written(tmp_path, result.to_json())).ap) == saved.MAX_QUERIES


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No result at .*nowhere\.json; `passerby eval` writes one"):
        read(tmp_path / "nowhere.json")
    with pytest.raises(ValueError, match="is not a file"):
        read(tmp_path)
